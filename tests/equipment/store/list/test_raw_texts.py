"""Bytes and decoded values in the words of the list."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from bson import Decimal128, Int64, ObjectId
from pymongo.database import Database

from backup_engine.records.raw import element_of
from equipment.store.list import listing
from equipment.store.list.raw_texts import element_text, value_text

VALUES: list[Any] = [
    True, False, None, "", "text", 310.0, 2.5, Int64(2**40), datetime(2024, 5, 1), datetime(2024, 5, 1, 8, 30),
    datetime(2024, 5, 1, tzinfo=UTC), ["a", 1, True], {"at": datetime(2024, 5, 1), "n": None}, ObjectId("6" * 24),
    Decimal128("12.50"), b"\x00\x01", float("nan"),
]


def test_they_are_those_of_the_list(database: Database[dict[str, Any]]) -> None:
    database["Equipment"].insert_many({"_id": number, "v": value} for number, value in enumerate(VALUES))
    sheet = listing.sheet(database)
    shown = sheet.texts("v", sheet.rows())

    assert [element_text(element_of(value)) for value in VALUES] == shown
    assert [value_text(value) for value in VALUES] == shown
    assert (shown[0], shown[5], shown[8], shown[9]) == ("yes", "310", "2024-05-01", "2024-05-01 08:30:00")


@pytest.mark.parametrize("element", [None, b"\x06", b"\x0a"])
def test_what_is_missing_or_nothing_is_empty(element: bytes | None) -> None:
    assert element_text(element) == ""
