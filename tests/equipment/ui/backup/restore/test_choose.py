"""Safety copies hold what somebody wanted to get rid of: none is ever chosen unasked."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from backup_engine import api
from backup_engine.model import BackupSet
from equipment.backups import NOBODY, Backups
from tests.equipment.ui.backup.place import opened, said

SAFETY = "Safety copies: the list before a restore"


def restored(place: Backups) -> tuple[BackupSet, BackupSet]:
    """Make backups a week ago and yesterday and restore that one; gives it and the safety copy of today."""
    ws, made = place.engine.workspace, None
    now = ws.clock
    for days in (7, 1):
        object.__setattr__(ws, "clock", lambda days=days: now() - timedelta(days=days))
        made = place.engine.create(force=True).set
    object.__setattr__(ws, "clock", now)
    assert made is not None
    api.replace(ws, api.plan_replace(ws, made, ["equipment"]))
    safety, *_ = place.sets(NOBODY)
    assert safety.trigger == "pre_restore"
    return made, safety


def test_after_a_restore_it_is_no_safety_copy_that_is_chosen(place: Backups) -> None:
    made, safety = restored(place)
    test = opened("restore.screen")
    day, backup = test.selectbox[:2]

    assert backup.value.backup_id == made.backup_id and len(backup.options) == 1
    assert {f"{made.day.title()} (1)", f"{safety.day.title()} (1)"} == {*day.options[:2]}
    assert day.options[2:] == ["All days (2)", f"{SAFETY} (1)"]
    test.selectbox[0].set_value("All days").run()
    assert made.backup_id == test.selectbox[1].value.backup_id and len(test.selectbox[1].options) == 2

    test.selectbox[0].set_value(SAFETY).run()
    assert (test.selectbox[1].label, test.selectbox[1].value) == (SAFETY, None)
    assert "Confirm and Restore" not in [button.label for button in test.button]
    test.selectbox[1].select_index(0).run()
    assert test.selectbox[1].value.backup_id == safety.backup_id
    assert "Confirm and Restore" in [button.label for button in test.button]


def test_where_there_is_nothing_else_one_is_asked_for(place: Backups, tmp_path: Path) -> None:
    restored(place)
    for backup in place.sets(NOBODY)[1:]:
        for file in (tmp_path / "sets" / backup.day).glob(f"*{backup.label}*"):
            file.unlink()

    test = opened("restore.screen")

    assert test.selectbox[0].options == [f"{SAFETY} (1)"] and test.selectbox[1].value is None
    assert "No backups found" not in said(test)
