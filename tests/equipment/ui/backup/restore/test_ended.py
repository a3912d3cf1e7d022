"""What a restore did stands on the page until somebody has read it: from what to what, how long, and the ways on."""

from __future__ import annotations

from typing import Any

from pymongo.database import Database

from equipment.backups import NOBODY, WRITING, Backups
from equipment.restores.numbers import Numbers
from equipment.ui import header
from equipment.ui.backup.restore import ended
from tests.equipment.ui.backup.place import opened, press, said

Db = Database[dict[str, Any]]


def restored(place: Backups, database: Db) -> None:
    made = place.engine.create(force=True).set
    assert made is not None
    database["Equipment"].delete_one({"_id": 0})
    assert place.replace(NOBODY, made, ("equipment",)).done.wait(60)


def test_the_numbers_the_duration_the_safety_set_and_the_ways_on(place: Backups, database: Db) -> None:
    restored(place, database)
    test = opened("restore.screen")
    (safety, *_) = place.sets(NOBODY)

    assert "Restore completed successfully: 3 records in Equipment" in said(test)
    assert "Equipment: 2 → 3 records: 1 added, 0 removed, 0 changed." in said(test)
    assert f"{safety.started.astimezone():%H:%M:%S}" in said(test) and " s):" in said(test)
    buttons = [button.label for button in test.button]
    assert buttons[:3] == ["Show the list", "Undo this restore", "Done"]
    assert buttons.count("Undo this restore") == 1, "one place to press it"

    press(test, "Show the list")
    assert test.session_state[header.TAB] == "Equipment Records"
    press(test, "Done")
    assert place.jobs.latest(WRITING) is None and "→" not in said(test)


def test_words_for_one_and_for_many() -> None:
    assert ended.in_words("select_options", Numbers(0, 1, 1, 0, 0)) == (
        "Select Options: 0 → 1 record: 1 added, 0 removed, 0 changed")
    many = ended.in_words("equipment", Numbers(1_000, 2_000, 1_000, 0, 0))
    assert many == "Equipment: 1,000 → 2,000 records: 1,000 added, 0 removed, 0 changed"
