"""The history of a record knows when the list as a whole was restored, merged into or taken back."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

from pymongo.database import Database

from backup_engine import api
from backup_engine.api import DatabaseBackupRestore
from equipment.domain.query import Query
from equipment.store.list import records
from tests.equipment.store.people import signed_in
from tests.equipment.ui.records_page import page, shown

Db = Database[dict[str, Any]]


def test_a_restore_and_its_undo_stand_in_the_history_of_every_record_that_was_there(
    database: Db, tmp_path: Path
) -> None:
    who = signed_in(database, "technician")
    entry = records.add(database, who, {"Vendor": "A"})
    engine = DatabaseBackupRestore(connect=lambda: database, backup_folder=str(tmp_path / "sets"))
    made, ws = engine.create(force=True).set, engine.workspace
    assert made is not None
    plan = api.plan_replace(ws, made, ["equipment"])
    api.replace(ws, plan, actor="ann")
    assert f"Backup {made.label}." in shown(page(database, tmp_path, "user", id=entry.key)).replace("\\", "")
    api.undo(ws, actor="bob", counted={"equipment": {"added": 2, "removed": 1, "changed": 0}})
    later = records.add(database, who, {"Vendor": "B"})

    said = shown(page(database, tmp_path, "manager", id=entry.key)).replace("\\", "")
    assert "The list was replaced by a backup" in said and f"Backup {made.label}, since undone." in said
    assert "A restore was undone" in said and "2 added, 1 removed, 0 changed in the whole list." in said
    assert "ann" in said and "bob" in said

    [newer] = [each for each in records.page(database, Query(), {}, date.today()).entries if each.key == later.key]
    assert "The list was replaced" not in shown(page(database, tmp_path, "admin", id=newer.key))
