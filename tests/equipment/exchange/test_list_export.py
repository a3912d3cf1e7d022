"""Who may have the list as a file, and what is written down of it."""

from __future__ import annotations

from typing import Any

import pytest
from pymongo.database import Database

from backup_engine.errors import BadInput, PermissionDenied
from equipment.domain.query import Query
from equipment.exchange import list_export
from equipment.store import activity
from equipment.store.access import Who
from tests.equipment.store.people import signed_in

Db = Database[dict[str, Any]]


@pytest.fixture
def full(database: Db) -> Db:
    database["Equipment"].insert_many([{"_id": number, "ID": number, "Comments": "x" * number * 40_000}
                                       for number in range(2)])
    return database


def test_whoever_is_not_signed_in_gets_nothing(full: Db) -> None:
    with pytest.raises(PermissionDenied):
        list_export.stream(full, Who("nobody", "nobody"), "csv", list_export.keys_for(full, None))

    assert activity.count(full, activity.Filter(actions=("records.export",))) == 0


def test_what_the_form_cannot_hold_is_said_before_anything_is_sent(full: Db) -> None:
    who, keys = signed_in(full, "user"), list_export.keys_for(full, None)

    with pytest.raises(BadInput, match="40,000 characters"):
        list_export.stream(full, who, "xlsx", keys)
    assert b"x" * 40_000 in b"".join(list_export.stream(full, who, "csv", keys))
    assert activity.count(full, activity.Filter(actions=("records.export",))) == 1


@pytest.mark.parametrize(("asked", "expected"), [
    ({}, None), ({"q": ["a"], "is.Vendor": ["Acme"]}, Query(text="a", choices={"Vendor": ("Acme",)}))])
def test_filters_are_those_of_the_address(asked: dict[str, list[str]], expected: Query | None) -> None:
    assert list_export.query_of(asked) == expected
