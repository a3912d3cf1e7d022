"""Columns of the list."""

from __future__ import annotations

from typing import Any

import bson
import pytest
from pymongo.database import Database

from backup_engine.errors import AdminOnly, BadInput
from backup_engine.records import raw
from equipment.domain.values.fields import DATES, TYPES
from equipment.store import activity
from equipment.store.access import Who
from equipment.store.list import column_values, columns, records, schema, trash
from tests.equipment.store.people import signed_in

RECORDS: list[dict[str, Any]] = [
    {"_id": 1, "ID": 1, "Model": "A", "Price": "3,000", "Room": ""},
    {"_id": 2, "ID": 2, "Price": bson.Int64(5), "Room": "B"},
    {"_id": 3, "ID": 3, "Model": "C"},
]


@pytest.fixture
def admin(database: Database[dict[str, Any]]) -> Who:
    database["Equipment"].insert_many([dict(record) for record in RECORDS])
    return signed_in(database, "admin")


def stored(database: Database[dict[str, Any]]) -> list[bytes]:
    exact = database["Equipment"].with_options(codec_options=raw.RAW)
    return [document.raw for document in exact.find().sort("_id", 1)]


def names(database: Database[dict[str, Any]]) -> list[str]:
    return [column.name for column in schema.columns(database)]


def test_a_new_column_is_shown_before_any_record_has_it(database: Database[dict[str, Any]], admin: Who) -> None:
    before = stored(database)

    columns.add(database, admin, " Inventory ", "number")

    assert "Inventory" in names(database)
    assert schema.types(database)["Inventory"].name == "number"
    assert stored(database) == before


@pytest.mark.parametrize("name", ["", "_id", "$x", "a.b", "Model", "x" * 101, "two\nlines"])
def test_a_name_that_cannot_be_used_is_refused(database: Database[dict[str, Any]], admin: Who, name: str) -> None:
    with pytest.raises(BadInput):
        columns.add(database, admin, name)


def test_the_order_of_dates_is_stored_with_the_column_and_decided_once(
    database: Database[dict[str, Any]], admin: Who
) -> None:
    before, technician = stored(database), signed_in(database, "technician")

    assert columns.decide_date_order(database, technician, "Model", "day/month")
    assert not columns.decide_date_order(database, technician, "Model", "month/day")
    assert schema.types(database)["Model"] is DATES["day/month"]
    columns.set_date_order(database, admin, "Model", "month/day")
    columns.rename(database, admin, "Model", "Bought")
    assert schema.types(database)["Bought"] is DATES["month/day"]
    columns.rename(database, admin, "Bought", "Model")
    with pytest.raises(BadInput):
        columns.set_date_order(database, admin, "Model", "year")  # type: ignore[arg-type]
    assert stored(database) == before


def test_an_import_does_not_change_what_somebody_said_a_column_is(
    database: Database[dict[str, Any]], admin: Who
) -> None:
    columns.set_type(database, admin, "Model", "text")
    columns.decide_date_order(database, signed_in(database, "technician"), "Model", "day/month")

    assert schema.types(database)["Model"].name == "text"


def test_a_type_never_changes_what_is_stored(database: Database[dict[str, Any]], admin: Who) -> None:
    before = stored(database)

    columns.set_type(database, admin, "Model", "date")

    assert stored(database) == before
    assert columns.misfits(database, "Model", TYPES["date"]) == [("~" + '{"$numberInt": "1"}', "A"), (
        "~" + '{"$numberInt": "3"}', "C")]


def test_renaming_keeps_place_and_bytes(database: Database[dict[str, Any]], admin: Who) -> None:
    done = columns.rename(database, admin, "Price", "Purchase Value")

    assert done == columns.Done(2, 0)
    first, second, third = database["Equipment"].find().sort("_id", 1)
    assert list(first) == ["_id", "ID", "Model", "Purchase Value", "Room"]
    assert type(second["Purchase Value"]) is bson.Int64
    assert third == RECORDS[2]


def test_renaming_over_another_column_is_refused(database: Database[dict[str, Any]], admin: Who) -> None:
    before = stored(database)

    with pytest.raises(BadInput):
        columns.rename(database, admin, "Price", "Model")

    assert stored(database) == before


def test_a_deleted_column_comes_back_byte_for_byte(database: Database[dict[str, Any]], admin: Who) -> None:
    before = stored(database)

    assert columns.delete(database, admin, "Price") == columns.Done(2, 0)
    assert "Price" not in names(database)
    (gone,) = columns.deleted(database)
    assert (gone.name, gone.by, gone.records) == ("Price", "some admin", 2)
    assert columns.bring_back(database, admin, gone.number) == columns.Done(2, 0)

    assert stored(database) == before
    assert columns.deleted(database) == []
    assert database[column_values.VALUES].count_documents({}) == 0


def test_bringing_back_leaves_a_field_alone_that_is_there_again(
    database: Database[dict[str, Any]], admin: Who
) -> None:
    columns.delete(database, admin, "Price")
    database["Equipment"].update_one({"_id": 1}, {"$set": {"Price": "new"}})

    columns.bring_back(database, admin, columns.deleted(database)[0].number)

    assert [record.get("Price") for record in database["Equipment"].find().sort("_id", 1)] == ["new", 5, None]


def in_trash(database: Database[dict[str, Any]], who: Who, key: str) -> str:
    """Move a record to the trash; gives the entry's number."""
    entry = records.get(database, key)
    assert entry is not None
    trash.move(database, who, [entry])
    return trash.entries(database)[0].number


def waiting(database: Database[dict[str, Any]]) -> int:
    return database[column_values.VALUES].count_documents({})


def test_a_record_in_the_trash_finds_its_value_when_it_comes_back(
    database: Database[dict[str, Any]], admin: Who
) -> None:
    before = stored(database)
    columns.delete(database, admin, "Price")
    number = in_trash(database, admin, "~" + '{"$numberInt": "2"}')

    assert columns.bring_back(database, admin, columns.deleted(database)[0].number) == columns.Done(1, 0)
    assert waiting(database) == 1
    trash.bring_back(database, admin, [number])

    assert stored(database) == before
    assert waiting(database) == 0


def test_a_waiting_value_follows_its_column_when_that_is_renamed_or_deleted_again(
    database: Database[dict[str, Any]], admin: Who
) -> None:
    columns.delete(database, admin, "Price")
    number = in_trash(database, admin, "~" + '{"$numberInt": "2"}')
    columns.bring_back(database, admin, columns.deleted(database)[0].number)

    columns.rename(database, admin, "Price", "Cost")
    columns.delete(database, admin, "Cost")
    trash.bring_back(database, admin, [number])
    assert [record.get("Cost") for record in database["Equipment"].find().sort("_id", 1)] == [None, None, None]
    columns.bring_back(database, admin, columns.deleted(database)[0].number)

    assert [record.get("Cost") for record in database["Equipment"].find().sort("_id", 1)] == ["3,000", 5, None]
    assert waiting(database) == 0


def test_the_id_column_stays(database: Database[dict[str, Any]], admin: Who) -> None:
    with pytest.raises(BadInput):
        columns.delete(database, admin, "ID")


def test_every_change_is_in_the_log(database: Database[dict[str, Any]], admin: Who) -> None:
    columns.rename(database, admin, "Price", "Cost")
    columns.delete(database, admin, "Cost")

    notes = [entry["note"] for entry in activity.of_target(database, "column:Cost")]
    assert notes == ["deleted from 2 records", "renamed in 2 records"]


@pytest.mark.parametrize("role", ["user", "technician", "manager"])
def test_only_an_administrator_changes_columns(database: Database[dict[str, Any]], admin: Who, role: Any) -> None:
    who = signed_in(database, role)

    for act in (
        lambda: columns.add(database, who, "X"),
        lambda: columns.rename(database, who, "Price", "X"),
        lambda: columns.delete(database, who, "Price"),
        lambda: columns.set_type(database, who, "Price", "number"),
        lambda: columns.set_hidden(database, who, "Price", True),
        lambda: columns.set_date_order(database, who, "Price", "day/month"),
        lambda: columns.set_order(database, who, ["Price"]),
    ):
        with pytest.raises(AdminOnly):
            act()
