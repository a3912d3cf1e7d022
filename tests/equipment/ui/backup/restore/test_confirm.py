"""The button of a restore can be pressed at any time, and says what is missing until all is ticked and typed."""

from __future__ import annotations

from typing import Any

import pytest
from pymongo.database import Database
from streamlit.testing.v1 import AppTest

from equipment.backups import WRITING, Backups
from tests.equipment.ui.backup.place import opened, press, said
from tests.server.running_app import wait_for

Db = Database[dict[str, Any]]
TICK, TYPE = "Tick the box above.", "Type the number of records in this backup: 3."


@pytest.fixture
def form(place: Backups, database: Db) -> AppTest:
    """Restore Data, with one record fewer than the backup has."""
    place.engine.create(force=True)
    database["Equipment"].delete_one({"_id": 2})
    page = opened("restore.screen")
    wait_for(lambda: "1 added, 0 removed, 0 changed" in said(page.run()), "the comparison")
    return page


def fill(test: AppTest, *, tick: bool, number: str) -> AppTest:
    test.checkbox[0].set_value(tick)
    (count,) = [box for box in test.text_input if box.label.startswith("Type the number")]
    return count.input(number).run()


@pytest.mark.parametrize(("tick", "number", "words"), [
    (False, "", [TICK, TYPE]),
    (True, "", [TYPE]),
    (False, "3", [TICK]),
    (True, "4", ["The backup has 3 records, not “4”."]),
    (True, "3 4", ["The backup has 3 records, not “3 4”."]),
])
def test_pressed_too_early_it_says_what_is_missing_and_does_nothing(
    place: Backups, database: Db, form: AppTest, tick: bool, number: str, words: list[str]
) -> None:
    assert "Nothing is restored yet." not in said(fill(form, tick=tick, number=number)), "nobody has pressed"

    press(form, "Confirm and Restore")

    assert [warning.value.replace("\\", "") for warning in form.warning] == [
        " ".join(["Nothing is restored yet.", *words])]
    assert place.jobs.latest(WRITING) is None and database["Equipment"].count_documents({}) == 2


@pytest.mark.parametrize("number", ["3", " 3 "])
def test_with_tick_and_number_it_restores(place: Backups, database: Db, form: AppTest, number: str) -> None:
    press(fill(form, tick=True, number=number), "Confirm and Restore")

    job = place.jobs.latest(WRITING)
    assert job is not None and job.done.wait(60)
    assert database["Equipment"].count_documents({}) == 3
