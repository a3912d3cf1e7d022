"""The table of all restores tells who restored what from which backup, what that changed, and whether it was undone."""

from __future__ import annotations

from typing import Any

from pymongo.database import Database

from backup_engine import api
from equipment.backups import NOBODY, Backups
from equipment.restores import past as pasts
from tests.equipment.ui.backup.place import opened, said

Db = Database[dict[str, Any]]


def test_every_restore_stands_in_it(place: Backups, database: Db) -> None:
    made, ws = place.engine.create(force=True).set, place.engine.workspace
    assert made is not None
    database["Equipment"].delete_one({"_id": 0})
    job = place.replace(NOBODY, made, ("equipment", "select_options"))
    assert job.done.wait(60) and job.error is None
    last = pasts.last(place, NOBODY)
    assert last is not None
    job = place.undo(NOBODY, last.safety, last.keys)
    assert job.done.wait(60) and job.error is None
    api.replace(ws, api.plan_replace(ws, made, ["equipment"]))

    [table] = [each.value for each in opened("past", past_restores=True).dataframe]

    rows = table[["What", "By", "Collections", "Added", "Removed", "Changed", "Undone"]].astype(object)
    assert rows.where(rows.notna(), None).to_numpy().tolist() == [
        ["Replace", "command line", "Equipment", None, None, None, ""],
        ["Undo", "system", "Equipment, Select Options", 0, 1, 0, ""],
        ["Replace", "system", "Equipment, Select Options", 1, 0, 0, "undone"],
    ]
    assert table["From backup"].iloc[-1] == made.label


def test_closed_it_reads_nothing_and_empty_it_says_so(place: Backups) -> None:
    assert not opened("past").dataframe

    assert "Nothing was restored yet." in said(opened("past", past_restores=True))
