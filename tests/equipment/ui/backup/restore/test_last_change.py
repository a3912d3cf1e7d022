"""What was compared, ticked and typed before a restore counts no more after it, in whatever tab it stands."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from pymongo.database import Database
from streamlit.testing.v1 import AppTest

from backup_engine import api
from backup_engine.model import BackupSet
from equipment.backups import NOBODY, WRITING, Backups
from tests.equipment.ui.backup.place import opened, press, said
from tests.server.running_app import wait_for

Db = Database[dict[str, Any]]


def tab(words: str) -> AppTest:
    """Open Restore Data, and wait until its comparison says so."""
    return until(opened("restore.screen"), words)


def until(test: AppTest, words: str) -> AppTest:
    wait_for(lambda: words in said(test.run()), words)
    return test


def arm(test: AppTest) -> AppTest:
    """Tick and type what makes the button one that can be pressed."""
    test.checkbox[0].check()
    (count,) = [box for box in test.text_input if box.label.startswith("Type the number")]
    count.input("3").run()
    assert is_armed(test)
    return test


def is_armed(test: AppTest) -> bool:
    """Whether the next press of the button restores."""
    return _filled_in(test) == (True, ["3"])


def is_blank(test: AppTest) -> bool:
    """Whether nothing is ticked or typed, and the button waits for both."""
    return _filled_in(test) == (False, [""])


def _filled_in(test: AppTest) -> tuple[bool, list[str]]:
    return test.checkbox[0].value, [box.value for box in test.text_input if box.label.startswith("Type the number")]


def ended(here: Backups) -> None:
    job = here.jobs.latest(WRITING)
    assert job is not None and job.done.wait(60)


def test_after_a_restore_and_its_undo_every_tab_compares_and_asks_again(place: Backups, database: Db) -> None:
    place.engine.create(force=True)
    database["Equipment"].delete_one({"_id": 2})
    ours, other = arm(tab("1 added, 0 removed, 0 changed")), arm(tab("1 added, 0 removed, 0 changed"))

    press(ours, "Confirm and Restore")
    ended(place)

    assert is_blank(until(ours, "0 added, 0 removed, 0 changed"))
    press(other, "Confirm and Restore")
    assert database["Equipment"].count_documents({}) == 3 and len(place.sets(NOBODY)) == 2, "it was pressed for nothing"
    assert is_blank(until(other, "0 added, 0 removed, 0 changed"))

    arm(other)
    press(ours, "Done")
    assert is_armed(other.run()), "that somebody has read the outcome changes nothing"
    press(ours, "Undo this restore")
    until(ours, "Undo: the list becomes what it was before it: 0 added, 1 removed, 0 changed")
    press(ours, "Undo this restore now")
    ended(place)
    assert is_blank(until(ours, "1 added, 0 removed, 0 changed"))
    assert is_blank(until(other, "1 added, 0 removed, 0 changed"))


def restored_elsewhere(place: Backups, made: BackupSet) -> None:
    """Restore it as another program would."""
    ws = place.engine.workspace
    api.replace(ws, api.plan_replace(ws, made, ["equipment"]))


def test_a_restore_by_another_program_counts_as_well(place: Backups, database: Db) -> None:
    made = place.engine.create(force=True).set
    database["Equipment"].delete_one({"_id": 2})
    test = arm(tab("1 added, 0 removed, 0 changed"))
    assert made is not None

    restored_elsewhere(place, made)

    assert is_blank(until(test, "0 added, 0 removed, 0 changed"))


def test_a_comparison_that_was_begun_before_it_is_not_shown_after_it(
    place: Backups, database: Db, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = place.engine.create(force=True).set
    database["Equipment"].delete_one({"_id": 2})
    compare, go, compared = api.compare, threading.Event(), threading.Event()

    def slow(*given: Any, **more: Any) -> Any:
        found = compare(*given, **more)
        compared.set()
        go.wait(60)
        return found

    monkeypatch.setattr(api, "compare", slow)
    test = opened("restore.screen")
    assert made is not None and compared.wait(60)
    restored_elsewhere(place, made)
    go.set()

    wait_for(lambda: "Replace: the list becomes" in said(test.run()), "a comparison")
    assert "0 added, 0 removed, 0 changed" in said(test)


def test_one_that_was_stopped_because_the_list_changed_shows_what_is_there_now(place: Backups, database: Db) -> None:
    place.engine.create(force=True)
    database["Equipment"].delete_one({"_id": 2})
    test = arm(tab("1 added, 0 removed, 0 changed"))
    database["Equipment"].delete_one({"_id": 1})

    press(test, "Confirm and Restore")
    ended(place)

    assert "the list changed since the comparison" in said(test.run())
    assert is_blank(until(test, "2 added, 0 removed, 0 changed"))


def test_records_brought_back_from_lost_and_found_are_compared_anew(place: Backups, database: Db) -> None:
    place.engine.create(force=True)
    database["Equipment"].delete_one({"_id": 2})
    test = arm(tab("1 added, 0 removed, 0 changed"))
    press(test, "Search all backups")
    test.session_state["lost_rows"] = {"selection": {"rows": [0], "columns": []}}

    press(test.run(), "Bring back 1 record")

    assert is_blank(until(test, "0 added, 0 removed, 0 changed"))
    assert not [button.label for button in test.button if button.label.startswith("Bring back")]


def test_a_merge_that_would_change_nothing_offers_no_button(place: Backups, database: Db) -> None:
    place.engine.create(force=True)
    database["Equipment"].update_one({"_id": 2}, {"$set": {"Only here": "stays in a merge"}})
    test = tab("0 added, 0 removed, 1 changed")
    assert "Confirm and Restore" in [button.label for button in test.button]

    test.radio(key="restore_mode").set_value("Merge").run()

    assert "Merge: nothing would be changed." in said(test)
    assert "Confirm and Restore" not in [button.label for button in test.button] and not test.checkbox

    database["Equipment"].update_one({"_id": 2}, {"$set": {"ID": "another"}})
    test = tab("Replace: the list becomes")
    test.radio(key="restore_mode").set_value("Merge").run()
    assert "Merge: 0 added, 1 changed to the backup's values" in said(test)
    test.checkbox[0].check().run()
    press(test, "Confirm and Restore")
    ended(place)
    assert "Merge: nothing would be changed." in said(until(test, "Merge completed: "))
