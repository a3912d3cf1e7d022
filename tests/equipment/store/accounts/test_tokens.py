"""Tokens: made with a proof, shown once, kept as a hash, and ended by whatever ends them at the next request."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import mongomock
import pytest
from pymongo.database import Database

from backup_engine.errors import AdminOnly, BadInput, FreshSignInNeeded, PermissionDenied
from equipment.logs.redaction import Redaction
from equipment.store import access, activity, moments
from equipment.store.access import PROVED_FOR, SESSIONS, TOKEN_PREFIX, TOKENS, USERS, Who
from equipment.store.accounts import tokens, users
from tests.equipment.store.people import signed_in

Db = Database[dict[str, Any]]


@pytest.fixture
def ada(database: Db) -> Who:
    tokens.prepare(database)
    return signed_in(database, "manager", "ada")


def made(database: Db, who: Who, role: str = "manager", scope: str = "write", name: str = "sync") -> tuple[Who, str]:
    _, text = tokens.make(database, who, name, role, scope, 90)
    found = tokens.of_text(database, text, "192.0.2.9")
    assert found is not None
    return found, text


def test_a_token_acts_as_its_account_under_its_own_name(database: Db, ada: Who) -> None:
    program, text = made(database, ada)

    assert program.name == "ada (token sync)" and program.address == "192.0.2.9"
    account = access.require(database, program, "records.edit")
    assert (account.key, account.name, account.role, account.token) == ("ada", "ada", "manager", "sync")
    assert text.startswith("eq_") and len(text) == tokens.LENGTH


def test_its_text_is_stored_nowhere_and_the_log_hides_it(database: Db, ada: Who) -> None:
    _, text = made(database, ada)

    stored = [document for name in database.list_collection_names() for document in database[name].find()]
    assert text not in repr(stored) and text.removeprefix("eq_") not in repr(stored)
    assert Redaction()(f"sent {text} there") == "sent *** there"


@pytest.mark.parametrize(("name", "role", "scope", "days", "why"), [
    ("", "user", "read", 9, "name is needed"), ("a\tb", "user", "read", 9, "A name may hold"),
    ("sync", "admin", "read", 9, "ada is manager"), ("sync", "root", "read", 9, "no role"),
    ("sync", "user", "delete", 9, "no scope"), ("sync", "user", "read", 0, "to 365"),
    ("sync", "user", "read", 366, "to 365"),
])
def test_what_cannot_be_is_refused(
    database: Db, ada: Who, name: str, role: str, scope: str, days: int, why: str
) -> None:
    with pytest.raises(BadInput, match=why):
        tokens.make(database, ada, name, role, scope, days)

    assert database[TOKENS].count_documents({}) == 0


def test_a_name_is_taken_once_and_their_number_is_bounded(database: Db, ada: Who) -> None:
    for number in range(tokens.MOST):
        tokens.make(database, ada, f"t{number}", "user", "read", 1)

    with pytest.raises(BadInput, match="at most 20"):
        tokens.make(database, ada, "one more", "user", "read", 1)
    tokens.revoke(database, ada, tokens.own(database, ada)[0].number)
    with pytest.raises(BadInput, match="already a token t5"):
        tokens.make(database, ada, "t5", "user", "read", 1)


def test_making_one_asks_who_is_there(database: Db, ada: Who) -> None:
    long_ago = moments.now() - PROVED_FOR - timedelta(seconds=1)
    database[SESSIONS].update_one({"_id": ada.session}, {"$set": {"proved": long_ago}})

    with pytest.raises(FreshSignInNeeded):
        tokens.make(database, ada, "sync", "user", "read", 9)


def test_a_token_makes_none_and_ends_none_but_its_owner_does(database: Db, ada: Who) -> None:
    program, text = made(database, ada)
    number = program.session.removeprefix(TOKEN_PREFIX)

    with pytest.raises(PermissionDenied, match="not for tokens"):
        tokens.make(database, program, "child", "user", "read", 9)
    with pytest.raises(PermissionDenied):
        tokens.revoke(database, program, number)
    with pytest.raises(AdminOnly):
        tokens.revoke(database, signed_in(database, "manager", "ben"), number)
    assert tokens.of_text(database, text) is not None
    tokens.revoke(database, ada, number)
    assert tokens.of_text(database, text) is None


def test_one_that_is_revoked_in_the_middle_counts_from_the_next_request(database: Db, ada: Who) -> None:
    program, text = made(database, ada)
    access.require(database, program, "records.edit")

    tokens.revoke(database, signed_in(database, "admin", "root"), program.session.removeprefix(TOKEN_PREFIX))

    assert tokens.of_text(database, text) is None and access.identify(database, program) is None
    with pytest.raises(PermissionDenied, match="the token has ended"):
        access.require(database, program, "records.read")
    [listed] = tokens.own(database, ada)
    assert (listed.state, listed.revoked_by) == ("revoked", "root")
    said = activity.find(database)
    assert [entry["action"] for entry in said] == ["user.token_revoked", "user.token"]
    assert text not in repr(said)


def test_it_never_has_more_than_its_account_has_now(database: Db, ada: Who) -> None:
    program, _ = made(database, ada)
    lower, _ = made(database, ada, role="user", name="low")

    database[USERS].update_one({"_id": "ada"}, {"$set": {"role": "technician"}})

    assert access.require(database, program, "records.edit").role == "technician"
    with pytest.raises(PermissionDenied):
        access.require(database, program, "records.delete")
    with pytest.raises(PermissionDenied):
        access.require(database, lower, "records.edit")


def test_the_scope_read_changes_nothing(database: Db, ada: Who) -> None:
    program, _ = made(database, ada, scope="read")

    account = access.require(database, program, "records.export")
    assert account.may("records.read") and not account.may("records.edit")
    with pytest.raises(PermissionDenied, match="only reads"):
        access.require(database, program, "records.edit")


def test_disabling_and_signing_out_everywhere_end_it(database: Db, ada: Who) -> None:
    root = signed_in(database, "admin", "root")
    database["equipment_settings"].insert_one({"_id": "admins", "keys": ["root"]})
    program, _ = made(database, ada)

    users.sign_out_everywhere(database, ada, "ada")
    assert access.identify(database, program) is None
    [listed] = tokens.everybodys(database, root)
    assert listed.state == "signed out"

    again = signed_in(database, "user", "ben")
    other, _ = made(database, again, role="user")
    users.disable(database, root, "ben")
    assert access.identify(database, other) is None
    users.enable(database, root, "ben")
    assert access.identify(database, other) is None


def test_it_ends_on_its_day(database: Db, ada: Who) -> None:
    _, text = tokens.make(database, ada, "sync", "user", "read", 1)
    tomorrow = moments.now() + timedelta(days=1, seconds=1)

    assert tokens.of_text(database, text, now=tomorrow) is None
    assert [each.state for each in tokens.own(database, ada, now=moments.now())] == ["good"]


def test_its_use_is_written_once_a_minute(database: Db, ada: Who) -> None:
    _, text = tokens.make(database, ada, "sync", "user", "read", 9)
    now = moments.now()
    for seconds in (0, 30, 59):
        tokens.of_text(database, text, "192.0.2.1", now=now + timedelta(seconds=seconds))
    first = tokens.own(database, ada)[0].used
    tokens.of_text(database, text, "192.0.2.2", now=now + timedelta(seconds=61))
    [listed] = tokens.own(database, ada)

    assert first is not None and abs(first - now) < timedelta(seconds=1)
    assert listed.used is not None and abs(listed.used - now - timedelta(seconds=61)) < timedelta(seconds=1)
    assert listed.used_from == "192.0.2.2"


@pytest.mark.parametrize("text", ["", "eq_", "system:app", "token:", "eq_" + "A" * 43, "eq_" + "A" * 44, "ü" * 46])
def test_what_is_no_token_is_nobody(database: Db, ada: Who, text: str) -> None:
    assert tokens.of_text(database, text) is None


def test_only_administrators_see_everybodys(database: Db, ada: Who) -> None:
    made(database, ada)

    with pytest.raises(AdminOnly):
        tokens.everybodys(database, ada)


def test_the_database_in_memory_knows_them(ada: Who) -> None:
    db: Any = mongomock.MongoClient()["demo"]
    tokens.prepare(db)
    program, _ = made(db, signed_in(db, "technician", "eve"), role="technician")

    assert access.require(db, program, "records.edit").token == "sync"
