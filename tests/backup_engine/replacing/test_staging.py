"""A staging collection holds exactly the documents given, or says which rows are the trouble."""

from __future__ import annotations

from typing import Any

import bson
import pytest
from bson import SON, Binary, DatetimeMS, Decimal128, Int64, MaxKey, MinKey, ObjectId, Regex, Timestamp
from pymongo.database import Database
from pymongo.errors import AutoReconnect

from backup_engine.errors import (
    BackupError,
    Cancelled,
    DatabaseUnreachable,
    NoMajority,
    RestoreStopped,
    VerificationFailed,
)
from backup_engine.model import Watch
from backup_engine.records import raw
from backup_engine.records.content_sum import Content
from backup_engine.replacing import loading, staging

Doc = dict[str, Any]
ODD: list[Doc] = [
    {"_id": 1, "t": Timestamp(0, 0), "x": 1},
    {"_id": 2, "inner": {"t": Timestamp(0, 0)}},
    {"_id": Timestamp(0, 0), "t": Timestamp(0, 0), "u": Timestamp(0, 0)},
    {"_id": ObjectId(), "": 1, "a.b": 2, "$x": {"$y": 3}, "n": None},
    {"_id": "s", "d": Decimal128("1.10"), "l": Int64(5), "f": float("nan"), "b": Binary(b"\0\1", 128)},
    {"_id": SON([("z", 1), ("a", MinKey())]), "r": Regex("^a", "i"), "m": MaxKey()},
    {"_id": None, "deep": [[[[{"a": []}]]]]},
]


def _batch(documents: list[Doc]) -> bytes:
    return b"".join(bson.encode(document) for document in documents)


def _stored(database: Database[Doc]) -> set[bytes]:
    documents = database.stage.with_options(codec_options=raw.RAW).find({})
    return {document.raw for document in documents}  # type: ignore[attr-defined]


def _content(documents: list[Doc]) -> Content:
    return Content.of(map(bson.encode, documents))


def test_every_document_arrives_byte_for_byte(database: Database[Doc]) -> None:
    staging.create(database, "stage", {})

    loaded = loading.load(database, "stage", [_batch(ODD[:3]), _batch(ODD[3:])])

    assert loaded.records == len(ODD)
    assert _stored(database) == {bson.encode(document) for document in ODD}


def test_many_documents_over_many_chunks_are_proven(database: Database[Doc], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loading, "CHUNK", 100)
    documents = [{"_id": n, "name": f"n{n}"} for n in range(2_345)]
    staging.create(database, "stage", {})
    loading.load(database, "stage", [_batch(documents[:1000]), _batch(documents[1000:])])

    measured = staging.build_and_measure(database, "stage", [{"v": 2, "key": {"name": 1}, "name": "name_1"}])

    staging.check(measured, _content(documents), "stage")
    assert "name_1" in database.stage.index_information()


def test_one_byte_of_difference_is_noticed(database: Database[Doc]) -> None:
    staging.create(database, "stage", {})
    loading.load(database, "stage", [_batch([{"_id": 1, "a": "x"}])])

    with pytest.raises(VerificationFailed, match="not those of the backup"):
        staging.check(staging.build_and_measure(database, "stage", []), _content([{"_id": 1, "a": "y"}]), "stage")


def test_a_missing_record_is_noticed(database: Database[Doc]) -> None:
    staging.create(database, "stage", {})

    with pytest.raises(VerificationFailed, match="holds 0 records after loading, the backup has 1"):
        staging.check(staging.build_and_measure(database, "stage", []), _content([{"_id": 1}]), "stage")


def test_options_and_indexes_come_back_in_their_order(database: Database[Doc]) -> None:
    options = {"validator": {"a": {"$type": "int"}}, "collation": {"locale": "de", "strength": 2}}
    indexes = [
        {"v": 2, "key": {"_id": 1}, "name": "_id_"}, {"v": 2, "key": {"z": 1, "a": -1}, "name": "za"},
        {"v": 2, "key": {"t": "text"}, "name": "words", "collation": {"locale": "simple"}},
        {"v": 2, "key": {"d": 1}, "name": "ttl", "expireAfterSeconds": 99, "sparse": True},
    ]
    staging.create(database, "stage", options)

    staging.build_and_measure(database, "stage", indexes)

    information = database.stage.index_information()
    assert information["za"]["key"] == [("z", 1), ("a", -1)]
    assert (information["ttl"]["expireAfterSeconds"], set(information)) == (99, {"_id_", "za", "words", "ttl"})
    listed = next(iter(database.list_collections(filter={"name": "stage"})))["options"]
    assert (listed["validator"], listed["collation"]["locale"]) == ({"a": {"$type": "int"}}, "de")


def test_records_that_break_the_validator_are_loaded_and_counted(database: Database[Doc]) -> None:
    validator = {"$jsonSchema": {"required": ["name"]}}
    staging.create(database, "stage", {"validator": validator})
    documents = [{"_id": 1}, {"_id": 2, "name": "x"}, {"_id": 3, "t": Timestamp(0, 0)}]

    loaded = loading.load(database, "stage", [_batch(documents)], validated=True)

    assert loaded.refused == staging.violations(database, "stage", validator) == 2
    assert _stored(database) == {bson.encode(document) for document in documents}


def test_a_unique_index_that_dates_beyond_python_break_is_explained(database: Database[Doc]) -> None:
    far = DatetimeMS(253402300800000)
    staging.create(database, "stage", {})
    loading.load(database, "stage", [_batch([{"_id": n, "due": far} for n in range(2)])])

    with pytest.raises(RestoreStopped, match=r"due_1 does not hold for the backup.* in 2 records"):
        staging.build_and_measure(database, "stage", [{"v": 2, "key": {"due": 1}, "name": "due_1", "unique": True}])


def test_the_same_id_twice_names_the_row(database: Database[Doc]) -> None:
    staging.create(database, "stage", {})
    documents = [{"_id": n} for n in range(3_000)] + [{"_id": 7}]

    with pytest.raises(RestoreStopped, match=r"same _id twice: row (8|3001) \(_id 7\)"):
        loading.load(database, "stage", [_batch(documents)])


@pytest.mark.parametrize("more", [{}, {"sparse": True}, {"partialFilterExpression": {"serial": {"$exists": True}}}],
                         ids=["plain", "sparse", "partial"])
def test_a_unique_index_that_does_not_hold_names_the_records(database: Database[Doc], more: Doc) -> None:
    staging.create(database, "stage", {})
    loading.load(database, "stage", [_batch([{"_id": "a", "serial": "007"}, {"_id": "b", "serial": "007"},
                                            {"_id": "c", "serial": "1"}, {"_id": "d", "serial": "2"}])])

    with pytest.raises(RestoreStopped, match=r"index serial_1 .*serial '007' in 2 records \(_id a, b\)"):
        staging.build_and_measure(
            database, "stage", [{"v": 2, "key": {"serial": 1}, "name": "serial_1", "unique": True, **more}])


def test_an_index_the_server_refuses_stops(database: Database[Doc]) -> None:
    staging.create(database, "stage", {})

    with pytest.raises(RestoreStopped, match="an index of the backup cannot be built"):
        staging.build_and_measure(database, "stage", [{"v": 2, "key": {"a": "no such"}, "name": "x"}])


def test_options_the_server_refuses_stop(database: Database[Doc]) -> None:
    with pytest.raises(RestoreStopped, match="options of the backup cannot be used"):
        staging.create(database, "stage", {"no such option": 1})


def test_stopping_stops_the_insert_threads(database: Database[Doc], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loading, "CHUNK", 1)
    staging.create(database, "stage", {})
    asked = iter([False, True])

    with pytest.raises(Cancelled):
        loading.load(database, "stage", [_batch(ODD)], watch=Watch(cancelled=lambda: next(asked)))

    assert database.stage.count_documents({}) <= 1


def test_a_source_that_fails_midway_raises_its_own_error(database: Database[Doc]) -> None:
    def broken() -> Any:
        yield _batch([{"_id": 1}])
        raise BackupError("the file ends early")

    staging.create(database, "stage", {})

    with pytest.raises(BackupError, match="the file ends early"):
        loading.load(database, "stage", broken())


@pytest.mark.parametrize("arrived", [True, False])
@pytest.mark.parametrize("rule", [None, {"never": {"$exists": True}}], ids=["no rule", "a rule"])
def test_a_piece_whose_answer_was_lost_is_sent_once_more(
    database: Database[Doc], monkeypatch: pytest.MonkeyPatch, arrived: bool, rule: Doc | None
) -> None:
    send, lost = loading._send, list[bool]()

    def lose_the_first_answer(*words: Any, **more: Any) -> int:
        if not lost:
            lost.append(True)
            if arrived:
                send(*words, **more)
            raise AutoReconnect("connection closed")
        return send(*words, **more)

    monkeypatch.setattr(loading, "_send", lose_the_first_answer)
    staging.create(database, "stage", {"validator": rule} if rule else {})

    loading.load(database, "stage", [_batch(ODD)], validated=rule is not None)

    assert _stored(database) == {bson.encode(document) for document in ODD}


def test_a_piece_that_is_lost_twice_ends_the_loading(database: Database[Doc], monkeypatch: pytest.MonkeyPatch) -> None:
    database.client.admin.command({
        "configureFailPoint": "failCommand", "mode": {"times": 4},
        "data": {"failCommands": ["insert"], "closeConnection": True}})
    staging.create(database, "stage", {})
    try:
        with pytest.raises(DatabaseUnreachable):
            loading.load(database, "stage", [_batch(ODD)])
    finally:
        database.client.admin.command({"configureFailPoint": "failCommand", "mode": "off"})


def test_a_piece_no_majority_takes_ends_the_loading(database: Database[Doc]) -> None:
    database.client.admin.command({
        "configureFailPoint": "failCommand", "mode": {"times": 1},
        "data": {"failCommands": ["insert"], "writeConcernError": {"code": 64, "errmsg": "waited in vain"}}})
    staging.create(database, "stage", {})

    with pytest.raises(NoMajority, match="waited in vain"):
        loading.load(database, "stage", [_batch(ODD)])


def test_an_index_that_no_majority_builds_is_given_up(database: Database[Doc], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(staging, "BEAT_SECONDS", 0.05)
    beats = iter([None, None, NoMajority("gone")])

    def beat() -> None:
        if (problem := next(beats)) is not None:
            raise problem

    staging.create(database, "stage", {})
    loading.load(database, "stage", [_batch([{"_id": 1, "name": "n"}])])
    hang = {"configureFailPoint": "hangAfterStartingIndexBuild"}
    database.client.admin.command({**hang, "mode": "alwaysOn"})
    try:
        with pytest.raises(NoMajority, match="gone"):
            staging.build_and_measure(database, "stage", [{"v": 2, "key": {"name": 1}, "name": "name_1"}], beat=beat)
    finally:
        database.client.admin.command({**hang, "mode": "off"})

    assert "stage" not in database.list_collection_names()
