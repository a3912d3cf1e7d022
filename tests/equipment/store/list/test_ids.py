"""Numbers for new records: the lowest free ones, and no number twice, however long somebody takes."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import mongomock
import pytest
from pymongo.database import Database

from backup_engine.errors import HeldByOthers
from backup_engine.model import Watch
from backup_engine.mongo.guarded import apply
from backup_engine.records.changes import Change
from equipment.exchange import importing
from equipment.exchange.plan import Plan
from equipment.store import moments
from equipment.store.list import ids, records
from tests.equipment.store.people import signed_in
from tests.mongod import Mongod

Db = Database[dict[str, Any]]
ROOT = Path(__file__).resolve().parents[4]


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
    monkeypatch.setattr(ids, "_taken", lambda *_: set())  # what the look before saw
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
        with pytest.raises(HeldByOthers, match=r"^The numbers .* given to others"):
            apply(database.Equipment, [late], also=reserved.guarding(lambda *_: None))

    assert [(record["ID"], record["Vendor"]) for record in database.Equipment.find()] == [(1, "quick")]


def test_every_way_to_add_records_asks_whether_its_numbers_are_held(
    database: Db, monkeypatch: pytest.MonkeyPatch
) -> None:
    who = signed_in(database, "technician")
    planned = importing.plan(database, [{"ID": "", "Vendor": "late"}], (), clear_empty=False)
    monkeypatch.setattr(ids, "_renew", lambda *_: False)

    with pytest.raises(HeldByOthers):
        importing.run(database, who, planned)
    with pytest.raises(HeldByOthers):
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


def unnumbered(db: Db, rows: int, vendor: str = "new") -> Plan:
    """Plan an import of rows without IDs, more than one batch of them."""
    return importing.plan(db, [{"Vendor": vendor, "Serial": f"{vendor} {row}"} for row in range(rows)], (),
                          clear_empty=False)


def given_once(db: Db) -> list[int]:
    """Give every ID of the list in order; none may be there twice."""
    every = sorted(int(record["ID"]) for record in db.Equipment.find({}, {"ID": 1}))
    assert len(set(every)) == len(every)
    return every


def between_batches(db: Db, then: Callable[[], None]) -> Watch:
    """Do something once, when the first batch of an import is written."""
    waiting = [then]
    return Watch(lambda progress: waiting.pop()() if progress.done == 1000 and waiting else None)


def test_an_import_whose_numbers_were_given_to_others_takes_others_for_what_is_left(database: Db) -> None:
    who, planned = signed_in(database, "technician"), unnumbered(database, 2500)

    def others_get_them() -> None:
        pass_by(database, timedelta(minutes=3))
        records.add_many(database, who, [{"Vendor": "quick"}] * 5)

    done = importing.run(database, who, planned, watch=between_batches(database, others_get_them))

    assert (done.added, done.conflicts) == (2500, ())
    assert given_once(database) == list(range(1, 2506))
    assert [record["ID"] for record in database.Equipment.find({"Vendor": "quick"})] == list(range(1001, 1006))
    assert held(database) == []


def test_two_imports_and_single_adds_at_once_under_a_clock_that_jumps(
    database: Db, monkeypatch: pytest.MonkeyPatch
) -> None:
    who, asked, now = signed_in(database, "manager"), count(), ids._now

    def jumping(db: Db) -> datetime:
        """An hour on at every ninth look: whoever takes numbers then takes everybody's for left by the dead."""
        return now(db) + timedelta(hours=next(asked) // 9)

    monkeypatch.setattr(ids, "_now", jumping)
    plans = [unnumbered(database, 2500, "one"), unnumbered(database, 2500, "other")]

    def add(number: int) -> None:
        for _ in range(100):
            try:
                records.add(database, who, {"Vendor": f"single {number}"})
                return
            except HeldByOthers:
                continue

    with ThreadPoolExecutor(6) as pool:
        imports = [pool.submit(importing.run, database, who, planned) for planned in plans]
        singles = [pool.submit(add, number) for number in range(20)]
        assert [each.result().added for each in imports] == [2500, 2500]
        for each in singles:
            each.result()

    assert len(given_once(database)) == 5020
    assert next(asked) > 18


KILLED = """
import os, signal, sys
import pymongo
from backup_engine.model import Watch
from equipment.exchange import importing
from equipment.store.access import Who
db = pymongo.MongoClient(sys.argv[1])[sys.argv[2]]
planned = importing.plan(db, [{"Vendor": "dead", "Serial": str(row)} for row in range(2500)], (), clear_empty=False)
die = Watch(lambda progress: os.kill(os.getpid(), signal.SIGKILL) if progress.done == 1000 else None)
importing.run(db, Who(sys.argv[3], "anna"), planned, watch=die)
"""


def test_the_numbers_of_a_killed_import_are_given_once(database: Db, shared_mongod: Mongod) -> None:
    who = signed_in(database, "technician")
    ended = subprocess.run([sys.executable, "-c", KILLED, shared_mongod.uri, database.name, who.session], cwd=ROOT,
                           check=False, timeout=60)
    assert ended.returncode == -signal.SIGKILL
    assert held(database) == [[[1, 2500]]]

    assert records.add(database, who, {"Vendor": "at once"}).record["ID"] == 2501
    pass_by(database, timedelta(minutes=3))
    done = importing.run(database, who, unnumbered(database, 2500))

    assert done.added == 2500
    assert given_once(database) == list(range(1, 3502))


def test_an_id_that_is_held_is_not_brought_by_others(database: Db) -> None:
    who = signed_in(database, "technician")
    with ids.reserve(database, 3) as reserved:
        with pytest.raises(HeldByOthers, match=r"^The ID 2 is held"):
            records.add(database, who, {"ID": "2", "Vendor": "typed"})
        planned = importing.plan(database, [{"ID": "3", "Vendor": "file"}], ("ID",), clear_empty=False)
        done = importing.run(database, who, planned)
        records.add(database, who, {"ID": "9", "Vendor": "typed"})

        assert [record["ID"] for record in database.Equipment.find()] == [4, "9"]
        assert done.renumbered == (importing.Renumbered(1, "3", "4"),)
        assert list(reserved) == [1, 2, 3]


def test_what_others_bring_is_not_given_meanwhile(database: Db) -> None:
    with ids.reserve(database, 0, ["1", "3"]):
        assert held(database) == [[[1, 1], [3, 3]]]
        assert numbers(database, 2) == [2, 4]


def test_scattered_numbers_are_held_with_the_gaps_between_them(database: Db, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ids, "MOST_RANGES", 2)
    with ids.reserve(database, 0, ["1", "3", "6", "100"]):
        assert held(database) == [[[1, 6], [100, 100]]]


def test_without_transactions_lost_numbers_are_not_written(database: Db, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ids, "MANY", 2)
    with ids.reserve(database, 4) as reserved:
        given = iter(reserved)
        assert [next(given), next(given)] == [1, 2]
        pass_by(database, timedelta(minutes=3))
        assert numbers(database, 1) == [1]
        with pytest.raises(ids.Lost):
            next(given)
        reserved.take_again(2)
        assert list(reserved) == [1, 2]


def test_a_process_whose_clock_is_wrong_takes_nobody_for_dead(database: Db, monkeypatch: pytest.MonkeyPatch) -> None:
    now = moments.now
    with ids.reserve(database, 2):
        monkeypatch.setattr(moments, "now", lambda: now() + timedelta(hours=1))
        assert numbers(database, 1) == [3]
