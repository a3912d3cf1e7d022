"""Records that only backups still have."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import bson
import pytest
from pymongo.database import Database

from backup_engine.lost import lost_and_found
from backup_engine.model import BackupSet
from backup_engine.workspace import Workspace
from tests.backup_engine.engine import StillClock, back_up, fill, workspace

Data = Database[dict[str, Any]]


@pytest.fixture
def clock() -> StillClock:
    return StillClock()


@pytest.fixture
def ws(tmp_path: Path, database: Data, clock: StillClock) -> Workspace:
    return workspace(tmp_path, database, clock=clock)


def backup(ws: Workspace, clock: StillClock) -> BackupSet:
    clock.pass_by(hours=1)
    return back_up(ws)


def test_lost_records_come_with_what_they_were_last(ws: Workspace, database: Data, clock: StillClock) -> None:
    fill(database)
    database.Equipment.insert_one({"_id": "r", "Vendor": "a"})
    backup(ws, clock)
    database.Equipment.update_one({"_id": "r"}, {"$set": {"Vendor": "c"}})
    last = backup(ws, clock)
    database.Equipment.delete_many({"_id": {"$in": [3, 4, "r"]}})
    backup(ws, clock)
    database.Equipment.delete_many({"_id": {"$in": [5, 6]}})

    lost = lost_and_found(ws, "equipment", present=[{"_id": 4}, bson.encode({"_id": 6})])

    assert {bson.decode(record.document)["_id"]: record.last.label for record in lost} == {
        5: ws.catalog.sets()[-1].label, 3: last.label, "r": last.label}
    brought_back = next(bson.decode(record.document) for record in lost if record.identity == "r")
    assert brought_back == {"_id": "r", "Vendor": "c"}


def test_nothing_is_lost_while_everything_is_there(ws: Workspace, database: Data, clock: StillClock) -> None:
    fill(database)
    backup(ws, clock)

    assert lost_and_found(ws, "equipment") == []
    assert lost_and_found(ws, "select_options") == []
