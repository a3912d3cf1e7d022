"""The guarded writer on a replica set and on the in-memory demo. The standalone has its own module."""

from __future__ import annotations

import threading
from typing import Any

import bson
import mongomock
import pytest
from bson import Code, Decimal128, Int64, ObjectId, Regex, Timestamp
from bson.raw_bson import RawBSONDocument
from pymongo.database import Database

from backup_engine.errors import BadInput, Cancelled
from backup_engine.model import Watch
from backup_engine.mongo import guarded
from backup_engine.mongo.guarded import Applied, Change
from backup_engine.records import raw

Records = Any


@pytest.fixture(params=["replica set", "demo"])
def records(request: pytest.FixtureRequest) -> Records:
    if request.param == "demo":
        return mongomock.MongoClient()["demo"]["records"]
    database: Database[dict[str, Any]] = request.getfixturevalue("database")
    return database["records"]


def stored(records: Records) -> list[dict[str, Any]]:
    return list(records.find(sort=[("_id", 1)]))


def raw_of(records: Records, identity: Any) -> bytes:
    return bytes(records.with_options(codec_options=raw.RAW).find_one({"_id": identity}).raw)


def encoded(**fields: Any) -> bytes:
    return bson.encode(fields)


def statuses(applied: list[Applied]) -> list[str]:
    return [outcome.status for outcome in applied]


def test_inserts_updates_and_deletes_in_one_go(records: Records) -> None:
    records.insert_many([{"_id": 1, "a": 1}, {"_id": 2, "a": 2}])

    applied = guarded.apply(records, [
        Change(encoded(_id=1, a=1), encoded(_id=1, a="new")),
        Change(encoded(_id=2, a=2), None),
        Change(None, encoded(_id=3, a=3)),
    ])

    assert statuses(applied) == ["updated", "deleted", "inserted"]
    assert stored(records) == [{"_id": 1, "a": "new"}, {"_id": 3, "a": 3}]
    assert [outcome.current for outcome in applied] == [encoded(_id=1, a="new"), None, encoded(_id=3, a=3)]


def test_somebody_elses_change_stays(records: Records) -> None:
    records.insert_many([{"_id": 1, "a": "theirs"}, {"_id": 3, "a": "theirs"}, {"_id": 4, "a": "theirs"}])

    applied = guarded.apply(records, [
        Change(encoded(_id=1, a="seen"), encoded(_id=1, a="mine")),
        Change(encoded(_id=2, a="seen"), encoded(_id=2, a="mine")),
        Change(None, encoded(_id=3, a="mine")),
        Change(encoded(_id=4, a="seen"), None),
    ])

    assert statuses(applied) == ["conflict"] * 4
    assert [record["a"] for record in stored(records)] == ["theirs"] * 3
    assert applied[0].current == encoded(_id=1, a="theirs")
    assert applied[1].why == "deleted by someone else meanwhile"


def test_applying_twice_changes_nothing_the_second_time(records: Records) -> None:
    records.insert_many([{"_id": 1, "a": 1}, {"_id": 2, "a": 2}])
    changes = [
        Change(encoded(_id=1, a=1), encoded(_id=1, a=9)),
        Change(encoded(_id=2, a=2), None),
        Change(None, encoded(a=3, _id=3)),
    ]

    guarded.apply(records, changes)

    assert statuses(guarded.apply(records, changes)) == ["unchanged"] * 3


def test_two_changes_of_one_record_follow_each_other(records: Records) -> None:
    applied = guarded.apply(records, [
        Change(None, encoded(_id=1, a=1)),
        Change(encoded(_id=1, a=1), encoded(_id=1, a=2)),
        Change(encoded(_id=1, a=1), encoded(_id=1, a=3)),
    ])

    assert statuses(applied) == ["inserted", "updated", "conflict"]
    assert stored(records) == [{"_id": 1, "a": 2}]


@pytest.mark.parametrize(("seen", "there"), [
    ({"a": 5}, {"a": 5.0}), ({"a": None}, {}), ({"a": 1}, {"a": [1, 2]}), ({"a": 1, "b": 2}, {"b": 2, "a": 1}),
])
def test_nearly_equal_is_not_equal(database: Database[Any], seen: dict[str, Any], there: dict[str, Any]) -> None:
    database.records.insert_one({"_id": 1, **there})

    applied = guarded.apply(database.records, [Change(encoded(_id=1, **seen), encoded(_id=1, a="mine"))])

    assert statuses(applied) == ["conflict"]
    assert raw_of(database.records, 1) == encoded(_id=1, **there)


def test_odd_names_and_values_arrive_byte_for_byte(database: Database[Any]) -> None:
    after = bson.encode({
        "_id": {"$ref": "x", "$id": 1}, "a.b": 1, "": Int64(2), "$x": Decimal128("1.50"), "t": Timestamp(0, 0),
        "nan": float("nan"), "code": Code("x", {"y": 1}), "re": Regex("^a", 0), "deep": {"$set": {"a.b": "$$ROOT"}},
    })
    before = bson.encode({"_id": {"$ref": "x", "$id": 1}, "a.b": 0})

    first = guarded.apply(database.records, [Change(None, before), Change(before, after)])
    inserted = raw.build([(b"_id", raw.element_of("inserted")), *raw.elements(after)[1:]])
    guarded.apply(database.records, [Change(None, inserted)])

    assert statuses(first) == ["inserted", "updated"]
    documents = [document.raw for document in database.records.with_options(codec_options=raw.RAW).find()]
    assert sorted(documents) == sorted([after, inserted])


@pytest.mark.parametrize("identity", [
    ObjectId(), "x", 5, 5.5, Int64(7), None, float("nan"), {"a": 1, "b": [1]}, b"\0\1", bson.Binary(b"a" * 16, 4),
    Timestamp(3, 1), bson.MinKey(), True, bson.DatetimeMS(-(10**15)), Decimal128("1.0"), Code("f()"),
])
def test_any_identity_is_found_again(database: Database[Any], identity: Any) -> None:
    first, second = encoded(_id=identity, a=1), encoded(_id=identity, a=2)

    applied = guarded.apply(database.records, [Change(None, first), Change(first, second)])
    again = guarded.apply(database.records, [Change(second, None)])

    assert statuses(applied) + statuses(again) == ["inserted", "updated", "deleted"]
    assert database.records.count_documents({}) == 0


def test_a_refused_record_does_not_hold_up_the_others(database: Database[Any]) -> None:
    database.records.create_index("Serial", unique=True)
    database.records.insert_one({"_id": "taken", "Serial": "S1"})

    applied = guarded.apply(database.records, [
        Change(None, encoded(_id=1, Serial="S2")),
        Change(None, encoded(_id=2, Serial="S1")),
        Change(None, encoded(_id=3, Serial="S3")),
        Change(None, encoded(_id=4, Serial="S3")),
    ])

    assert statuses(applied) == ["inserted", "refused", "inserted", "refused"]
    assert applied[1].why == "another record already has Serial = S1"
    assert database.records.count_documents({}) == 3


def test_many_refusals_in_one_batch(database: Database[Any]) -> None:
    database.create_collection("records", validator={"a": {"$type": "string"}})
    changes = [Change(None, encoded(_id=number, a="x" if number % 2 else number)) for number in range(100)]

    applied = guarded.apply(database.records, changes)

    assert statuses(applied) == ["refused", "inserted"] * 50
    assert applied[0].why == "the collection's validation rule rejects the record"
    assert database.records.count_documents({}) == 50


def test_validation_can_be_bypassed_for_old_records(database: Database[Any]) -> None:
    database.create_collection("records", validator={"a": {"$type": "string"}})

    applied = guarded.apply(database.records, [Change(None, encoded(_id=1, a=1))], bypass_validation=True)

    assert statuses(applied) == ["inserted"]


def test_a_refusal_that_shows_what_python_cannot_hold_is_read(database: Database[Any]) -> None:
    """With the driver's own options the answer that shows a date of the year 10000 raised ``InvalidBSON``."""
    database.create_collection("records", validator={"a": {"$type": "string"}})
    far = bson.DatetimeMS(253402300800000)
    changes = [Change(None, encoded(_id=1, a="x")), Change(None, encoded(_id=2, a=far)),
               Change(None, encoded(_id=3, a="y"))]

    plain = guarded.apply(database.records, changes)
    past = guarded.apply(database.records, changes, bypass_validation=True)

    assert statuses(plain) == ["inserted", "refused", "inserted"]
    assert "validation rule rejects" in plain[1].why
    assert statuses(past) == ["unchanged", "inserted", "unchanged"]


def test_what_cannot_be_stored_is_refused_with_the_reason(records: Records) -> None:
    records.insert_one({"_id": 1})

    applied = guarded.apply(records, [
        Change(encoded(_id=1), encoded(_id=2)),
        Change(encoded(_id=1), encoded(_id=1, a="x" * raw.MAX_DOCUMENT)),
    ])

    assert statuses(applied) == ["refused", "refused"]
    assert applied[0].why == "the _id of a record cannot change"
    assert "16,777,216" in applied[1].why
    with pytest.raises(BadInput):
        guarded.apply(records, [Change(None, None)])


def test_also_shares_the_transaction(database: Database[Any]) -> None:
    database.log.insert_one({"note": "start"})

    def note(session: Any, applied: list[Applied]) -> None:
        database.log.insert_one({"note": statuses(applied)}, session=session)

    def fail(session: Any, applied: list[Applied]) -> None:
        note(session, applied)
        raise RuntimeError("no log, no change")

    guarded.apply(database.records, [Change(None, encoded(_id=1))], also=note)
    with pytest.raises(RuntimeError):
        guarded.apply(database.records, [Change(None, encoded(_id=2))], also=fail)

    assert [line["note"] for line in database.log.find()] == ["start", ["inserted"]]
    assert database.records.count_documents({}) == 1


def test_cancel_between_batches_says_what_was_done(records: Records) -> None:
    calls = iter([False, False, True])
    watch = Watch(cancelled=lambda: next(calls))

    with pytest.raises(Cancelled, match="20 changes were made before"):
        guarded.apply(records, [Change(None, encoded(_id=n)) for n in range(100)], batch=10, watch=watch)

    assert records.count_documents({}) == 20


def test_concurrent_writers_never_overwrite_each_other(database: Database[Any]) -> None:
    database.records.insert_many([{"_id": n, "count": 0} for n in range(20)])
    wins: list[int] = []

    def add_ones() -> None:
        for number in range(20):
            for _ in range(5):
                before = raw_of(database.records, number)
                after = encoded(_id=number, count=bson.decode(before)["count"] + 1)
                wins.extend(outcome.written for outcome in guarded.apply(database.records, [Change(before, after)]))

    threads = [threading.Thread(target=add_ones) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sum(record["count"] for record in database.records.find()) == sum(wins)
    assert len(wins) == 400


def test_raw_documents_of_the_driver_are_accepted(records: Records) -> None:
    document = RawBSONDocument(encoded(_id=1, a=1))

    assert statuses(guarded.apply(records, [Change(None, document.raw)])) == ["inserted"]
