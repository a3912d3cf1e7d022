"""Numbers for new records: the lowest free ones, and no number twice, however long somebody takes."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import Any

import mongomock
import pytest
from pymongo.database import Database

from backup_engine.errors import Busy
from backup_engine.mongo.guarded import apply
from backup_engine.records.changes import Change
from equipment.exchange import importing
from equipment.store import moments
from equipment.store.list import ids, records
from tests.equipment.store.people import signed_in

Db = Database[dict[str, Any]]


def numbers(db: Db, count: int, *besides: str) -> list[int]:
    with ids.reserve(db, count, besides) as reserved:
        return list(reserved)


def held(db: Db) -> list[list[list[int]]]:
    return [entry["ranges"] for entry in (db[ids.RESERVED].find_one() or {}).get("held", [])]


def test_the_lowest_free_ones_of_list_and_trash(database: Db) -> None:
    database.Equipment.insert_many([{"ID": 1}, {"ID": "3"}, {"ID": 6.0}, {"ID": "A7"}])
    database[ids.TRASH].insert_one({"record": {"ID": 4}})

    assert numbers(database, 4, "8") == [2, 5, 7, 9]
    assert numbers(database, 0) == []
    assert held(database) == []


@pytest.mark.parametrize("real", [True, False], ids=["real", "in memory"])
def test_nobody_else_gets_what_is_held(database: Db, real: bool) -> None:
    db = database if real else mongomock.MongoClient()["lab"]
    with ids.reserve(db, 3) as first, ids.reserve(db, 2) as second:
        assert (list(first), list(second)) == ([1, 2, 3], [4, 5])
        assert held(db) == [[[1, 3]], [[4, 5]]]
    assert numbers(db, 1) == [1]


def test_many_are_one_entry(database: Db) -> None:
    database.Equipment.insert_one({"ID": 500})
    with ids.reserve(database, 100_000) as reserved:
        assert (len(reserved.numbers), reserved.numbers[-1]) == (100_000, 100_001)
        assert held(database) == [[[1, 499], [501, 100_001]]]


def test_of_many_at_once_everybody_gets_others(database: Db) -> None:
    got: list[int] = []
    begin, end = threading.Barrier(8), threading.Barrier(8)

    def want() -> None:
        begin.wait()
        with ids.reserve(database, 5) as reserved:
            got.extend(reserved)
            end.wait()

    threads = [threading.Thread(target=want) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(got) == list(range(1, 41))


def test_a_number_used_at_this_moment_is_given_up(database: Db, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ids, "_taken", lambda _: set())  # what the look before saw
    database.Equipment.insert_many([{"ID": 2}, {"ID": "3"}])

    assert numbers(database, 3) == [1, 4, 5]


def pass_by(db: Db, span: timedelta) -> None:
    """Let that much time go by since the numbers were last said to be held."""
    entry = db[ids.RESERVED].find_one()["held"][0]
    db[ids.RESERVED].update_one({"_id": ids.RANGES}, {"$set": {"held.0.at": moments.aware(entry["at"]) - span}})


def test_what_a_dead_process_held_is_free_again_after_two_minutes(database: Db) -> None:
    with ids.reserve(database, 2):
        pass_by(database, timedelta(seconds=110))
        assert numbers(database, 1) == [3]
        pass_by(database, timedelta(seconds=15))
        assert numbers(database, 1) == [1]


def test_who_stood_still_writes_no_number_that_others_got(database: Db) -> None:
    who = signed_in(database, "technician")
    with ids.reserve(database, 1) as reserved:
        late = Change(None, records.new_document({"Vendor": "late"}, iter(reserved)))
        pass_by(database, timedelta(minutes=3))
        assert records.add(database, who, {"Vendor": "quick"}).record["ID"] == reserved.numbers[0] == 1
        with pytest.raises(Busy, match="given to others"):
            apply(database.Equipment, [late], also=reserved.guarding(lambda *_: None))

    assert [(record["ID"], record["Vendor"]) for record in database.Equipment.find()] == [(1, "quick")]


def test_every_way_to_add_records_asks_whether_its_numbers_are_held(
    database: Db, monkeypatch: pytest.MonkeyPatch
) -> None:
    who = signed_in(database, "technician")
    planned = importing.plan(database, [{"ID": "", "Vendor": "late"}], (), clear_empty=False)
    monkeypatch.setattr(ids, "_renew", lambda *_: False)

    with pytest.raises(Busy):
        importing.run(database, who, planned)
    with pytest.raises(Busy):
        records.add(database, who, {"Vendor": "late"})
    assert database.Equipment.count_documents({}) == 0


def test_whoever_takes_long_goes_on_holding_them(database: Db, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ids, "RENEWED_SECONDS", 0.01)
    with ids.reserve(database, 1):
        pass_by(database, timedelta(minutes=3))
        renewed = threading.Event()
        while not renewed.is_set():
            at = moments.aware(database[ids.RESERVED].find_one()["held"][0]["at"])
            if moments.aware(moments.now()) - at < timedelta(minutes=1):
                renewed.set()
        assert numbers(database, 1) == [2]
