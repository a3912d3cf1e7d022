"""Undo asks with numbers, says afterwards what was undone, and is then called Redo."""

from __future__ import annotations

from typing import Any

from pymongo.database import Database
from streamlit.testing.v1 import AppTest

from backup_engine import api
from backup_engine.model import BackupSet
from equipment.backups import WRITING, Backups
from tests.equipment.ui.backup.place import opened, press, said
from tests.server.running_app import wait_for

Db = Database[dict[str, Any]]


def restored(place: Backups, database: Db) -> BackupSet:
    """Restore, as another program would, a record that was removed."""
    made, ws = place.engine.create(force=True).set, place.engine.workspace
    assert made is not None
    database["Equipment"].delete_one({"_id": 0})
    api.replace(ws, api.plan_replace(ws, made, ["equipment"]), actor="ann")
    return made


def until(test: AppTest, words: str) -> AppTest:
    wait_for(lambda: words in said(test.run()), words)
    return test


def labels(test: AppTest) -> list[str]:
    return [button.label for button in test.button]


def ended(place: Backups) -> None:
    job = place.jobs.latest(WRITING)
    assert job is not None and job.done.wait(60)


def test_it_asks_with_numbers_says_what_was_undone_and_offers_to_redo_it(place: Backups, database: Db) -> None:
    made = restored(place, database)
    test = opened("restore.screen")
    assert f"The restore of backup {made.label} by ann just now can be taken back." in said(test)

    press(test, "Undo this restore")
    until(test, "Undo: the list becomes what it was before it: 0 added, 1 removed, 0 changed")
    assert database["Equipment"].count_documents({}) == 3, "it has only asked"
    press(test, "Undo this restore now")
    ended(place)

    until(test, f"Undo of the restore of backup {made.label}: done.")
    assert "Equipment: 3 → 2 records: 0 added, 1 removed, 0 changed." in said(test)
    assert "What was there before is kept in the safety set of" in said(test)
    assert database["Equipment"].count_documents({}) == 2
    assert "Redo" in labels(test) and "Undo this restore" not in labels(test)

    until(press(test, "Redo"), "Redo: the list becomes what it was before it: 1 added, 0 removed, 0 changed")
    press(test, "Redo now")
    ended(place)
    until(test, "Redo of what was undone: done.")
    assert database["Equipment"].count_documents({}) == 3


def test_cancel_changes_nothing(place: Backups, database: Db) -> None:
    restored(place, database)
    test = until(press(opened("restore.screen"), "Undo this restore"), "Undo: the list becomes")

    press(test, "Cancel")

    assert "Undo this restore now" not in labels(test) and "Undo: the list becomes" not in said(test)
    assert database["Equipment"].count_documents({}) == 3 and place.jobs.latest(WRITING) is None


def test_a_question_that_somebody_else_has_overtaken_is_asked_no_more(place: Backups, database: Db) -> None:
    made, ws = restored(place, database), place.engine.workspace
    test = until(press(opened("restore.screen"), "Undo this restore"), "Undo: the list becomes")

    api.replace(ws, api.plan_replace(ws, made, ["equipment"]), actor="bob")

    assert "Undo this restore now" not in labels(test.run())
    assert "by bob just now can be taken back." in said(test)


def test_who_may_not_restore_may_not_undo(place: Backups, database: Db) -> None:
    restored(place, database)
    test = until(press(opened("restore.screen", role="user"), "Undo this restore"), "Undo: the list becomes")

    press(test, "Undo this restore now")

    assert "backup.replace" in said(test) and database["Equipment"].count_documents({}) == 3
