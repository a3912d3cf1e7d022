"""Bulk edit changes exactly what its preview showed."""

from __future__ import annotations

from typing import Any

import pytest
from pymongo.database import Database

from backup_engine.errors import Cancelled, PermissionDenied
from backup_engine.model import Watch
from equipment.domain.bulk import BulkEdit
from equipment.store.list import bulk
from tests.equipment.store.people import signed_in

Db = Database[dict[str, Any]]


@pytest.fixture
def lab(database: Db) -> Db:
    database.Equipment.insert_many([
        {"ID": 1, "Location": "Lab 1"}, {"ID": 2, "Location": "Lab 1 (old)"}, {"ID": 3}, {"ID": 4, "Location": ["a"]},
    ])
    return database


def locations(db: Db) -> list[Any]:
    return [record.get("Location", "none") for record in db.Equipment.find().sort("ID")]


@pytest.mark.parametrize(("edit", "expected"), [
    (BulkEdit("set", "Location", "Lab 9"), ["Lab 9", "Lab 9", "Lab 9", ["a"]]),
    (BulkEdit("clear", "Location"), ["", "", "none", ["a"]]),
    (BulkEdit("replace", "Location", "Room 2", "Lab 1"), ["Room 2", "Room 2 (old)", "none", ["a"]]),
    (BulkEdit("replace", "Location", "", "(old)"), ["Lab 1", "Lab 1 ", "none", ["a"]]),
    (BulkEdit("replace", "Location", "x", ".*"), ["Lab 1", "Lab 1 (old)", "none", ["a"]]),
    (BulkEdit("set", "Location"), ["Lab 1", "Lab 1 (old)", "none", ["a"]]),
])
def test_each_operation(lab: Db, edit: BulkEdit, expected: list[Any]) -> None:
    who = signed_in(lab, "manager")

    bulk.apply(lab, who, edit, bulk.preview(lab, edit))

    assert locations(lab) == expected


def test_what_someone_changed_after_the_preview_is_left_alone(lab: Db) -> None:
    edit = BulkEdit("set", "Location", "Lab 9")
    planned = bulk.preview(lab, edit)
    lab.Equipment.update_one({"ID": 1}, {"$set": {"Location": "Mars"}})

    result = bulk.apply(lab, signed_in(lab, "manager"), edit, planned)

    assert (result.changed, result.left) == (2, 2)
    assert locations(lab)[0] == "Mars"


def test_only_the_chosen_records_change_and_each_is_in_the_log(lab: Db) -> None:
    edit = BulkEdit("set", "Location", "Lab 9")
    chosen = [key for key, now, _ in bulk.preview(lab, edit) if now == "Lab 1"]

    bulk.apply(lab, signed_in(lab, "manager"), edit, bulk.preview(lab, edit, chosen))

    assert locations(lab) == ["Lab 9", "Lab 1 (old)", "none", ["a"]]
    [entry] = lab.equipment_activity.find({"action": "records.bulk_edit"})
    assert (entry["before"], entry["after"]) == ({"Location": "Lab 1"}, {"Location": "Lab 9"})


def test_cancelling_says_what_was_changed_before(lab: Db, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bulk, "BATCH", 1)
    seen: list[int] = []
    watch = Watch(lambda step: seen.append(step.done), lambda: len(seen) == 2)
    edit = BulkEdit("set", "Location", "Lab 9")

    with pytest.raises(Cancelled, match="2 records were changed before, the rest was not"):
        bulk.apply(lab, signed_in(lab, "manager"), edit, bulk.preview(lab, edit), watch)

    assert locations(lab) == ["Lab 9", "Lab 9", "none", ["a"]]


def test_a_technician_may_not(lab: Db) -> None:
    edit = BulkEdit("clear", "Location")

    with pytest.raises(PermissionDenied):
        bulk.apply(lab, signed_in(lab, "technician"), edit, bulk.preview(lab, edit))
    assert locations(lab)[0] == "Lab 1"
