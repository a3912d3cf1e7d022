"""Addresses of calendars: one for each account, known by its digest, and ended with the account."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from pymongo.database import Database

from backup_engine.errors import PermissionDenied
from equipment.store import moments
from equipment.store.access import SYSTEM, USERS, Who
from equipment.store.accounts import calendar_links, users
from equipment.store.accounts.calendar_links import CALENDARS, account_behind
from tests.equipment.store.people import signed_in

Db = Database[dict[str, Any]]


@pytest.fixture
def ada(database: Db) -> Who:
    calendar_links.prepare(database)
    signed_in(database, "admin", "root")
    return signed_in(database, "user", "ada")


def test_it_is_long_and_only_its_digest_is_stored(database: Db, ada: Who) -> None:
    secret = calendar_links.issue(database, ada)

    assert len(secret) == 64 and secret.isalnum()  # 256 bits
    assert secret not in str(list(database[CALENDARS].find()))
    assert secret not in str(list(database["equipment_activity"].find()))
    behind = account_behind(database, secret)
    assert behind is not None and behind.key == "ada"


@pytest.mark.parametrize("secret", ["", "0" * 64, "x" * 10_000, "\ud800", "a.b"])
def test_what_nobody_was_given_opens_nothing(database: Db, ada: Who, secret: str) -> None:
    calendar_links.issue(database, ada)

    assert account_behind(database, secret) is None


def test_a_new_one_ends_the_old_one_and_taking_back_ends_it(database: Db, ada: Who) -> None:
    old, new = calendar_links.issue(database, ada), calendar_links.issue(database, ada)
    assert account_behind(database, old) is None and account_behind(database, new) is not None

    assert calendar_links.revoke(database, ada) and not calendar_links.revoke(database, ada)

    assert account_behind(database, new) is None and calendar_links.of(database, "ada") is None


def test_it_ends_for_good_when_the_account_is_disabled(database: Db, ada: Who) -> None:
    secret = calendar_links.issue(database, ada)

    users.disable(database, SYSTEM, "ada")
    assert account_behind(database, secret) is None
    users.enable(database, SYSTEM, "ada")

    assert account_behind(database, secret) is None


def test_it_ends_when_somebody_is_signed_out_everywhere_or_gone_or_has_to_do_something_first(
    database: Db, ada: Who
) -> None:
    secret = calendar_links.issue(database, ada)
    database[USERS].update_one({"_id": "ada"}, {"$set": {"must_change": True}})
    assert account_behind(database, secret) is None
    database[USERS].update_one({"_id": "ada"}, {"$set": {"must_change": False}})
    assert account_behind(database, secret) is not None
    users.sign_out_everywhere(database, SYSTEM, "ada")
    assert account_behind(database, secret) is None
    database[USERS].delete_one({"_id": "ada"})
    assert account_behind(database, secret) is None


def test_when_it_was_used_is_known_to_some_minutes(database: Db, ada: Who) -> None:
    secret, now = calendar_links.issue(database, ada), moments.now()
    known = calendar_links.of(database, "ada")
    assert known is not None and known.used is None

    for minutes in (0, 1, 4, 20):
        account_behind(database, secret, now=now + timedelta(minutes=minutes))
        if minutes == 4:
            known = calendar_links.of(database, "ada")
            assert known is not None and known.used is not None and known.used - now < timedelta(seconds=1)

    known = calendar_links.of(database, "ada")
    assert known is not None and known.used is not None and known.used - now > timedelta(minutes=19)


def test_nobody_gets_one_without_being_signed_in(database: Db, ada: Who) -> None:
    for deed in (calendar_links.issue, calendar_links.revoke):
        with pytest.raises(PermissionDenied):
            deed(database, Who("0" * 64, "eve"))
    assert database[CALENDARS].count_documents({}) == 0
