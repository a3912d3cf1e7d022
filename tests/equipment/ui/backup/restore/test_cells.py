"""Preview, Compare and Lost & found show what the list shows, in its order; what is stored only when asked for."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from bson import Int64, ObjectId
from pymongo.database import Database
from streamlit.testing.v1 import AppTest

from equipment.backups import Backups
from equipment.store.list import columns
from tests.equipment.store.people import signed_in
from tests.equipment.ui.backup.conftest import options, place  # noqa: F401 - fixtures
from tests.equipment.ui.backup.restore.test_picks import chip, look, table
from tests.equipment.ui.backup.test_restore_remote import screen, until
from tests.equipment.ui.backup.test_tab import run

Db = Database[dict[str, Any]]
RECORD: dict[str, Any] = {
    "_id": ObjectId("6" * 24), "check": True, "Vendor": "", "Purchase Value": 310.0,
    "Last Cal Date": datetime(2024, 5, 1), "Tags": ["a", 1], "ID": Int64(7), "Model": "87V", "Owner": None,
}
LISTED = {
    "ID": "7", "Vendor": "", "Model": "87V", "Last Cal Date": "2024-05-01", "Purchase Value": "310", "check": "yes",
    "Tags": '["a", 1]', "Owner": "", "_id": "6" * 24,
}


@pytest.fixture
def here(place: Backups, database: Db) -> Backups:  # noqa: F811
    """A backup of one record, among others that make its columns columns of text; since then it has changed."""
    database["Equipment"].delete_many({})
    database["Equipment"].insert_many([RECORD, *({"_id": n, "ID": str(n), "Vendor": "V"} for n in range(2))])
    place.engine.create(force=True)
    return place


def shown(test: AppTest, row: int = 0) -> dict[str, str]:
    """The first table of the page: one row, by column in their order."""
    found: dict[str, str] = test.dataframe[0].value.iloc[row].to_dict()
    return found


def stored(test: AppTest) -> AppTest:
    return test.toggle(key="restore_stored").set_value(True).run()


def test_the_preview_speaks_as_the_list_does(here: Backups, database: Db) -> None:
    test = until(run(screen, restore_mode="Merge"), "Merge: ")
    found = next(shown(test, row) for row in range(3) if shown(test, row)["Model"] == "87V")
    assert list(found.items()) == list(LISTED.items())

    (search,) = [str(box.key) for box in test.text_input if str(box.key).startswith("preview_search_")]
    test.text_input(key=search).input("yes").run()
    assert len(test.dataframe[0].value) == 1, "what is seen is found"
    chosen = sorted(LISTED.keys() - {"_id"}, reverse=True)
    columns.set_order(database, signed_in(database, "admin"), chosen)
    assert list(shown(test.run())) == [*chosen, "_id"], "the list's order, as somebody set it"

    assert len(stored(test).dataframe[0].value) == 0, "a word that the file does not have"
    test.text_input(key=search).input("true").run()
    row = shown(test)
    assert next(iter(row)) == "_id"
    assert (row["Vendor"], row["Owner"], row["check"]) == ('~""', "~null", "true")


def test_a_comparison_speaks_as_the_list_does(here: Backups, database: Db) -> None:
    database["Equipment"].update_one({"_id": RECORD["_id"]}, {"$set": {
        "check": False, "Purchase Value": 99.5, "Last Cal Date": datetime(2025, 5, 1), "Tags": None}})
    database["Equipment"].insert_one({"_id": 9, "check": True, "ID": 9})
    test = until(run(screen, restore_mode="Merge", look_equipment="Compare"), "Merge: ")
    fields = table(test, "different").value
    assert [tuple(line) for line in fields.drop(columns="_id").to_numpy()] == [
        ("ID 7 · 87V", "check", "yes", "no"), ("ID 7 · 87V", "Purchase Value", "310", "99.5"),
        ("ID 7 · 87V", "Last Cal Date", "2024-05-01", "2025-05-01"), ("ID 7 · 87V", "Tags", '["a", 1]', "")]
    assert list(fields)[-1] == "_id" and set(fields["_id"]) == {"6" * 24}
    assert list(shown(chip(test, "only_right")).items()) == [("ID", "9"), ("check", "yes"), ("_id", "9")]

    assert list(shown(stored(test)).items()) == [("_id", "9"), ("check", "true"), ("ID", "9")]
    lines = table(chip(test, "different"), "different").value
    assert lines.to_numpy()[0].tolist() == ["ID 7 · 87V", "check", "true", "false", "6" * 24]


def test_values_that_look_the_same_in_the_list_are_shown_apart(here: Backups, database: Db) -> None:
    database["Equipment"].update_one({"_id": RECORD["_id"]}, {
        "$set": {"Purchase Value": 310, "ID": 7}, "$unset": {"Vendor": "", "Owner": ""}})
    test = until(run(screen, look_equipment="Compare"), "Replace: ")

    (table_of,) = [each.value for each in test.dataframe if "Field" in each.value.columns]
    assert table_of.drop(columns=["Record", "_id"]).to_numpy().tolist() == [
        ["Vendor", " (str)", "(missing)"], ["Purchase Value", "310.0", "310"], ["ID", "7 (Int64)", "7 (int)"],
        ["Owner", "null", ""]]


def test_rows_of_the_select_options_are_named_by_what_they_say(here: Backups, database: Db) -> None:
    database["Equipment_select_options"].insert_one({"_id": 1, "Category": "Scope", "Vendor": "Acme", "Note": "x"})
    here.engine.create(force=True)
    database["Equipment_select_options"].update_one({"_id": 1}, {"$set": {"Note": "y"}})
    test = run(screen, restore_mode="Merge", look_select_options="Compare")
    test.radio(key="restore_type").set_value("Select Options")
    until(test, "Merge: ")

    assert table(test, "different", "select_options").value.to_numpy().tolist() == [
        ["Scope · Acme · x", "Note", "x", "y", "1"]]
    assert look(test, "Preview", "select_options").dataframe[-1].value.columns[-1] == "_id"


def test_lost_records_are_shown_so_too(here: Backups, database: Db) -> None:
    database["Equipment"].delete_one({"_id": RECORD["_id"]})
    test = run(screen)
    next(button for button in test.button if button.label == "Search all backups").click().run()

    (lost,) = [each.value for each in test.dataframe if "Last seen" in each.value.columns]
    assert lost.drop(columns="Last seen").iloc[0].to_dict() == LISTED
    assert next(iter(lost)) == "Last seen" and list(lost)[-1] == "_id"
