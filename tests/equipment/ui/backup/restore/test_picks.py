"""Merge of single records: what was ticked is what is merged, whatever was looked at in between."""

from __future__ import annotations

import json
from typing import Any

import pytest
from pymongo.database import Database
from streamlit.testing.v1 import AppTest

from equipment.backups import WRITING, Backups
from equipment.ui.backup.restore import difference
from tests.equipment.ui.backup.conftest import options, place  # noqa: F401 - fixtures
from tests.equipment.ui.backup.test_restore_remote import press, screen, texts, until
from tests.equipment.ui.backup.test_tab import run

Db = Database[dict[str, Any]]
CHIPS = "difference_equipment_backup"


@pytest.fixture
def here(place: Backups, database: Db) -> Backups:  # noqa: F811
    """A backup of 60 records and 3 choices; then 50 were deleted, two changed, and two choices deleted."""
    database["Equipment"].delete_many({})
    database["Equipment"].insert_many({"_id": n, "ID": n, "Vendor": f"V{n}", "Model": "old"} for n in range(60))
    database["Equipment_select_options"].insert_many({"_id": n, "Vendor": f"V{n}"} for n in range(3))
    place.engine.create(force=True)
    database["Equipment"].delete_many({"_id": {"$lt": 50}})
    database["Equipment"].update_many({"_id": {"$gte": 58}}, {"$set": {"Model": "new", "Vendor": "other"}})
    database["Equipment_select_options"].delete_many({"_id": {"$lt": 2}})
    return place


def merging(collections: str = "Equipment") -> AppTest:
    """Choose Merge, and look at the comparison."""
    test = run(screen, restore_mode="Merge", look_equipment="Compare", look_select_options="Compare")
    test.radio(key="restore_type").set_value(collections)
    return until(test, "Merge: ")


def chip(test: AppTest, kind: str, key: str = "equipment") -> AppTest:
    (chips,) = [each for each in test.button_group if str(each.key).startswith(f"difference_{key}_")]
    return chips.set_value(kind).run()


def look(test: AppTest, tab: str, key: str = "equipment") -> AppTest:
    test.session_state[f"look_{key}"] = tab
    return test.run()


def turn(test: AppTest, page: int) -> AppTest:
    """Turn to a page of the records that only the backup has."""
    (pager,) = [each for each in test.number_input if str(each.key).startswith("page_only_left")]
    return pager.set_value(page).run()


def table(test: AppTest, kind: str, key: str = "equipment") -> Any:
    (found,) = [each for each in test.dataframe if f"-rows_{kind}_{key}_" in each.proto.id]
    return found


def tick(test: AppTest, rows: list[int], kind: str = "only_left", key: str = "equipment") -> AppTest:
    """Tick these rows of a table and no others, as the browser says it."""
    states = test._tree.get_widget_states()
    states.widgets.add(id=table(test, kind, key).proto.id,
                       string_value=json.dumps({"selection": {"rows": rows, "columns": [], "cells": []}}))
    return test._run(states)


def ticked(test: AppTest, kind: str = "only_left", key: str = "equipment") -> list[int]:
    """Which rows a table shows as ticked when it comes to the page."""
    rows: list[int] = json.loads(table(test, kind, key).proto.selection_default)["selection"]["rows"]
    return rows


def way_to(block: Any, label: str, way: tuple[int, ...] = ()) -> tuple[int, ...] | None:
    """Give the numbers by which the front end finds the box of that label; elsewhere it is another one, and closed."""
    for number, child in getattr(block, "children", {}).items():
        if getattr(child, "label", "") == label:
            return (*way, number)
        if found := way_to(child, label, (*way, number)):
            return found
    return None


def restore(here: Backups, test: AppTest, label: str) -> str:
    """Confirm and press; gives what the page then says."""
    (box,) = [box for box in test.checkbox if str(box.key).startswith("tick_")]
    box.check().run()
    (button,) = [button for button in test.button if str(button.key).startswith("confirm_")]
    assert (button.label, button.disabled) == (label, False)
    button.click().run()
    assert here.jobs.wait_for(WRITING, 60)
    test.run()
    assert not test.exception
    return texts(test)


def ids(database: Db, name: str = "Equipment") -> set[int]:
    return {record["_id"] for record in database[name].find()}


def test_two_of_fifty_are_merged_after_a_look_at_the_preview_and_another_chip(here: Backups, database: Db) -> None:
    test = chip(merging(), "only_left")
    where = way_to(test.main, "Preview and compare")
    tick(test, [3, 7])
    assert where is not None and way_to(test.main, "Preview and compare") == where, "it stays open, and the table there"
    said = "Merge of 2 picked records: 2 added, 0 changed to the backup's values; every other record stays as it is."
    assert said in texts(test)

    look(test, "Preview")
    look(test, "Compare")
    chip(test, "different")
    assert said in texts(test)
    assert [box.label[:34] for box in test.checkbox if str(box.key).startswith("tick_")] == \
        ["Restore 2 picked records of Equipm"]
    assert ticked(chip(test, "only_left")) == [3, 7]
    chip(test, "same")
    assert "2 added" in restore(here, test, "Restore 2 picked records")

    assert ids(database) == {3, 7, *range(50, 60)}
    assert {record["Model"] for record in database["Equipment"].find({"_id": {"$gte": 58}})} == {"new"}
    press(test, "restore_done")
    until(test, "Merge: 48 added")
    assert "no longer" not in texts(test), "what was restored as asked is no loss"


def test_both_merges_the_picks_of_both_collections_and_nothing_else(here: Backups, database: Db) -> None:
    test = merging("Both")
    tick(chip(test, "only_left"), [0])
    tick(test, [1], key="select_options")
    tick(chip(test, "different"), [0], kind="different")  # record 58, Vendor
    assert "Merge of 2 picked records and 1 picked field of 1 record: 2 added, 1 changed" in texts(test)

    restore(here, test, "Restore 2 picked records and 1 picked field of 1 record")

    assert ids(database) == {0, *range(50, 60)}
    assert ids(database, "Equipment_select_options") == {1, 2}
    (changed,) = database["Equipment"].find({"_id": 58})
    assert (changed["Vendor"], changed["Model"]) == ("V58", "new")


def test_picks_made_under_equipment_count_under_both_without_the_select_options(here: Backups, database: Db) -> None:
    test = tick(chip(merging(), "only_left"), [5])
    test.radio(key="restore_type").set_value("Both")
    until(test, "Merge of 1 picked record")

    restore(here, test, "Restore 1 picked record")

    assert ids(database) == {5, *range(50, 60)}
    assert ids(database, "Equipment_select_options") == {2}


def test_pages_keep_their_picks_and_all_can_be_dropped(here: Backups, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(difference, "PAGE", 20)
    test = tick(chip(merging(), "only_left"), [0])
    turn(test, 3)
    assert ticked(test) == [] and list(table(test, "only_left").value["ID"]) == [str(n) for n in range(40, 50)]
    tick(test, [9])
    assert "Merge of 2 picked records" in texts(test)
    turn(test, 1)
    assert ticked(test) == [0]
    tick(test, [])
    assert "Merge of 1 picked record:" in texts(test)

    press(test, "drop_picks")

    assert "Merge: 50 added" in texts(test) and "picked" not in texts(test)
    assert ticked(test) == []
    assert [button.label for button in test.button if str(button.key).startswith("confirm_")] == ["Confirm and Restore"]


def test_what_no_longer_differs_is_told_and_never_becomes_everything(here: Backups, database: Db) -> None:
    test = tick(chip(merging(), "only_left"), [3, 7])
    before = table(test, "only_left").proto.id
    database["Equipment"].insert_one({"_id": 3, "ID": 3, "Vendor": "somebody's"})
    del test.session_state["background_answers"]
    until(test, "1 picked record no longer differs as when it was picked, and will not be restored.")
    assert ticked(test) == [6] and table(test, "only_left").proto.id != before, "no old tick meets another row"
    assert "Merge of 1 picked record: 1 added" in texts(test)

    database["Equipment"].insert_one({"_id": 7, "ID": 7})
    del test.session_state["background_answers"]
    until(test, "Nothing of what was picked differs any more.")
    (box,) = [box for box in test.checkbox if str(box.key).startswith("tick_")]
    box.check().run()
    assert [button.disabled for button in test.button if str(button.key).startswith("confirm_")] == [True]


def test_a_field_that_only_the_list_has_is_said_to_stay_and_offers_no_restore(here: Backups, database: Db) -> None:
    database["Equipment"].update_one({"_id": 58}, {"$set": {"Note": "new field", "Vendor": "V58", "Model": "old"}})
    test = tick(chip(merging(), "different"), [0], kind="different")

    assert "0 added, 0 changed" in texts(test)
    assert "1 of them stays as the list has it: a merge takes no field away." in texts(test)
    assert "What is picked would change nothing in the list." in texts(test)
    assert [button.disabled for button in test.button if str(button.key).startswith("confirm_")] == [True]
    assert "1 added, 0 changed" in texts(tick(chip(test, "only_left"), [0]))
    assert "would change nothing" not in texts(test)
