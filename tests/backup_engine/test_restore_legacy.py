"""Sets of the original system replace too: text takes the live types, ids are taken over, indexes are kept."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from bson import ObjectId
from pymongo.database import Database

from backup_engine import drill, restore, undo
from backup_engine.workspace import Workspace
from tests.backup_engine.engine import workspace
from tests.backup_engine.legacy_sets import write_legacy_set

Doc = dict[str, Any]
MOMENT = datetime(2025, 8, 7, 10, 15)
RECORDS = [{"ID": n, "Serial": f"{n:04d}", "Last Cal Date": "6.8.2013", "Purchase Value": "3,000"} for n in range(1, 6)]


@pytest.fixture
def ws(database: Database[Doc], tmp_path: Path) -> Workspace:
    database.command("create", "Equipment", validator={"ID": {"$exists": True}})
    database.Equipment.insert_many([{"_id": ObjectId(), **record} for record in RECORDS])
    database.Equipment.create_index("Serial")
    database.Equipment_select_options.insert_one({"_id": 1, "Category": "Scope"})
    write_legacy_set(tmp_path, MOMENT, RECORDS)
    return workspace(tmp_path, database)


def _replace(ws: Workspace, *keys: str) -> restore.Restored:
    backup = ws.catalog.find(MOMENT.strftime("%Y%m%d_%H%M%S"))
    return restore.replace(ws, restore.plan_replace(ws, backup, keys))


def test_records_keep_their_ids_and_types(ws: Workspace, database: Database[Doc]) -> None:
    before = {record["Serial"]: record for record in database.Equipment.find()}
    database.Equipment.delete_one({"Serial": "0003"})
    database.Equipment.update_one({"Serial": "0001"}, {"$set": {"Purchase Value": "changed"}})

    assert _replace(ws, "equipment").counts == {"equipment": 5}

    after = {record["Serial"]: record for record in database.Equipment.find()}
    assert {serial: record for serial, record in after.items() if serial != "0003"} == {
        serial: record for serial, record in before.items() if serial != "0003"}
    assert {**after["0003"], "_id": 0} == {**before["0003"], "_id": 0}


def test_indexes_and_options_of_the_live_collection_are_kept(ws: Workspace, database: Database[Doc]) -> None:
    _replace(ws, "equipment")

    assert "Serial_1" in database.Equipment.index_information()
    listed = next(iter(database.list_collections(filter={"name": "Equipment"})))["options"]
    assert listed["validator"] == {"ID": {"$exists": True}}


def test_no_file_means_an_empty_collection(ws: Workspace, database: Database[Doc]) -> None:
    assert _replace(ws, "select_options").counts == {"select_options": 0}
    assert database.Equipment_select_options.count_documents({}) == 0

    undo.undo(ws)

    assert database.Equipment_select_options.find_one() == {"_id": 1, "Category": "Scope"}


def test_the_plan_says_how_text_is_understood(ws: Workspace) -> None:
    backup = ws.catalog.sets()[0]

    plan = restore.plan_replace(ws, backup, ["equipment"])

    assert plan.decisions
    assert plan.after == {"equipment": 5}


def test_a_legacy_set_can_be_drilled(ws: Workspace, database: Database[Doc]) -> None:
    backup = ws.catalog.sets()[0]

    assert drill.drill(ws, backup).counts == {"equipment": 5, "select_options": 0}
    assert [name for name in database.list_collection_names() if "__" in name] == []
