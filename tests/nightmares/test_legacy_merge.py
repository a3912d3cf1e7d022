"""Sets of the original system merged into a list that went on: no doubles, no worse types, nothing the second time."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from bson import Decimal128, Int64
from pymongo.database import Database

from backup_engine.compare import compare
from backup_engine.errors import BackupError, BadInput
from backup_engine.merge import Pick, merge, plan
from backup_engine.model import BackupSet
from backup_engine.workspace import Workspace
from tests.backup_engine.engine import raw, workspace
from tests.backup_engine.legacy_sets import write_legacy_set

Data = Database[dict[str, Any]]
MOMENT = datetime(2024, 5, 6, 7, 8, 9)


def record(number: int, **more: Any) -> dict[str, Any]:
    """One piece of equipment with the mess of years."""
    return {
        "ID": number, "uuid": f"u-{number}", "Serial": f"{number:06d}", "Vendor": "ACME, \"Inc.\"\nBerlin",
        "Last Cal Date": "6.8.2013", "Purchase Value": "3,000", "Year of Purchase": "<2015", "check": None,
        "price": 12.5, "count": Int64(7), "flag": True, "when": datetime(2013, 8, 6), "tags": ["a", "b"],
        "exact": Decimal128("1.50"), "Location": "NO CAL NEEDED", **more,
    }


@pytest.fixture
def ws(tmp_path: Path, database: Data) -> Workspace:
    return workspace(tmp_path, database)


def legacy(ws: Workspace, tmp_path: Path, records: list[dict[str, Any]]) -> BackupSet:
    rows = [{k: v for k, v in document.items() if k != "_id"} for document in records]
    label = write_legacy_set(tmp_path, MOMENT, rows)
    return ws.catalog.find(label)


def test_a_legacy_set_of_the_present_list_changes_nothing(ws: Workspace, database: Data, tmp_path: Path) -> None:
    records = [record(number) for number in range(50)]
    records[3]["count"] = None
    records[4]["Location"] = ""
    backup = legacy(ws, tmp_path, records)
    database.Equipment.insert_many(records)
    before = raw(database, "Equipment")

    planned = plan(ws, backup, "equipment")

    assert (planned.inserts, planned.updates, planned.unchanged) == (0, 0, 50)
    assert planned.decisions[0] == "Records are recognised by uuid."
    assert "_id: taken over from the current record (50)" in planned.decisions
    assert compare(ws, backup).message.endswith("0 different, 50 the same.")
    assert merge(ws, planned).message == "Merge completed: 0 added, 0 changed, 50 unchanged."
    assert raw(database, "Equipment") == before


def test_merged_into_a_changed_list_and_once_more(ws: Workspace, database: Data, tmp_path: Path) -> None:
    records = [record(number) for number in range(30)]
    backup = legacy(ws, tmp_path, records)
    database.Equipment.insert_many([*records[5:], record(99), record(98, extra="only here")])
    database.Equipment.update_one({"ID": 7}, {"$set": {"price": 99.5, "count": Int64(8), "note": "kept"}})
    database.Equipment.update_one({"ID": 8}, {"$set": {"when": datetime(2020, 1, 1), "flag": False}})

    merged = merge(ws, plan(ws, backup, "equipment"))
    state = raw(database, "Equipment")
    again = plan(ws, backup, "equipment")

    assert (merged.inserted, merged.updated, merged.unchanged) == (5, 2, 23)
    seven, eight = database.Equipment.find_one({"ID": 7}), database.Equipment.find_one({"ID": 8})
    assert seven is not None and eight is not None
    assert (seven["price"], seven["count"], type(seven["count"]), seven["note"]) == (12.5, 7, Int64, "kept")
    assert (eight["when"], eight["flag"]) == (datetime(2013, 8, 6), True)
    assert (again.inserts, again.updates, again.unchanged, again.only_live) == (0, 0, 30, 2)
    assert merge(ws, again).safety is None
    assert raw(database, "Equipment") == state


def test_added_records_take_the_types_of_the_list(ws: Workspace, database: Data, tmp_path: Path) -> None:
    records = [record(number) for number in range(10)]
    backup = legacy(ws, tmp_path, records)
    database.Equipment.insert_many(records[1:])

    merge(ws, plan(ws, backup, "equipment"))

    added = database.Equipment.find_one({"ID": 0})
    assert added is not None
    wished = record(0)
    assert {name: type(value) for name, value in added.items() if name != "_id"} == {
        name: type(value) for name, value in wished.items()}
    assert {name: value for name, value in added.items() if name != "_id"} == wished


def test_a_change_meanwhile_is_a_conflict(ws: Workspace, database: Data, tmp_path: Path) -> None:
    records = [record(number) for number in range(10)]
    backup = legacy(ws, tmp_path, records)
    database.Equipment.insert_many(records)
    database.Equipment.update_many({"ID": {"$lt": 3}}, {"$set": {"Location": "moved"}})
    planned = plan(ws, backup, "equipment")
    database.Equipment.update_one({"ID": 1}, {"$set": {"Location": "moved again"}})

    merged = merge(ws, planned)

    assert (merged.updated, merged.conflicts) == (2, 1)
    conflict = next(outcome for outcome in merged.report if outcome.status == "conflict")
    assert [change.name for change in conflict.fields] == [b"Location"]
    assert database.Equipment.find_one({"ID": 1})["Location"] == "moved again"


@pytest.mark.parametrize(("spoilt", "identity"), [
    ({}, "uuid"), ({"uuid": ""}, "ID"), ({"uuid": "", "ID": 5}, "Serial"),
])
def test_the_first_field_that_is_filled_and_unique_on_both_sides(
    ws: Workspace, database: Data, tmp_path: Path, spoilt: dict[str, Any], identity: str
) -> None:
    records = [record(number) for number in range(10)]
    backup = legacy(ws, tmp_path, records)
    database.Equipment.insert_many(records)
    database.Equipment.update_one({"ID": 4}, {"$set": spoilt} if spoilt else {"$set": {"note": 1}})

    assert plan(ws, backup, "equipment").decisions[0] == f"Records are recognised by {identity}."


def test_without_any_identity_the_merge_is_refused_in_words(ws: Workspace, database: Data, tmp_path: Path) -> None:
    records = [{"Vendor": "a", "Serial": ""}, {"Vendor": "b", "Serial": ""}]
    backup = legacy(ws, tmp_path, records)
    database.Equipment.insert_many([dict(document) for document in records])

    with pytest.raises(BadInput, match="could make doubles"):
        plan(ws, backup, "equipment")
    database.Equipment.delete_many({})
    assert plan(ws, backup, "equipment").inserts == 2


def test_picked_records_and_fields(ws: Workspace, database: Data, tmp_path: Path) -> None:
    records = [record(number, _id=f"r{number}") for number in range(5)]
    backup = legacy(ws, tmp_path, records)
    database.Equipment.insert_many(records)
    database.Equipment.update_many({}, {"$set": {"Location": "moved", "price": 1.0}})

    merged = merge(ws, plan(ws, backup, "equipment", pick=Pick(records={"r2": frozenset({"price"})})))

    assert (merged.updated, merged.skipped) == (1, 4)
    two = database.Equipment.find_one({"_id": "r2"})
    assert two is not None and (two["price"], two["Location"]) == (12.5, "moved")


@pytest.mark.parametrize(("change", "town"), [
    (lambda content: content.decode().encode("utf-8-sig"), "Berlin"),
    (lambda content: content.replace(b"Berlin", "Köln".encode("cp1252")), "Köln"),
    (lambda content: content.replace(b"Berlin", b"a\rb"), "a\rb"),
], ids=["BOM", "cp1252", "lone CR"])
def test_files_as_people_left_them(ws: Workspace, database: Data, tmp_path: Path, change: Any, town: str) -> None:
    records = [record(number) for number in range(5)]
    backup = legacy(ws, tmp_path, records)
    database.Equipment.insert_many(records)
    file = tmp_path / backup.day / str(backup.parts["equipment"].file)
    file.write_bytes(change(file.read_bytes()))

    merge(ws, plan(ws, ws.catalog.find(backup.label), "equipment"))
    again = plan(ws, ws.catalog.find(backup.label), "equipment")

    assert (again.inserts, again.updates, again.unchanged) == (0, 0, 5)
    assert database.Equipment.count_documents({}) == 5
    assert database.Equipment.find_one({"ID": 1})["Vendor"].endswith(town)


def test_an_extra_column_joins_and_a_missing_one_stays(ws: Workspace, database: Data, tmp_path: Path) -> None:
    records = [record(number) for number in range(5)]
    backup = legacy(ws, tmp_path, [{**document, "shelf": f"s{n}"} for n, document in enumerate(records)])
    database.Equipment.insert_many([{**document, "only live": 1} for document in records])

    merged = merge(ws, plan(ws, backup, "equipment"))

    assert merged.updated == 5
    two = database.Equipment.find_one({"ID": 2})
    assert two is not None and (two["shelf"], two["only live"]) == ("s2", 1)


def test_an_empty_collection_has_no_file_and_nothing_to_merge(ws: Workspace, database: Data, tmp_path: Path) -> None:
    backup = legacy(ws, tmp_path, [record(1)])
    database.Equipment_select_options.insert_one({"_id": 1})

    planned = plan(ws, backup, "select_options")

    assert (planned.inserts, planned.only_live) == (0, 1)


def test_a_file_that_should_be_there_is_named(ws: Workspace, database: Data, tmp_path: Path) -> None:
    backup = legacy(ws, tmp_path, [record(1)])
    (tmp_path / backup.day / str(backup.parts["equipment"].file)).unlink()

    with pytest.raises(BackupError, match="Backup file not found"):
        plan(ws, ws.catalog.find(backup.label), "equipment")


def test_a_count_that_does_not_fit_is_said(ws: Workspace, database: Data, tmp_path: Path) -> None:
    backup = legacy(ws, tmp_path, [record(1), record(2)])
    path = tmp_path / backup.day / backup.metadata_file
    path.write_text(json.dumps({**json.loads(path.read_text()), "equipment_records_count": 3}))

    merged = merge(ws, plan(ws, ws.catalog.find(backup.label), "equipment"))

    assert merged.inserted == 2
    assert merged.message.endswith("holds 2 rows, its metadata says 3.")
