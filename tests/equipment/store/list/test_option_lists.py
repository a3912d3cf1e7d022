"""Lists of choices and the records that use them."""

from __future__ import annotations

from typing import Any

import pytest
from pymongo.database import Database

from backup_engine.errors import BadInput, PermissionDenied
from backup_engine.records import raw
from equipment.store.access import Who
from equipment.store.list import option_lists, options
from tests.equipment.store.people import signed_in

ROWS: list[dict[str, Any]] = [
    {"_id": 1, "Category": "Scope", "Vendor": "Acme", "Location": "Lab 1"},
    {"_id": 2, "Category": "Meter", "Vendor": "Ohm & Co", "Location": ""},
    {"_id": 3, "Category": "Source", "Vendor": ""},
]


@pytest.fixture
def manager(database: Database[dict[str, Any]]) -> Who:
    database["Equipment_select_options"].insert_many([dict(row) for row in ROWS])
    database["Equipment"].insert_many(
        [{"_id": number, "Vendor": vendor} for number, vendor in enumerate(["Acme", "Acme", "acme", "", "Ohm & Co"])]
    )
    return signed_in(database, "manager")


def stored(database: Database[dict[str, Any]]) -> list[dict[str, Any]]:
    return list(database["Equipment_select_options"].find().sort("_id", 1))


def test_the_shape_of_rows_of_parallel_lists_is_kept(database: Database[dict[str, Any]], manager: Who) -> None:
    option_lists.rename(database, manager, "Vendor", "Acme", "Acme Ltd")

    assert stored(database) == [{**ROWS[0], "Vendor": "Acme Ltd"}, ROWS[1], ROWS[2]]
    assert [record["Vendor"] for record in database["Equipment"].find().sort("_id", 1)][:2] == ["Acme", "Acme"]


def test_records_can_be_renamed_with_the_choice(database: Database[dict[str, Any]], manager: Who) -> None:
    changed = option_lists.rename(database, manager, "Vendor", "Acme", "Acme Ltd", also_records=True)

    assert changed == 2
    vendors = [record["Vendor"] for record in database["Equipment"].find().sort("_id", 1)]
    assert vendors == ["Acme Ltd", "Acme Ltd", "acme", "", "Ohm & Co"]


@pytest.mark.parametrize(("old", "new"), [("Acme", ""), ("Acme", "Ohm & Co"), ("Nobody", "X")])
def test_a_rename_that_makes_no_sense_changes_nothing(
    database: Database[dict[str, Any]], manager: Who, old: str, new: str
) -> None:
    with pytest.raises(BadInput):
        option_lists.rename(database, manager, "Vendor", old, new)

    assert stored(database) == ROWS


def test_a_technician_may_rename_a_choice_but_not_the_records(
    database: Database[dict[str, Any]], manager: Who
) -> None:
    technician = signed_in(database, "technician")

    with pytest.raises(PermissionDenied):
        option_lists.rename(database, technician, "Vendor", "Acme", "X", also_records=True)

    assert stored(database) == ROWS


def test_reordering_moves_one_column_only(database: Database[dict[str, Any]], manager: Who) -> None:
    option_lists.reorder(database, manager, "Category", ["Source", "Scope", "Meter"])

    assert options.choices(database)["Category"] == ["Source", "Scope", "Meter"]
    assert options.choices(database)["Vendor"] == ["Acme", "Ohm & Co"]


def test_putting_things_in_the_order_they_have_writes_nothing(
    database: Database[dict[str, Any]], manager: Who
) -> None:
    view = database["Equipment_select_options"].with_options(codec_options=raw.RAW)
    before = [row.raw for row in view.find()]

    option_lists.reorder(database, manager, "Category", ["Scope", "Meter", "Source"])

    assert [row.raw for row in view.find()] == before


def test_an_order_that_loses_a_choice_is_refused(database: Database[dict[str, Any]], manager: Who) -> None:
    with pytest.raises(BadInput):
        option_lists.reorder(database, manager, "Category", ["Scope"])

    assert stored(database) == ROWS


def test_values_in_use_but_not_listed(database: Database[dict[str, Any]], manager: Who) -> None:
    assert option_lists.unlisted(database, "Vendor") == [("acme", 1)]

    option_lists.change_to(database, manager, "Vendor", "acme", "Acme")

    assert option_lists.unlisted(database, "Vendor") == []
    assert option_lists.in_use(database, "Vendor") == {"Acme": 3, "Ohm & Co": 1}
