"""What differs between backups and the list."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pymongo.database import Database

from backup_engine import merge
from backup_engine.compare import compare
from backup_engine.errors import BackupFileNotFound, VerificationFailed
from backup_engine.model import BackupSet
from backup_engine.records.raw import element_text
from backup_engine.workspace import Workspace
from tests.backup_engine.engine import back_up, fill, workspace

Data = Database[dict[str, Any]]


@pytest.fixture
def ws(tmp_path: Path, database: Data) -> Workspace:
    fill(database)
    return workspace(tmp_path, database)


def backup(ws: Workspace) -> BackupSet:
    return back_up(ws)


def test_backup_with_current_field_by_field(ws: Workspace, database: Data) -> None:
    saved = backup(ws)
    database.Equipment.delete_many({"_id": {"$in": [0, 1]}})
    database.Equipment.update_one({"_id": 2}, {"$set": {"Vendor": "new", "note": 5}, "$unset": {"Serial": 1}})
    database.Equipment.insert_one({"_id": "x"})

    comparison = compare(ws, saved)

    assert (comparison.only_left, comparison.only_right, comparison.different, comparison.same) == (2, 1, 1, 17)
    assert comparison.message == f"2 only in backup {saved.label}, 1 only in current, 1 different, 17 the same."
    changes = comparison.fields(next(comparison.of_kind("different")))
    assert [(c.name.decode(), element_text(c.before), element_text(c.after)) for c in changes] == [
        ("Serial", "00002", ""), ("Vendor", "ACME, Inc.", "new"), ("note", "", "5")]


def test_tables_for_people(ws: Workspace, database: Data) -> None:
    saved = backup(ws)
    database.Equipment.update_one({"_id": 2}, {"$set": {"Vendor": "new"}})
    database.Equipment.delete_one({"_id": 3})

    comparison = compare(ws, saved)

    fields = comparison.field_table().to_dict("records")
    assert fields == [
        {"record": '~{"$numberInt": "2"}', "field": "Vendor", comparison.left: "ACME, Inc.", "current": "new"}]
    records = comparison.record_table("only_left").to_dict("records")
    assert records == [{"_id": "3", "Serial": "00003", "Vendor": "ACME, Inc."}]
    assert len(comparison.record_table("only_right")) == 0


def test_pages_of_one_kind(ws: Workspace, database: Data) -> None:
    saved = backup(ws)
    database.Equipment.update_one({"_id": 2}, {"$set": {"Vendor": "new"}})
    database.Equipment.delete_many({"_id": {"$in": [1, 3, 5]}})

    comparison = compare(ws, saved)

    gone = [(number, row) for number, row in enumerate(comparison.rows) if row.kind == "only_left"]
    assert len(gone) == 3 and list(comparison.page("only_left", 0, 2).items()) == gone[:2]
    assert list(comparison.page("only_left", 2, 2).items()) == gone[2:]
    assert list(comparison.of_kind("only_left")) == [row for _, row in gone]
    assert comparison.page("only_right", 0, 2) == {}


def test_values_that_look_alike_are_told_apart(ws: Workspace, database: Data) -> None:
    database.Equipment.insert_many([{"_id": "a", "n": 5}, {"_id": "b", "n": None}, {"_id": "c", "x": 1, "y": 2}])
    saved = backup(ws)
    database.Equipment.replace_one({"_id": "a"}, {"n": 5.0})
    database.Equipment.replace_one({"_id": "b"}, {})
    database.Equipment.replace_one({"_id": "c"}, {"y": 2, "x": 1})

    comparison = compare(ws, saved)

    assert comparison.different == 3
    assert "(order of the fields)" in set(comparison.field_table()["field"])


def test_what_a_merge_would_change_is_counted_as_the_merge_counts_it(ws: Workspace, database: Data) -> None:
    saved = backup(ws)
    database.Equipment.update_one({"_id": 2}, {"$set": {"note": "only here"}})
    database.Equipment.replace_one({"_id": 3}, {"Vendor": "ACME, Inc.", "Serial": "00003"})
    database.Equipment.update_one({"_id": 4}, {"$unset": {"Vendor": 1}})
    database.Equipment.update_one({"_id": 5}, {"$set": {"Vendor": "new", "note": "only here"}})

    comparison = compare(ws, saved)

    planned = merge.plan(ws, saved, "equipment").counts
    assert (comparison.different, comparison.updates, planned["update"]) == (4, 2, 2)


def test_two_backups_and_equal_ones(ws: Workspace, database: Data) -> None:
    first, second = backup(ws), backup(ws)
    database.Equipment.delete_one({"_id": 7})
    third = backup(ws)

    equal, changed = compare(ws, first, second), compare(ws, first, third)

    assert (equal.same, len(equal.rows)) == (20, 0)
    assert (changed.only_left, changed.same) == (1, 19)
    assert compare(ws, third, first).only_right == 1


def test_index_and_option_differences(ws: Workspace, database: Data) -> None:
    database.Equipment.create_index("Serial", unique=True)
    saved = backup(ws)
    database.Equipment.drop_index("Serial_1")
    database.Equipment.create_index("Vendor")
    database.command("collMod", "Equipment", validator={"a": {"$exists": False}})

    comparison = compare(ws, saved)

    differences = comparison.index_differences
    assert {(setting.name, setting.left is None, setting.right is None) for setting in differences} == {
        ("Serial_1", False, True), ("Vendor_1", True, False)}
    assert "validator" in {setting.name for setting in comparison.option_differences}
    assert comparison.same == 20


def test_damaged_and_missing_files_are_named(ws: Workspace, database: Data, tmp_path: Path) -> None:
    saved = backup(ws)
    file = tmp_path / saved.day / str(saved.parts["equipment"].file)
    content = file.read_bytes()

    file.write_bytes(content.replace(b"ACME", b"AXME", 1))
    with pytest.raises(VerificationFailed):
        compare(ws, saved)
    file.unlink()
    with pytest.raises(BackupFileNotFound):
        compare(ws, saved)


def test_nothing_to_compare(ws: Workspace, database: Data) -> None:
    saved = backup(ws)
    database.Equipment.drop()

    comparison = compare(ws, saved)

    assert (comparison.only_left, comparison.same) == (20, 0)
