"""Status: the badge, setting it for ticked rows, and a list that leaves retired things out until it is asked."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from pymongo.database import Database
from streamlit.testing.v1 import AppTest

from equipment.domain.query import Query, from_params
from equipment.index.sheet import Sheet
from equipment.store.list import keys, listing, records
from equipment.ui.records import status
from equipment.ui.records.state import State
from tests.equipment.store.people import signed_in

Db = Database[dict[str, Any]]
TODAY = date(2026, 11, 28)


def _script(database, who, keys):  # without types: it runs as a script of its own
    from equipment.settings import Settings
    from equipment.store.access import identify
    from equipment.store.list import records
    from equipment.ui.context import App
    from equipment.ui.records import status

    app = App(Settings(), database, who, identify(database, who))  # type: ignore[arg-type]
    status.dialog(app, records.entries(database, keys), 1)


@pytest.fixture
def sheet(database: Db) -> Sheet:
    """Five things, of which two are retired, one in words of somebody's own case."""
    states = ["In use", "Retired", "", " RETIRED", "Borrowed"]
    database.Equipment.insert_many([
        {"_id": n, "ID": n, "Vendor": "Acme"} | ({"Status": words} if words else {}) for n, words in enumerate(states)])
    return listing.sheet(database)


def opened(database: Db, *numbers: int) -> AppTest:
    args = (database, signed_in(database, "technician"), [keys.key_of_id(number) for number in numbers])
    return AppTest.from_function(_script, args=args, default_timeout=60).run()


def found(sheet: Sheet, query: Query) -> list[str]:
    return sheet.keys(sheet.find(query, {}, TODAY))


def test_the_whole_list_leaves_retired_things_out_and_a_search_finds_them(database: Db, sheet: Sheet) -> None:
    state = State()

    assert found(sheet, state.viewed) == [keys.key_of_id(n) for n in (0, 2, 4)]
    assert sheet.counts({}, TODAY, state.viewed).records == 3 and status.retired(sheet) == 2
    state.ask(Query(text="acme", sort="ID"))
    assert len(found(sheet, state.viewed)) == 5
    state.ask(Query(sort="ID"))
    state.show_retired(True)
    assert len(found(sheet, state.viewed)) == 5 and sheet.counts({}, TODAY, state.viewed).records == 5


def test_whoever_asks_for_everything_gets_everything(database: Db, sheet: Sheet) -> None:
    """Exports, programs and restores say nothing of retired things."""
    assert len(found(sheet, Query())) == 5
    assert records.page(database, Query(sort="ID"), {}, TODAY).total == 5


def test_a_list_without_such_a_column_is_whole(database: Db) -> None:
    database.Equipment.insert_one({"_id": 1, "ID": 1})
    assert len(found(listing.sheet(database), State().viewed)) == 1


def test_a_download_as_filtered_holds_what_is_shown(sheet: Sheet) -> None:
    asked = from_params(State().viewed.to_params())

    assert asked.active and len(found(sheet, asked)) == 3
    assert not from_params(Query(sort="ID").to_params()).active


def test_the_status_of_ticked_rows_is_set_with_a_reason_and_can_be_undone(database: Db, sheet: Sheet) -> None:
    test = opened(database, 0, 2)
    test.button_group(key="status_chosen").set_value("In repair")
    test.text_input(key="status_note").input("fan is loud").run()

    test.button(key="status_save").click().run()

    assert not test.exception and not test.error
    assert [each.get("Status") for each in database.Equipment.find(sort=[("ID", 1)])][:3] == [
        "In repair", "Retired", "In repair"]
    notes = {entry["note"] for entry in database.equipment_activity.find({"action": "records.edit"})}
    assert notes == {"Status: In repair. fan is loud"}
    assert database.equipment_undo.count_documents({}) > 0


def test_cancel_sets_nothing_and_without_a_choice_there_is_nothing_to_save(database: Db, sheet: Sheet) -> None:
    test = opened(database, 2)
    assert test.button(key="status_save").disabled

    test.button(key="status_cancel").click().run()

    assert "Status" not in database.Equipment.find_one({"ID": 2})


def test_what_says_so_already_stays_as_it_is(database: Db, sheet: Sheet) -> None:
    entries = records.entries(database, [keys.key_of_id(n) for n in (1, 3, 4)])

    assert [each.entry.key for each in status.saves(entries, "Retired")] == [keys.key_of_id(4)]


def test_the_badge_has_a_color_and_no_markdown_of_others(database: Db) -> None:
    database.Equipment.insert_many([{"_id": 1, "Status": "lost"}, {"_id": 2, "Status": "**x**"}, {"_id": 3}])
    entries = records.entries(database, [keys.key_of_id(n) for n in (1, 2, 3)])

    assert [status.badge(entry) for entry in entries] == [":red-badge[Lost]", r":gray-badge[\*\*x\*\*]", ""]
