"""The calibration screen: words for what is overdue, cards that open the list, a calendar whose entries all lead on."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from pymongo.database import Database
from streamlit.testing.v1 import AppTest

from equipment.domain.life.plan import Rhythm
from equipment.domain.roles import Role
from equipment.domain.values.dates import STATUSES
from equipment.store.access import SYSTEM
from equipment.store.life import plans
from equipment.ui.records import calibration
from tests.equipment.ui.records_page import page

Db = Database[dict[str, Any]]
TODAY = date.today()


@pytest.fixture
def lab(database: Db) -> Db:
    """One record 379 days overdue, five due today, one not needed, one nobody can read."""
    due = [(TODAY - timedelta(days=379)).isoformat(), *[TODAY.isoformat()] * 5, "NO CAL NEEDED", "some day"]
    database.Equipment.insert_many([
        {"ID": number, "Vendor": "Acme", "Model": f"M{number}", "Next Cal Date": text}
        for number, text in enumerate(due, 1)])
    return database


def visit(lab: Db, folder: Path) -> AppTest:
    return page(lab, folder, section="Calibration")


def test_what_is_overdue_is_said_in_words(lab: Db, tmp_path: Path) -> None:
    test = visit(lab, tmp_path)

    assert list(test.dataframe[0].value["When"]) == ["379 days overdue", *["due today"] * 5]


@pytest.mark.parametrize(("status", "number"), [("overdue", 1), ("due soon", 5), ("not needed", 1), ("cannot read", 1)])
def test_a_card_opens_its_records_in_the_list(lab: Db, tmp_path: Path, status: str, number: int) -> None:
    test = visit(lab, tmp_path)
    card = test.button(key=f"calibration_{status}")
    assert f"**{number}**" in card.label

    card.click().run()

    assert not test.exception
    assert f"1–{number} of {number}" in "\n".join(str(each.value) for each in test.caption)


def test_a_card_without_records_opens_nothing(lab: Db, tmp_path: Path) -> None:
    test = visit(lab, tmp_path)

    assert test.button(key="calibration_fine").disabled
    assert {f"calibration_{status}" for status in STATUSES} <= {button.key for button in test.button}


def test_the_calendar_marks_today_and_links_every_entry(lab: Db, tmp_path: Path) -> None:
    test = visit(lab, tmp_path)
    test.session_state["calibration_part"] = "Calendar"
    test.run()

    words = [str(each.value) for each in test.markdown]
    assert sum("today]" in each for each in words) == 1
    linked = "\n".join(words)
    for number in range(2, 7):
        assert f"[{number} Acme M{number}](?id=" in linked, "also what does not fit into the day's box"


def test_the_calendar_shows_planned_work_too(lab: Db, tmp_path: Path) -> None:
    lab.Equipment.update_one({"ID": 7}, {"$set": {"Category": "Pump"}})
    plans.add(lab, SYSTEM, Rhythm("maintenance", 6, "months", TODAY.replace(day=15), "Oil", category="Pump"))
    test = visit(lab, tmp_path)
    test.session_state["calibration_part"] = "Calendar"
    test.run()

    assert "[7 Oil](?id=" in "\n".join(str(each.value) for each in test.markdown)


@pytest.mark.parametrize(("part", "button"), [("Plans", "plans_add"), ("Due work", "due_done")])
def test_plans_and_due_work_are_parts_of_it(lab: Db, tmp_path: Path, part: str, button: str) -> None:
    test = visit(lab, tmp_path)
    test.session_state["calibration_part"] = part
    test.run()

    assert not test.exception and not test.error
    assert button in [each.key for each in test.button]


def test_every_status_has_a_filter_of_the_list() -> None:
    assert set(calibration.ONLY) == set(STATUSES)


@pytest.mark.parametrize(("role", "locked"), [("technician", False), ("user", True)])
def test_a_date_nobody_can_read_is_listed_and_typed_anew_by_who_may(
    lab: Db, tmp_path: Path, role: Role, locked: bool
) -> None:
    test = page(lab, tmp_path, role, section="Calibration")
    test.session_state["calibration_part"] = "Fix-up list (1)"
    test.run()

    [fix_up] = [each for each in test.dataframe if "New date" in each.value]
    assert list(fix_up.value["Now"]) == ["some day"]
    assert fix_up.proto.disabled == locked
    assert next(button for button in test.button if button.label.startswith("Save")).disabled
