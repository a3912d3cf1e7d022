"""Choices are added one by one or many at once, without touching the lists beside them."""

from __future__ import annotations

from typing import Any

import pytest
from pymongo.database import Database

from backup_engine.errors import BadInput, PermissionDenied
from equipment.store.activity import Filter
from equipment.store.deeds import finding
from equipment.store.list import options
from tests.equipment.store.people import signed_in

Db = Database[dict[str, Any]]
ROWS: list[dict[str, Any]] = [
    {"_id": 1, "Category": "Scope", "Vendor": "Acme"}, {"_id": 2, "Category": "Meter", "Vendor": ""},
    {"_id": 3, "Category": "Source"},
]


@pytest.fixture
def filled(database: Db) -> Db:
    database[options.OPTIONS].insert_many([dict(row) for row in ROWS])
    return database


def test_many_are_taken_as_one_deed_and_the_lists_beside_stay(filled: Db) -> None:
    who = signed_in(filled, "technician")

    taken = options.take(filled, who, "Vendor", ["Ohm", "Acme", "Volt", "Ohm", " ", "Watt"])

    assert taken == ["Ohm", "Volt", "Watt"]
    assert options.choices(filled) == {
        "Category": ["Scope", "Meter", "Source"], "Vendor": ["Acme", "Ohm", "Volt", "Watt"]}
    assert [filled[options.OPTIONS].find_one({"_id": row["_id"]}, {"Category": 1, "_id": 0}) for row in ROWS] == [
        {"Category": row["Category"]} for row in ROWS]
    [deed] = finding.page(filled, Filter()).deeds
    assert (deed.entry["action"], deed.entries) == ("options.edit", 1)
    assert deed.entry["after"] == {"taken": ["Ohm", "Volt", "Watt"]}


def test_the_first_ones_of_a_column_begin_in_the_first_row(filled: Db) -> None:
    options.take(filled, signed_in(filled, "technician"), "Location", ["A", "B", "C", "D"])

    stored = [row.get("Location") for row in filled[options.OPTIONS].find(sort=[("_id", 1)])]
    assert stored == ["A", "B", "C", "D"]


def test_nothing_new_and_too_many_are_refused(filled: Db, monkeypatch: pytest.MonkeyPatch) -> None:
    who = signed_in(filled, "technician")
    with pytest.raises(BadInput, match="all of these"):
        options.take(filled, who, "Vendor", ["Acme"])
    monkeypatch.setattr(options, "MOST_TAKEN", 2)
    with pytest.raises(BadInput, match="At most 2"):
        options.take(filled, who, "Vendor", ["a", "b", "c"])
    assert list(filled[options.OPTIONS].find()) == ROWS


def test_the_role_is_asked_of_the_database(filled: Db) -> None:
    with pytest.raises(PermissionDenied):
        options.take(filled, signed_in(filled, "user"), "Vendor", ["Ohm"])
    assert list(filled[options.OPTIONS].find()) == ROWS
