"""Edits stay until they are saved or dropped, wherever one looks meanwhile."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from pymongo.database import Database
from streamlit.proto.WidgetStates_pb2 import WidgetState
from streamlit.testing.v1 import AppTest

from equipment.store.list import records
from equipment.ui.records import state
from equipment.ui.records.changing import edit
from tests.equipment.ui.records_page import labels, page, press, shown

Db = Database[dict[str, Any]]


@pytest.fixture
def lab(database: Db) -> Db:
    database.Equipment.insert_many([
        {"ID": number, "Model": f"M{number}", "Vendor": "Fluke", "Serial": f"S{number}"} for number in range(1, 61)
    ])
    return database


def say(test: AppTest, edits: dict[int, dict[str, str]]) -> AppTest:
    """Let the grid tell, as the browser does, all that was typed into it so far, by row."""
    [editor] = test.data_editor
    message = WidgetState(id=editor.proto.id, string_value=json.dumps(
        {"edited_rows": edits, "added_rows": [], "deleted_rows": []}))
    states = test._tree.get_widget_states()
    states.widgets.append(message)
    return test._run(states)


def choose(test: AppTest, section: str) -> AppTest:
    test.session_state[state.SECTION] = section
    return test.run()


def pending(test: AppTest) -> dict[str, str]:
    """Give every edit that is not saved: ``{"1 Model": "new"}``."""
    now: state.State = test.session_state[state.KEY]
    return {f"{edited.seen.record['ID']} {name}": words
            for edited in now.pending.values() for name, words in edited.typed.items()}


def in_grid(test: AppTest, row: int, name: str) -> str:
    [editor] = test.data_editor
    return str(editor.value[name].iloc[row])


def drop(test: AppTest, where: str, name: str) -> AppTest:
    return next(button for button in test.button
                if (button.key or "").startswith(f"{where}_drop_") and (button.key or "").endswith(name)).click().run()


@pytest.mark.parametrize("section", ["Browse", "Add", "Dashboard"])
def test_edits_survive_a_look_at_another_section_and_stand_in_the_grid_again(
    lab: Db, tmp_path: Path, section: str
) -> None:
    test = say(page(lab, tmp_path, section="Edit"), {0: {"Model": "87V"}, 2: {"Vendor": "Ohm"}})

    test = choose(test, section)
    assert any("2 edits in 2 records not saved yet" in label for label in labels(test))
    test = choose(test, "Edit")

    assert pending(test) == {"1 Model": "87V", "3 Vendor": "Ohm"}
    assert (in_grid(test, 0, "Model"), in_grid(test, 2, "Vendor")) == ("87V", "Ohm")
    test = say(test, {0: {"Vendor": "Keysight"}})
    assert pending(test) == {"1 Model": "87V", "1 Vendor": "Keysight", "3 Vendor": "Ohm"}


def test_an_edit_that_comes_in_one_message_with_the_click_on_another_section_counts(lab: Db, tmp_path: Path) -> None:
    test = page(lab, tmp_path, section="Edit")
    test.segmented_control[0].set_value("Browse")

    test = say(test, {0: {"Model": "87V"}})

    assert not test.data_editor
    assert pending(test) == {"1 Model": "87V"}


def test_edits_survive_other_pages_orders_and_filters(lab: Db, tmp_path: Path) -> None:
    test = say(page(lab, tmp_path, section="Edit"), {0: {"Model": "87V"}})
    now: state.State = test.session_state[state.KEY]
    now.page = 2
    test = say(test.run(), {0: {"Model": "on page 2"}})
    test.text_input[0].set_value("M60").run()

    assert in_grid(test, 0, "ID") == "60"
    assert pending(test) == {"1 Model": "87V", "51 Model": "on page 2"}
    assert "ID 1" in shown(test) and "87V" in shown(test)
    test.text_input[0].set_value("").run()
    assert in_grid(test, 0, "Model") == "87V"


def test_edited_rows_are_marked_and_the_cells_are_named_below(lab: Db, tmp_path: Path) -> None:
    test = say(page(lab, tmp_path, section="Edit"), {1: {"Model": "87V"}})

    [editor] = test.data_editor
    assert list(editor.value[edit.MARK][:3]) == ["", edit.MARKED, ""]
    assert next(iter(editor.value.columns)) == edit.MARK
    assert "**ID 2 · Fluke M2** · Model: M2 → **87V**" in shown(test)


def test_each_edit_can_be_dropped_alone_under_the_grid(lab: Db, tmp_path: Path) -> None:
    test = say(page(lab, tmp_path, section="Edit"), {0: {"Model": "87V", "Vendor": "Ohm"}})

    test = drop(test, "pending", "Model")

    assert pending(test) == {"1 Vendor": "Ohm"}
    assert (in_grid(test, 0, "Model"), in_grid(test, 0, "Vendor")) == ("M1", "Ohm")


def test_an_edit_dropped_while_the_grid_still_tells_of_it_does_not_come_back(lab: Db, tmp_path: Path) -> None:
    test = say(page(lab, tmp_path, section="Edit"), {0: {"Model": "87V"}, 1: {"Model": "88V"}})
    now: state.State = test.session_state[state.KEY]
    now.drop(next(iter(now.pending)), "Model")

    test = say(test, {0: {"Model": "87V"}, 1: {"Model": "88V"}, 2: {"Model": "89V"}})

    assert pending(test) == {"2 Model": "88V", "3 Model": "89V"}


def test_a_line_of_the_review_can_be_dropped_alone(lab: Db, tmp_path: Path) -> None:
    test = press(say(page(lab, tmp_path, section="Edit"), {0: {"Model": "87V", "Vendor": "Ohm"}}), "Review & Save")

    test = drop(test, "review", "Model")

    assert pending(test) == {"1 Vendor": "Ohm"}
    assert (in_grid(test, 0, "Model"), in_grid(test, 0, "Vendor")) == ("M1", "Ohm")


def test_typing_what_was_there_is_no_edit(lab: Db, tmp_path: Path) -> None:
    test = say(page(lab, tmp_path, section="Edit"), {0: {"Model": "87V"}})

    assert pending(say(test, {0: {"Model": "M1"}})) == {}


def test_a_records_page_tells_of_edits_and_leads_to_them(lab: Db, tmp_path: Path) -> None:
    test = say(page(lab, tmp_path, section="Edit"), {0: {"Model": "87V"}})
    now: state.State = test.session_state[state.KEY]
    now.section, now.opened = "Browse", next(iter(now.pending))

    test = test.run()
    next(button for button in test.button if "1 edit in 1 record not saved yet" in button.label).click().run()

    assert (now.opened, in_grid(test, 0, "Model")) == ("", "87V")


def test_a_form_begins_with_the_edits_of_the_grid_and_cancel_leaves_them(lab: Db, tmp_path: Path) -> None:
    test = say(page(lab, tmp_path, section="Edit"), {0: {"Model": "87V"}})
    now: state.State = test.session_state[state.KEY]
    now.opened = next(iter(now.pending))

    test = press(test.run(), "Edit")
    assert next(field for field in test.text_input if field.label == "Model").value == "87V"
    next(field for field in test.text_input if field.label == "Serial").set_value("007")
    test = press(test, "Review & Save")
    assert pending(test) == {"1 Model": "87V", "1 Serial": "007"}

    assert pending(press(test, "Cancel")) == {"1 Model": "87V"}


def test_somebody_else_on_the_same_page_does_not_inherit_edits(lab: Db, tmp_path: Path) -> None:
    test = say(page(lab, tmp_path, section="Edit"), {0: {"Model": "87V"}})
    test.session_state[state.KEY].owner = "Grace"

    test = test.run()

    assert pending(test) == {}
    assert in_grid(test, 0, "Model") == "M1"


def test_a_text_too_long_for_the_grid_is_not_taken(database: Db, tmp_path: Path) -> None:
    database.Equipment.insert_one({"ID": 1, "Comments": "long " * 1_000})

    test = say(page(database, tmp_path, section="Edit"), {0: {"Comments": "cut"}})

    assert pending(test) == {}
    assert "Comments is too long for the grid" in shown(test)


def test_dropping_what_is_no_edit_does_nothing() -> None:
    now = state.State()
    entry = records.Entry("k", b"")
    now.pending["k"] = state.Pending(entry, {"Model": "x"})

    now.drop("k", "Vendor")
    now.drop("other", "Model")

    assert now.edits == 1
