"""What can be done with ticked rows: every action is there, and Duplicate asks how many copies."""

from __future__ import annotations

import importlib
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from pymongo.database import Database

from equipment.domain import sample
from equipment.ui.records import screen
from equipment.ui.records.list.actions import ACTIONS, Action
from equipment.ui.records.screen import Section
from tests.equipment.ui.records_page import page, press, shown

Db = Database[dict[str, Any]]


@pytest.mark.parametrize("action", ACTIONS, ids=lambda action: action.name)
def test_every_action_is_where_its_button_looks_for_it(action: Action) -> None:
    assert callable(getattr(importlib.import_module(f"equipment.ui.{action.module}"), action.function))


@pytest.mark.parametrize("section", screen.SECTIONS, ids=lambda section: section.name)
def test_every_section_is_where_its_tab_looks_for_it(section: Section) -> None:
    assert callable(importlib.import_module(f"equipment.ui.records.{section.module}").show)


def test_duplicate_opens_its_dialog(database: Db, tmp_path: Path) -> None:
    key = database.Equipment.insert_one({**sample.records(date.today(), count=1)[0], "ID": 1}).inserted_id

    test = press(page(database, tmp_path, id=str(key)), "Duplicate")

    assert not test.exception and not test.error, shown(test)
    assert [field.label for field in test.number_input] == ["Copies of each"]
