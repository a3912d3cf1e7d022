"""Every privileged action asks the database who is asking."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from pymongo.database import Database

from backup_engine.errors import AdminOnly, PermissionDenied
from equipment.domain.roles import NEVER_BY_TOKEN, PERMISSIONS, READS
from equipment.store import moments
from equipment.store.access import SESSIONS, SYSTEM, USERS, Who, identify, require
from equipment.store.accounts import tokens
from tests.equipment.store.people import signed_in

Db = Database[dict[str, Any]]


def test_the_role_allows(database: Db) -> None:
    assert require(database, signed_in(database, "manager"), "records.delete").role == "manager"


def test_a_role_too_low_names_the_role_needed(database: Db) -> None:
    with pytest.raises(PermissionDenied, match="needs the role manager, and some technician has the role technician"):
        require(database, signed_in(database, "technician"), "records.delete")


def test_what_only_administrators_may_do_says_so(database: Db) -> None:
    with pytest.raises(AdminOnly, match=r"^Admin only"):
        require(database, signed_in(database, "manager"), "backup.restore")


@pytest.mark.parametrize("change", [
    {"$set": {"role": "user"}}, {"$set": {"role": "emperor"}}, {"$set": {"state": "disabled"}},
    {"$set": {"state": "pending"}}, {"$unset": {"state": ""}}, {"$inc": {"epoch": 1}}, {"$set": {"must_change": True}},
])
def test_a_change_of_the_account_counts_at_once(database: Db, change: dict[str, Any]) -> None:
    who = signed_in(database, "admin")
    require(database, who, "users.manage")

    database[USERS].update_one({"_id": who.name}, change)

    with pytest.raises(PermissionDenied):
        require(database, who, "users.manage")


@pytest.mark.parametrize("limit", ["until", "idle_until"])
def test_a_session_past_either_limit_is_over(database: Db, limit: str) -> None:
    who = signed_in(database, "admin")

    database[SESSIONS].update_one({"_id": who.session}, {"$set": {limit: moments.now() - timedelta(seconds=1)}})

    assert identify(database, who) is None


@pytest.mark.parametrize("session", ["", "a", "0" * 64, "System:app", " system:app", "é" * 5000])
def test_forged_sessions_are_nobody(database: Db, session: str) -> None:
    signed_in(database, "admin")

    with pytest.raises(PermissionDenied, match="no longer signed in"):
        require(database, Who(session, "some admin"), "records.read")


def test_the_name_in_the_request_decides_nothing(database: Db) -> None:
    signed_in(database, "admin", "chief")
    user = signed_in(database, "user", "intern")

    with pytest.raises(AdminOnly):
        require(database, Who(user.session, "chief"), "users.manage")


def test_the_application_itself_may(database: Db) -> None:
    assert require(database, SYSTEM, "backup.create").name == "system"


def test_an_undefined_action_is_a_fault_not_a_permission(database: Db) -> None:
    with pytest.raises(KeyError):
        require(database, SYSTEM, "records.dance")


@pytest.mark.parametrize("action", sorted(PERMISSIONS))
@pytest.mark.parametrize("scope", ["read", "write"])
def test_a_token_of_an_administrator_may_what_its_scope_and_every_program_may(
    database: Db, action: str, scope: str
) -> None:
    _, text = tokens.make(database, signed_in(database), "sync", "admin", scope, 9)
    program = tokens.of_text(database, text)
    assert program is not None
    allowed = action not in NEVER_BY_TOKEN and (scope == "write" or action in READS)

    account = identify(database, program)
    assert account is not None and account.may(action) is allowed
    if allowed:
        assert require(database, program, action).token == "sync"
    else:
        with pytest.raises(PermissionDenied, match=r"not for tokens|only reads"):
            require(database, program, action)
