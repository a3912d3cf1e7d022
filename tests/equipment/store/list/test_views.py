"""Saved views: one's own, shared ones, and nobody else's."""

from __future__ import annotations

from typing import Any

import pytest
from pymongo.database import Database

from backup_engine.errors import BadInput, PermissionDenied
from equipment.domain.query import Query
from equipment.store.list import views
from tests.equipment.store.people import signed_in

Db = Database[dict[str, Any]]
QUERY = Query(text="(.*", choices={"a.b": ("x", ""), "$y": ("1",)}, lows={"ID": "5"}, sort="Vendor", descending=True)


def test_a_view_brings_the_query_back_whatever_the_columns_are_called(database: Db) -> None:
    who = signed_in(database, "user")

    views.save(database, who, " Overdue ", QUERY)

    [view] = views.of(database, who)
    assert (view.name, view.query) == ("Overdue", QUERY)


def test_saving_under_the_same_name_replaces_ones_own(database: Db) -> None:
    who = signed_in(database, "user")
    views.save(database, who, "A", QUERY)

    views.save(database, who, "A", Query(text="new"))

    assert [view.query for view in views.of(database, who)] == [Query(text="new")]


def test_shared_views_are_for_all_and_own_views_are_not(database: Db) -> None:
    ada, ben = signed_in(database, "technician", "ada"), signed_in(database, "user", "ben")
    views.save(database, ada, "private", QUERY)
    views.save(database, ada, "public", QUERY, shared=True)

    [seen] = views.of(database, ben)

    assert (seen.name, seen.label("ben"), seen.label("ada")) == ("public", "public · ada", "public")
    with pytest.raises(BadInput):
        views.delete(database, ben, seen.number)
    views.delete(database, ada, seen.number)
    assert views.of(database, ben) == []


def test_sharing_needs_a_technician_and_a_view_needs_a_name(database: Db) -> None:
    who = signed_in(database, "user")

    with pytest.raises(PermissionDenied):
        views.save(database, who, "A", QUERY, shared=True)
    with pytest.raises(BadInput):
        views.save(database, who, "  ", QUERY)
    assert database.equipment_views.count_documents({}) == 0
