"""Undo brings back what was there before the last restore, for the collections it concerned."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pymongo.database import Database

from backup_engine import create, merge, restore, undo
from backup_engine.errors import DatabaseUnreachable, NoBackupsFound, RestoreStopped
from backup_engine.model import BackupSet
from backup_engine.replacing import journal
from backup_engine.workspace import Workspace
from tests.backup_engine.engine import fill, workspace

Doc = dict[str, Any]


@pytest.fixture
def ws(database: Database[Doc], tmp_path: Path) -> Workspace:
    fill(database, 30, 5)
    database.Equipment.create_index("Serial")
    return workspace(tmp_path, database)


def _backup(ws: Workspace) -> BackupSet:
    made = create.create(ws, force=True).set
    assert made is not None
    return made


def _hashes(database: Database[Doc]) -> tuple[str, str]:
    hashes = database.command("dbHash")["collections"]
    return hashes["Equipment"], hashes["Equipment_select_options"]


def test_undo_brings_everything_back_byte_for_byte(ws: Workspace, database: Database[Doc]) -> None:
    backup = _backup(ws)
    database.Equipment.insert_one({"_id": "work of the day"})
    database.Equipment.create_index("Vendor")
    before = _hashes(database)
    restore.replace(ws, restore.plan_replace(ws, backup, ["equipment", "select_options"]))
    assert _hashes(database) != before

    undo.undo(ws)

    assert _hashes(database) == before
    assert "Vendor_1" in database.Equipment.index_information()


def test_undo_concerns_only_what_was_restored(ws: Workspace, database: Database[Doc]) -> None:
    backup = _backup(ws)
    restore.replace(ws, restore.plan_replace(ws, backup, ["equipment"]))
    database.Equipment_select_options.insert_one({"_id": "newer"})

    undo.undo(ws)

    assert database.Equipment_select_options.find_one({"_id": "newer"})


def test_undoing_twice_brings_the_restore_back(ws: Workspace, database: Database[Doc]) -> None:
    backup, before = _backup(ws), _hashes(database)
    database.Equipment.delete_many({})
    restore.replace(ws, restore.plan_replace(ws, backup, ["equipment"]))

    undo.undo(ws)
    assert database.Equipment.count_documents({}) == 0
    undo.undo(ws)

    assert _hashes(database) == before


def test_work_done_after_the_restore_is_not_lost_by_undo(ws: Workspace, database: Database[Doc]) -> None:
    restore.replace(ws, restore.plan_replace(ws, _backup(ws), ["equipment"]))
    database.Equipment.insert_one({"_id": "after the restore"})
    undo.undo(ws)
    assert not database.Equipment.find_one({"_id": "after the restore"})

    undo.undo(ws)

    assert database.Equipment.find_one({"_id": "after the restore"})


def test_without_a_restore_there_is_nothing_to_undo(ws: Workspace) -> None:
    _backup(ws)

    assert undo.undoable(ws) is None
    with pytest.raises(NoBackupsFound, match="no restore to undo"):
        undo.undo(ws)


def test_a_merge_can_be_undone_too(ws: Workspace, database: Database[Doc]) -> None:
    safety = _backup(ws)
    database.Equipment.insert_one({"_id": "merged in"})
    journal.note(database, kind="merge", keys={"equipment": "Equipment"}, backup_id="any", label="any",
                 safety=safety.backup_id, actor="ann", now=ws.clock())

    undo.undo(ws)

    assert not database.Equipment.find_one({"_id": "merged in"})


def test_the_folder_knows_it_when_the_journal_is_gone(ws: Workspace, database: Database[Doc]) -> None:
    restore.replace(ws, restore.plan_replace(ws, _backup(ws), ["equipment"]))
    expected = undo.undoable(ws)
    database[journal.COLLECTION].drop()

    assert expected is not None
    assert undo.undoable(ws) == expected


def test_a_safety_backup_that_lies_elsewhere_is_missed_and_no_older_one_taken(
    ws: Workspace, database: Database[Doc]
) -> None:
    backup = _backup(ws)
    for _ in range(2):
        restore.replace(ws, restore.plan_replace(ws, backup, ["equipment"]))
    latest = undo.undoable(ws)
    assert latest is not None
    ws.catalog.remove(latest)
    before = _hashes(database)

    assert undo.undoable(ws) is None
    with pytest.raises(NoBackupsFound, match="the safety backup of the last restore is not in"):
        undo.undo(ws)
    assert _hashes(database) == before


def test_asking_works_with_the_database_down(ws: Workspace, tmp_path: Path) -> None:
    restore.replace(ws, restore.plan_replace(ws, _backup(ws), ["equipment"]))
    expected = undo.undoable(ws)

    def down() -> Any:
        raise DatabaseUnreachable("no answer")

    assert undo.undoable(workspace(tmp_path, down)) == expected


def test_the_past_knows_what_was_undone_and_what_was_done_again(ws: Workspace, database: Database[Doc]) -> None:
    backup = _backup(ws)
    database.Equipment.insert_one({"_id": "work of the day"})
    plan = replace(restore.plan_replace(ws, backup, ["equipment"]), counted={"equipment": {"removed": 1}})

    def told() -> list[tuple[str, bool]]:
        return [(past.entry.kind, past.undone) for past in undo.past(database)]

    restore.replace(ws, plan, actor="ann")
    assert told() == [("replace", False)]
    undo.undo(ws, actor="bob", counted={"equipment": {"added": 1}})
    assert told() == [("undo", False), ("replace", True)]
    undo.undo(ws)
    assert told() == [("undo", False), ("undo", True), ("replace", False)]

    counted = [(past.entry.actor, past.entry.counted) for past in undo.past(database)]
    assert counted == [("", None), ("bob", {"equipment": {"added": 1}}), ("ann", {"equipment": {"removed": 1}})]


def test_a_merge_notes_what_became_of_it(ws: Workspace, database: Database[Doc]) -> None:
    backup = _backup(ws)
    database.Equipment.delete_one({"_id": database.Equipment.find_one()["_id"]})  # type: ignore[index]

    merge.merge(ws, merge.plan(ws, backup, "equipment"), actor="ann")

    (past,) = undo.past(database)
    assert (past.entry.kind, past.entry.actor, past.undone) == ("merge", "ann", False)
    assert past.entry.counted == {"equipment": {"added": 1, "removed": 0, "changed": 0}}


def test_what_was_shown_is_taken_back_and_nothing_newer(ws: Workspace, database: Database[Doc]) -> None:
    backup = _backup(ws)
    restore.replace(ws, restore.plan_replace(ws, backup, ["equipment"]))
    shown = undo.undoable(ws)
    restore.replace(ws, restore.plan_replace(ws, backup, ["equipment"]))
    database.Equipment.insert_one({"_id": "newer"})

    assert shown is not None
    with pytest.raises(RestoreStopped, match="something else was restored or taken back since"):
        undo.undo(ws, expected=shown.backup_id)
    assert database.Equipment.find_one({"_id": "newer"})
