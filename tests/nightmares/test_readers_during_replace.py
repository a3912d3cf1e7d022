"""Readers polling during replaces see the old list or the new one: never none, never half of each."""

from __future__ import annotations

import os
import threading
from pathlib import Path
from typing import Any

from pymongo.database import Database
from pymongo.errors import OperationFailure

from backup_engine import create, restore
from backup_engine.model import BackupSet
from backup_engine.workspace import Workspace
from tests.backup_engine.engine import workspace
from tests.mongod import Mongod

Doc = dict[str, Any]
REPLACES = 50 if int(os.environ.get("TEST_ROUNDS", "1")) >= 50 else 4
READERS = 4


def _list(mark: str, records: int) -> list[Doc]:
    return [{"_id": n, "mark": mark, "text": "x" * 50} for n in range(records)]


def test_never_empty_and_never_mixed(shared_mongod: Mongod, database: Database[Doc], tmp_path: Path) -> None:
    ws = workspace(tmp_path, database)
    sets = [_backup(ws, database, "red", 700), _backup(ws, database, "blue", 900)]
    seen: list[frozenset[tuple[str, int]]] = []
    refused: list[str] = []
    done = threading.Event()

    def read(collection: Any) -> None:
        while not done.is_set():
            try:
                groups = collection.aggregate([{"$group": {"_id": "$mark", "n": {"$sum": 1}}}])
                seen.append(frozenset((group["_id"], group["n"]) for group in groups))
            except OperationFailure as problem:
                refused.append(str(problem.details and problem.details["codeName"]))

    with shared_mongod.client() as client:
        readers = [threading.Thread(target=read, args=(client[database.name].Equipment,)) for _ in range(READERS)]
        for reader in readers:
            reader.start()
        for number in range(REPLACES):
            restore.replace(ws, restore.plan_replace(ws, sets[number % 2], ["equipment"]))
        done.set()
        for reader in readers:
            reader.join()

    assert set(seen) == {frozenset({("red", 700)}), frozenset({("blue", 900)})}
    assert len(seen) > REPLACES * READERS
    assert set(refused) <= {"QueryPlanKilled"}  # a query caught by the swap itself has to be asked again
    assert len(refused) < len(seen) / 10


def _backup(ws: Workspace, database: Database[Doc], mark: str, records: int) -> BackupSet:
    database.Equipment.delete_many({})
    database.Equipment.insert_many(_list(mark, records))
    made = create.create(ws, force=True).set
    assert made is not None
    return made
