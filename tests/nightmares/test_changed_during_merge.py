"""Other people write while a merge runs: nothing they saved after the plan is overwritten."""

from __future__ import annotations

import random
import threading
from pathlib import Path
from typing import Any

import pytest
from pymongo import UpdateOne
from pymongo.database import Database

from backup_engine import failpoints
from backup_engine.create import create
from backup_engine.merge import MergePlan, merge, plan
from backup_engine.workspace import Workspace
from tests.backup_engine.engine import workspace
from tests.nightmares.crash import ROUNDS

Data = Database[dict[str, Any]]
RECORDS = 2_500


def prepared(database: Data, folder: Path) -> tuple[Workspace, MergePlan]:
    database.Equipment.drop()
    database.Equipment.insert_many([{"_id": n, "by": "backup"} for n in range(RECORDS)])
    ws = workspace(folder, database)
    backup = create(ws, force=True).set
    assert backup is not None
    database.Equipment.update_many({}, {"$set": {"by": "before the plan"}})
    return ws, plan(ws, backup, "equipment")


def test_a_change_and_a_deletion_between_plan_and_run_are_conflicts(database: Data, tmp_path: Path) -> None:
    ws, planned = prepared(database, tmp_path)
    database.Equipment.update_one({"_id": 7}, {"$set": {"by": "someone"}})
    database.Equipment.delete_one({"_id": 8})
    database.Equipment.update_one({"_id": 9}, {"$set": {"by": "backup"}})

    merged = merge(ws, planned)

    assert (merged.updated, merged.conflicts, merged.unchanged) == (RECORDS - 3, 2, 1)
    assert "2 changed by someone else meanwhile and left alone" in merged.message
    assert {outcome.identity: outcome.why for outcome in merged.report if outcome.status == "conflict"} == {
        '~{"$numberInt": "7"}': "changed by someone else meanwhile",
        '~{"$numberInt": "8"}': "deleted by someone else meanwhile",
    }
    assert database.Equipment.find_one({"_id": 7}) == {"_id": 7, "by": "someone"}
    assert database.Equipment.find_one({"_id": 8}) is None


class Crowd:
    """Writers that note the last value each record acknowledged."""

    def __init__(self, database: Data, number: int) -> None:
        self.saved: dict[int, str | None] = {}
        self._database = database
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=self._write, args=(n, number)) for n in range(number)]

    def __enter__(self) -> Crowd:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def _write(self, me: int, of: int) -> None:
        mine = list(range(me, RECORDS, of))
        choice = random.Random(me)
        count = 0
        while not self._stop.is_set():
            record = choice.choice(mine)
            if record % 10 == 0:
                self._database.Equipment.delete_one({"_id": record})
                self.saved[record] = None
            else:
                count += 1
                self._database.Equipment.replace_one({"_id": record}, {"by": f"{me}/{count}"}, upsert=True)
                self.saved[record] = f"{me}/{count}"


def overwritten(database: Data, crowd: Crowd) -> list[int]:
    there = {record["_id"]: record["by"] for record in database.Equipment.find()}
    return [record for record, by in crowd.saved.items() if there.get(record) != by]


def test_no_acknowledged_write_is_lost(database: Data, tmp_path: Path) -> None:
    conflicts = written = 0
    for _ in range(ROUNDS):
        ws, planned = prepared(database, tmp_path)
        with Crowd(database, 3) as crowd:
            merged = merge(ws, planned)

        assert overwritten(database, crowd) == []
        assert merged.updated + merged.conflicts + merged.counts["unchanged"] == RECORDS
        conflicts, written = conflicts + merged.conflicts, written + len(crowd.saved)

    print(f"{written} records written meanwhile, {conflicts} conflicts")
    assert conflicts


def test_the_test_bites(database: Data, tmp_path: Path) -> None:
    """The control: the same changes written without a guard overwrite other people's work."""
    _, planned = prepared(database, tmp_path)
    with Crowd(database, 3) as crowd:
        for _ in range(3):
            database.Equipment.bulk_write([
                UpdateOne({"_id": n}, {"$set": {"by": "backup"}}) for n in range(RECORDS)
            ])

    assert planned.updates == RECORDS
    assert overwritten(database, crowd)


@pytest.mark.parametrize("batch", [1, 2])
def test_a_conflict_in_a_later_batch_leaves_the_earlier_ones(database: Data, tmp_path: Path, batch: int) -> None:
    ws, planned = prepared(database, tmp_path)
    reached = iter(range(1, 100))

    def somebody_writes() -> None:
        if next(reached) == batch:
            database.Equipment.update_many({"_id": {"$gte": 2_400}}, {"$set": {"by": "someone"}})

    failpoints.hooks["M3"] = somebody_writes
    try:
        merged = merge(ws, planned)
    finally:
        del failpoints.hooks["M3"]

    assert merged.conflicts == 100
    assert database.Equipment.count_documents({"by": "someone"}) == 100
    assert database.Equipment.count_documents({"by": "backup"}) == 2_400
