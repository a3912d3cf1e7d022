"""What asks for a fresh proof of who is there: refused by the function that checks the role."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from pymongo.database import Database

from backup_engine.errors import AdminOnly, FreshSignInNeeded
from equipment.domain.query import Query
from equipment.domain.roles import NEEDS_PROOF, PERMISSIONS
from equipment.store import moments
from equipment.store.access import PROVED_FOR, SESSIONS, SYSTEM, USERS, Who, require
from equipment.store.accounts import sessions, users
from equipment.store.list import records, trash
from tests.equipment.store.people import signed_in

Db = Database[dict[str, Any]]
LATE = PROVED_FOR + timedelta(seconds=1)


def stale(database: Db, who: Who) -> Who:
    """Let the last proof of *who* be too long ago."""
    database[SESSIONS].update_one({"_id": who.session}, {"$set": {"proved": moments.now() - LATE}})
    return who


@pytest.mark.parametrize("action", sorted(NEEDS_PROOF))
def test_an_old_sign_in_is_refused(database: Db, action: str) -> None:
    with pytest.raises(FreshSignInNeeded, match=r"^Confirm that it is you: your last sign-in is more than 10 minutes"):
        require(database, stale(database, signed_in(database)), action)


@pytest.mark.parametrize("action", sorted(set(PERMISSIONS) - NEEDS_PROOF))
def test_everything_else_asks_for_none(database: Db, action: str) -> None:
    assert require(database, stale(database, signed_in(database)), action).role == "admin"


def test_it_counts_for_ten_minutes_to_the_second(database: Db) -> None:
    who, now = signed_in(database), moments.now()
    database[SESSIONS].update_one({"_id": who.session}, {"$set": {"proved": now}})

    require(database, who, "backup.replace", now=now + PROVED_FOR - timedelta(seconds=1))
    with pytest.raises(FreshSignInNeeded):
        require(database, who, "backup.replace", now=now + PROVED_FOR)


def test_a_session_of_the_version_before_counts_from_its_start(database: Db) -> None:
    who = signed_in(database)
    database[SESSIONS].update_one({"_id": who.session}, {"$unset": {"proved": ""}})
    require(database, who, "backup.replace")

    database[SESSIONS].update_one({"_id": who.session}, {"$set": {"created": moments.now() - LATE}})
    with pytest.raises(FreshSignInNeeded):
        require(database, who, "backup.replace")


def test_a_role_too_low_is_told_that_and_is_asked_nothing(database: Db) -> None:
    with pytest.raises(AdminOnly):
        require(database, stale(database, signed_in(database, "manager")), "backup.replace")


def test_the_application_itself_is_asked_nothing(database: Db) -> None:
    assert require(database, SYSTEM, "backup.replace").role == "admin"


def test_using_the_page_is_no_proof(database: Db) -> None:
    who = stale(database, signed_in(database))

    sessions.touch(database, who.session, sessions.USUAL, now=moments.now() + timedelta(minutes=5))

    with pytest.raises(FreshSignInNeeded):
        require(database, who, "backup.replace")


def test_an_earlier_proof_takes_nothing_away(database: Db) -> None:
    who = signed_in(database)
    sessions.prove(database, who.session, moments.now())

    sessions.prove(database, who.session, moments.now() - LATE)

    require(database, who, "backup.replace")


RIGHTS: dict[str, Callable[[Db, Who], object]] = {
    "create": lambda db, who: users.create(db, who, "Eve", "admin"),
    "set_role": lambda db, who: users.set_role(db, who, "bob", "admin"),
    "approve": lambda db, who: users.approve(db, who, "bob", "admin"),
    "enable": lambda db, who: users.enable(db, who, "bob"),
    "reset": lambda db, who: users.reset(db, who, "bob"),
}


@pytest.mark.parametrize("change", RIGHTS.values(), ids=RIGHTS)
def test_nobody_gets_rights_by_a_page_left_open(database: Db, change: Callable[[Db, Who], object]) -> None:
    signed_in(database, "user", "bob")
    who = stale(database, signed_in(database))
    before = list(database[USERS].find())

    with pytest.raises(FreshSignInNeeded):
        change(database, who)

    assert list(database[USERS].find()) == before


def test_taking_rights_away_is_never_held_up(database: Db) -> None:
    signed_in(database, "user", "bob")

    users.disable(database, stale(database, signed_in(database)), "bob")

    assert (found := users.find(database, "bob")) is not None and found.state == "disabled"


def test_nothing_is_purged_from_a_page_left_open(database: Db) -> None:
    database["Equipment"].insert_one({"_id": 1, "ID": 1})
    who = stale(database, signed_in(database))
    trash.move(database, who, records.page(database, Query(sort="ID"), {}, date(2026, 3, 2)).entries)

    with pytest.raises(FreshSignInNeeded):
        trash.purge(database, who, [entry.number for entry in trash.entries(database)])

    assert len(trash.entries(database)) == 1
