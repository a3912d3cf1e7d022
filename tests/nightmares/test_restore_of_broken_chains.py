"""Differential sets whose full set is gone or damaged, tombstones for records that never were, long chains."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import bson
import pytest
from pymongo.database import Database

from backup_engine import create, restore
from backup_engine.errors import BackupError, BackupFileNotFound, VerificationFailed
from backup_engine.locking.locks import hold
from backup_engine.making.differential import Changes
from backup_engine.making.write_set import write_changes
from backup_engine.model import BackupSet
from backup_engine.workspace import Workspace
from tests.backup_engine.engine import fill, workspace

Doc = dict[str, Any]


@pytest.fixture
def ws(database: Database[Doc], tmp_path: Path) -> Workspace:
    fill(database, 30, 5)
    return workspace(tmp_path, database)


def _full_and_differential(ws: Workspace, database: Database[Doc]) -> tuple[BackupSet, BackupSet]:
    full = create.create(ws, force=True, kind="full").set
    database.Equipment.delete_one({"_id": 3})
    database.Equipment.update_one({"_id": 4}, {"$set": {"Vendor": "other"}})
    over = create.create(ws, force=True, kind="differential").set
    assert full is not None
    assert over is not None
    assert (full.kind, over.kind, over.base) == ("full", "differential", full.backup_id)
    return full, over


def _replace(ws: Workspace, backup: BackupSet) -> restore.Restored:
    return restore.replace(ws, restore.plan_replace(ws, backup, ["equipment"]))


def _hash(database: Database[Doc]) -> str:
    return str(database.command("dbHash")["collections"]["Equipment"])


def test_a_differential_set_restores_byte_for_byte(ws: Workspace, database: Database[Doc]) -> None:
    _, over = _full_and_differential(ws, database)
    before = _hash(database)
    database.Equipment.delete_many({})

    assert _replace(ws, over).counts == {"equipment": 29}
    assert _hash(database) == before


def test_a_missing_full_set_is_named_and_the_rest_restores(
    ws: Workspace, database: Database[Doc], tmp_path: Path
) -> None:
    full, over = _full_and_differential(ws, database)
    intact = create.create(ws, force=True, kind="full").set
    assert intact is not None
    for file in tmp_path.rglob(f"*{full.label}*"):
        file.unlink()
    before = _hash(database)

    with pytest.raises((VerificationFailed, BackupFileNotFound)) as stopped:
        _replace(ws, over)

    assert full.backup_id in stopped.value.message or full.label in stopped.value.message
    assert _hash(database) == before
    assert _replace(ws, intact).counts == {"equipment": 29}


def test_a_damaged_full_set_is_named(ws: Workspace, database: Database[Doc], tmp_path: Path) -> None:
    full, over = _full_and_differential(ws, database)
    file = next(tmp_path.rglob(f"equipment_backup_{full.label}.csv"))
    file.write_bytes(file.read_bytes().replace(b"00007", b"00008"))

    with pytest.raises(BackupError, match=full.label):
        _replace(ws, over)


def test_a_tombstone_for_a_record_that_never_was_does_no_harm(ws: Workspace, database: Database[Doc]) -> None:
    full = create.create(ws, force=True, kind="full").set
    assert full is not None
    with hold(ws, "restore") as held:
        changes = {"equipment": Changes([], [bson.encode({"_id": "never was"}), bson.encode({"_id": 1})])}
        over = write_changes(ws, held, full, changes, trigger="manual")

    assert _replace(ws, over).counts == {"equipment": 29}
    assert not database.Equipment.find_one({"_id": 1})
