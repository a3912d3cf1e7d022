"""The Equipment Records screen: what each role sees, filters that follow each other, and the states in between."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import bson
import pytest
from pymongo.database import Database

from backup_engine.api import DatabaseBackupRestore
from equipment.domain import sample
from equipment.domain.query import Query
from equipment.domain.roles import Role
from equipment.store.list import records, trash
from equipment.ui.records import state
from tests.equipment.store.people import signed_in
from tests.equipment.ui.records_page import labels, page, press, shown
from tests.mongod import Mongod

Db = Database[dict[str, Any]]


@pytest.fixture
def lab(database: Db) -> Db:
    database.Equipment.insert_many(sample.records(date.today(), count=60))
    database.Equipment_select_options.insert_many(sample.options())
    return database


def test_an_empty_list_offers_an_administrator_the_ways_to_fill_it(database: Db, tmp_path: Path) -> None:
    test = page(database, tmp_path, "admin")

    assert "No equipment yet" in shown(test)
    assert {"Add the first record", "Load sample data", "Restore from a backup"} <= set(labels(test))


@pytest.mark.parametrize(("role", "first"), [("admin", "Bring back from the trash"), ("technician", "Add a record")])
def test_an_empty_list_says_that_the_trash_holds_the_records(lab: Db, tmp_path: Path, role: Role, first: str) -> None:
    trash.move(lab, signed_in(lab, "manager", "Ada"), records.page(lab, Query(), {}, date.today(), size=60).entries)

    test = page(lab, tmp_path, role)

    assert "The list is empty, the trash holds 60 records" in shown(test)
    assert "No equipment yet" not in shown(test) and "Load sample data" not in labels(test)
    ways = {"Bring back from the trash", "Add a record", "Import a list", "Restore from a backup"}
    assert next(label for label in labels(test) if label in ways) == first
    if role == "admin":
        assert len(press(test, first).dataframe[0].value) == 60


def test_loading_the_sample_data_fills_the_list_and_the_choices(database: Db, tmp_path: Path) -> None:
    test = press(page(database, tmp_path, "admin"), "Load sample data")

    assert database.Equipment.count_documents({}) == 430
    assert database.Equipment_select_options.count_documents({}) == 40
    assert len(test.dataframe[0].value) == 50


def test_a_reader_sees_the_list_and_nothing_that_changes_it(lab: Db, tmp_path: Path) -> None:
    test = page(lab, tmp_path, "user")

    assert len(test.dataframe[0].value) == 50
    assert not {"Bulk edit", "Duplicate", "Move to trash"} & set(labels(test))
    assert [section for section in ("Edit", "Add", "Trash") if section in str(test.segmented_control)] == []


def test_a_reader_who_forges_the_section_gets_the_list(lab: Db, tmp_path: Path) -> None:
    test = page(lab, tmp_path, "user", section="Trash")

    assert len(test.dataframe) == 1
    assert "Bring back" not in labels(test)


def test_an_address_opens_the_same_view(lab: Db, tmp_path: Path) -> None:
    test = page(lab, tmp_path, **{"is.Category": ["Multimeter"], "sort": "-ID"})

    shown_ids = [int(number) for number in test.dataframe[0].value["ID"]]
    assert set(test.dataframe[0].value["Category"]) == {"Multimeter"}
    assert shown_ids == sorted(shown_ids, reverse=True)
    assert "Category: Multimeter" in labels(test)


@pytest.mark.parametrize("term", ["(", ".*", "$where", "[", "\\"])
def test_strange_searches_find_nothing_and_break_nothing(lab: Db, tmp_path: Path, term: str) -> None:
    test = page(lab, tmp_path)

    test.text_input[0].set_value(f"{term}{term}nowhere").run()

    assert not test.exception and not test.error
    assert "Nothing matches" in shown(test)
    assert len(press(test, "Clear filters").dataframe[0].value) == 50


def test_a_removed_chip_leaves_the_other_filters(lab: Db, tmp_path: Path) -> None:
    test = page(lab, tmp_path, q="a", **{"is.Category": ["Multimeter"]})

    test = press(test, "Search: a")

    assert "Category: Multimeter" in labels(test)
    assert "Search: a" not in labels(test)
    assert test.query_params.get("q") is None


def test_an_unknown_record_says_so(lab: Db, tmp_path: Path) -> None:
    test = page(lab, tmp_path, id="6a0000000000000000000000")

    assert "not in the list" in shown(test)


@pytest.mark.parametrize("stored", [5, 5.0, "5", bson.Int64(5)])
def test_an_id_in_the_address_opens_the_record(database: Db, tmp_path: Path, stored: Any) -> None:
    key = database.Equipment.insert_one({"ID": stored, "Vendor": "Acme Ltd"}).inserted_id

    test = page(database, tmp_path, id=" 5")

    assert "Acme Ltd" in shown(test)
    assert test.query_params["id"] == str(key)


def test_an_id_that_several_records_have_opens_none_of_them(database: Db, tmp_path: Path) -> None:
    database.Equipment.insert_many([{"ID": 5, "Vendor": "Acme"}, {"ID": "5", "Vendor": "Ohm"}])

    assert "Several records have the ID 5." in shown(page(database, tmp_path, id="5"))
    assert "not in the list" in shown(page(database, tmp_path, "user", id="9" * 5_000))


def test_a_record_page_shows_its_history_and_brings_back_one_field(lab: Db, tmp_path: Path) -> None:
    who = signed_in(lab, "technician")
    entry = records.page(lab, Query(sort="ID"), {}, date.today()).entries[0]
    records.save(lab, who, [records.Save(entry, {"Location": "Mars", "Model": "X"})])
    test = page(lab, tmp_path, id=entry.key)
    assert "Mars" in shown(test)

    next(button for button in test.button if (button.help or "").startswith("Bring back Location")).click().run()

    now = records.get(lab, entry.key)
    assert now is not None
    assert now.record["Location"] == entry.record["Location"]
    assert now.record["Model"] == "X"


def test_a_record_page_joins_every_backup_and_brings_a_field_back_from_one(
    lab: Db, tmp_path: Path, shared_mongod: Mongod
) -> None:
    entry = records.page(lab, Query(sort="ID"), {}, date.today()).entries[0]
    engine = DatabaseBackupRestore(client=lab.client, database=lab.name, backup_folder=str(tmp_path))
    for place in ("Mars", "Venus"):
        lab.Equipment.update_one({"ID": entry.record["ID"]}, {"$set": {"Location": place}})
        assert engine.create_backup(force=True)[0]
    test = page(lab, tmp_path, uri=shared_mongod.uri, id=entry.key)

    test.toggle[0].set_value(True).run()
    next(button for button in test.button if (button.help or "").startswith("Bring back Location: Mars")).click().run()

    assert "In a backup" in shown(test)
    now = records.get(lab, entry.key)
    assert now is not None and now.record["Location"] == "Mars"


def test_an_earlier_version_can_be_restored(lab: Db, tmp_path: Path) -> None:
    who = signed_in(lab, "technician")
    entry = records.page(lab, Query(sort="ID"), {}, date.today()).entries[0]
    [first] = records.save(lab, who, [records.Save(entry, {"Location": "Mars"})])
    assert first.entry is not None
    records.save(lab, who, [records.Save(first.entry, {"Location": "Venus"})])

    press(page(lab, tmp_path, id=entry.key), "Restore this version")

    now = records.get(lab, entry.key)
    assert now is not None and now.record["Location"] == "Mars"


def test_adding_a_record_keeps_the_text_and_warns_about_a_serial_that_exists(lab: Db, tmp_path: Path) -> None:
    lab.Equipment.update_one({"ID": 1}, {"$set": {"Serial": "TWICE-1"}})
    test = page(lab, tmp_path, section="Add")
    next(field for field in test.text_input if field.label == "Serial").set_value(" TWICE-1")
    next(field for field in test.text_input if field.label == "Purchase Value").set_value("3,000")

    test = press(test, "Add record")

    stored = lab.Equipment.find_one({"Purchase Value": "3,000", "Serial": " TWICE-1"})
    assert stored is not None
    assert "is also in ID 1" in shown(test)


def test_the_trash_shows_who_moved_what_and_purging_is_for_administrators(lab: Db, tmp_path: Path) -> None:
    who = signed_in(lab, "manager", "Ada")
    trash.move(lab, who, records.page(lab, Query(sort="ID"), {}, date.today()).entries[:2])

    test = page(lab, tmp_path, "manager", section="Trash")

    assert list(test.dataframe[0].value["By"]) == ["Ada", "Ada"]
    assert "Bring back" in labels(test)
    assert "Delete for good" not in labels(test)


def test_edits_not_saved_stay_in_sight_in_other_sections(lab: Db, tmp_path: Path) -> None:
    test = page(lab, tmp_path, section="Edit")
    now: state.State = test.session_state[state.KEY]
    entry = records.page(lab, Query(sort="ID"), {}, date.today()).entries[0]
    now.pending[entry.key] = state.Pending(entry, {"Model": "new", "Vendor": "other"})
    test.session_state[state.SECTION] = "Browse"

    test.run()

    assert any("2 edits in 1 record not saved yet" in label for label in labels(test))


@pytest.mark.parametrize("section", ["Browse", "Edit", "Add"])
def test_columns_of_any_name_and_a_comment_of_5_mb_are_shown(database: Db, tmp_path: Path, section: str) -> None:
    odd = {"": 1, "a.b": [1, {"c": 2}], "$x": "$y$", "=x": "=1+1", "*b*": None, ":red[x]": b"\x00", "tab\t": "x\ny"}
    database.Equipment.insert_many([{"ID": 1, **odd, "Comments": "long " * 1_000_000}, {"ID": 2}])

    test = page(database, tmp_path, "technician", section=section)

    assert not test.exception and not test.error
    for grid in test.dataframe:
        assert grid.value["Comments"].str.len().max() <= 1_000
        assert grid.value["a.b"].iloc[0] == '[1, {"c": 2}]'


def test_the_page_of_a_record_with_odd_columns_opens_and_edits(database: Db, tmp_path: Path) -> None:
    odd = {"_id": "~odd 1", "": 1, "a.b": {"c": 2}, "$x": "$y$", "Comments": "long " * 1_000_000}
    database.Equipment.insert_one(odd)
    [entry] = records.page(database, Query(), {}, date.today()).entries

    test = press(page(database, tmp_path, "technician", id=entry.key), "Edit")

    assert not test.exception and not test.error
    assert next(area for area in test.text_area if area.label == "Comments").value == "long " * 1_000_000


def test_a_record_that_was_added_is_opened_by_one_click_and_left_again(lab: Db, tmp_path: Path) -> None:
    test = page(lab, tmp_path, section="Add")
    next(field for field in test.text_input if field.label == "Serial").set_value("NEW-1")

    test = press(press(test, "Add record"), "Open it")

    added = lab.Equipment.find_one({"Serial": "NEW-1"})
    assert added is not None and test.query_params["id"] == str(added["_id"])
    press(test, "Back to the list")
    assert test.query_params.get("id") is None
