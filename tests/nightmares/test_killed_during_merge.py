"""SIGKILL in the middle of a merge: merging again gives the undisturbed result, Undo gives the old state."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pymongo.database import Database

from backup_engine import failpoints
from backup_engine.create import create
from backup_engine.merge import merge, plan
from backup_engine.model import BackupSet
from backup_engine.undo import undo
from backup_engine.workspace import Workspace
from tests.backup_engine.engine import raw, workspace
from tests.mongod import Mongod
from tests.nightmares.crash import ROUNDS, die, run_in_child

Data = Database[dict[str, Any]]
RECORDS = 3_500


@pytest.fixture
def twin(database: Data) -> Iterator[Data]:
    """A second database, for the undisturbed run."""
    name = f"{database.name}_twin"
    yield database.client[name]
    database.client.drop_database(name)


def saved_then_changed(ws: Workspace, database: Data) -> BackupSet:
    database.Equipment.drop()
    database.Equipment.insert_many([{"_id": n, "Serial": f"{n:05d}", "Location": "Lab"} for n in range(RECORDS)])
    database.Equipment_select_options.drop()
    database.Equipment_select_options.insert_one({"_id": 1, "Category": "x"})
    backup = create(ws, force=True).set
    assert backup is not None
    database.Equipment.delete_many({"_id": {"$mod": [3, 0]}})
    database.Equipment.update_many({"_id": {"$mod": [3, 1]}}, {"$set": {"Location": "moved", "note": "kept"}})
    database.Equipment.insert_many([{"_id": f"new {n}"} for n in range(100)])
    return backup


def die_after_batches(number: int) -> None:
    calls = iter(range(1, number + 1))
    failpoints.hooks["M3"] = lambda: die() if next(calls) == number else None


@pytest.mark.parametrize("point", ["M1", "M2", 1, 2])
def test_killed_then_merged_again_or_undone(
    point: str | int, shared_mongod: Mongod, database: Data, twin: Data, tmp_path: Path
) -> None:
    undisturbed = workspace(tmp_path / "twin", twin)
    merge(undisturbed, plan(undisturbed, saved_then_changed(undisturbed, twin), "equipment"))
    wished = raw(twin, "Equipment")

    for _ in range(ROUNDS):
        ws = workspace(tmp_path / "backups", database)
        backup = saved_then_changed(ws, database)
        old = raw(database, "Equipment")

        def killed(backup: BackupSet = backup) -> None:
            mine = workspace(tmp_path / "backups", lambda: shared_mongod.client()[database.name])
            if isinstance(point, str):
                failpoints.hooks[point] = die
            else:
                die_after_batches(point)
            merge(mine, plan(mine, backup, "equipment"))

        assert run_in_child(killed) == -signal.SIGKILL
        half = raw(database, "Equipment")
        assert (half == old) == isinstance(point, str)
        assert half != wished
        if point != "M1":
            undo(ws)
            assert raw(database, "Equipment") == old
            assert run_in_child(killed) == -signal.SIGKILL

        merged = merge(ws, plan(ws, backup, "equipment"))

        assert raw(database, "Equipment") == wished
        assert merged.conflicts == 0
        assert merge(ws, plan(ws, backup, "equipment")).counts == {}
