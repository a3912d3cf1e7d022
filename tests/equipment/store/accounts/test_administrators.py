"""The list behind the last-administrator guard survives what happens around it."""

from __future__ import annotations

from typing import Any

import pytest
from pymongo.database import Database

from backup_engine.errors import BadInput
from equipment.store.access import USERS
from equipment.store.accounts import administrators
from equipment.store.accounts.administrators import SETTINGS
from tests.equipment.store.people import signed_in

Db = Database[dict[str, Any]]


def test_the_list_begins_with_who_is_there(database: Db) -> None:
    signed_in(database, "admin", "one")
    signed_in(database, "admin", "two")
    signed_in(database, "manager", "three")

    administrators.dismiss(database, "one")

    assert (database[SETTINGS].find_one({"_id": "administrators"}) or {})["names"] == ["two"]


def test_a_crash_between_list_and_account_leaves_an_administrator(database: Db) -> None:
    signed_in(database, "admin", "one")
    signed_in(database, "admin", "two")

    administrators.dismiss(database, "one")  # and the process dies before the role is written

    with pytest.raises(BadInput):
        administrators.dismiss(database, "two")
    administrators.admit(database, "one")
    administrators.dismiss(database, "two")


def test_names_nobody_has_any_more_do_not_count(database: Db) -> None:
    signed_in(database, "admin", "one")
    administrators.admit(database, "ghost")

    with pytest.raises(BadInput):
        administrators.dismiss(database, "one")

    assert database[USERS].find_one({"_id": "one", "role": "admin"})
