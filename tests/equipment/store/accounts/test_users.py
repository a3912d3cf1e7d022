"""Accounts: made, changed, reset, disabled; and there is always an administrator left."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from pymongo.database import Database

from backup_engine.errors import AdminOnly, BadInput, PermissionDenied
from equipment.store import activity, moments
from equipment.store.access import SYSTEM, USERS, Who, identify, require
from equipment.store.accounts import administrators, credentials, users
from equipment.store.activity import Filter
from tests.equipment.store.people import signed_in

Db = Database[dict[str, Any]]


def test_a_new_account_waits_with_a_code(database: Db) -> None:
    user, code = users.create(database, signed_in(database), "Bob", "technician")

    assert (user.name, user.role, user.state, user.must_change) == ("Bob", "technician", "active", True)
    assert code is not None
    assert code not in str(list(database[USERS].find()))
    assert credentials.use_code(database, "bob", code.lower().replace("-", " "))
    assert not credentials.use_code(database, "bob", code)


def test_a_code_ends_after_a_day(database: Db) -> None:
    _, code = users.create(database, SYSTEM, "Bob", "user")

    later = moments.now() + timedelta(hours=users.CODE_HOURS, seconds=1)

    assert not credentials.use_code(database, "bob", code or "", now=later)


@pytest.mark.parametrize("name", ["bob", "BOB", " Bob ", "Ｂob"])
def test_one_name_one_account(database: Db, name: str) -> None:
    users.create(database, SYSTEM, "Bob", "user")

    with pytest.raises(BadInput, match="already an account"):
        users.create(database, SYSTEM, name, "admin")


@pytest.mark.parametrize(("name", "role"), [
    ("", "user"), ("a\x00", "user"), ("<b>", "user"), ("Bob", "root"), ("Bob", ""),
])
def test_names_and_roles_that_cannot_be(database: Db, name: str, role: str) -> None:
    with pytest.raises(BadInput):
        users.create(database, SYSTEM, name, role)

    assert not users.exist(database)


CALLS: list[Callable[[Db, Who], object]] = [
    lambda db, who: users.create(db, who, "Eve", "admin"),
    lambda db, who: users.set_role(db, who, "bob", "admin"),
    lambda db, who: users.disable(db, who, "bob"),
    lambda db, who: users.enable(db, who, "bob"),
    lambda db, who: users.approve(db, who, "bob"),
    lambda db, who: users.reject(db, who, "bob", "no"),
    lambda db, who: users.reject_all(db, who),
    lambda db, who: users.reset(db, who, "bob"),
    lambda db, who: users.end_sessions(db, who, "bob"),
    lambda db, who: users.listed(db, who),
]


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("role", ["user", "technician", "manager"])
def test_only_administrators_manage_accounts(database: Db, role: Any, call: Callable[[Db, Who], object]) -> None:
    users.create(database, SYSTEM, "Bob", "user")
    who = signed_in(database, role)
    before = list(database[USERS].find())

    with pytest.raises(AdminOnly):
        call(database, who)

    assert list(database[USERS].find()) == before


def test_a_new_role_counts_at_once_and_is_logged(database: Db) -> None:
    chief, bob = signed_in(database), signed_in(database, "user", "bob")

    users.set_role(database, chief, "bob", "manager")

    assert require(database, bob, "records.delete").role == "manager"
    (entry,) = activity.find(database, Filter(actions=("user.role",)))
    assert (entry["who"], entry["target"]) == (chief.name, "user:bob")
    assert (entry["before"], entry["after"]) == ({"role": "user"}, {"role": "manager"})


@pytest.mark.parametrize("end", [
    lambda db, who: users.disable(db, who, "bob"),
    lambda db, who: users.reset(db, who, "bob"),
    lambda db, who: users.end_sessions(db, who, "bob"),
])
def test_sessions_end(database: Db, end: Callable[[Db, Who], object]) -> None:
    bob = signed_in(database, "user", "bob")

    end(database, signed_in(database))

    assert identify(database, bob) is None


def test_nobody_resets_their_own_password_into_a_code_that_nobody_sees(database: Db) -> None:
    chief = signed_in(database)
    before = list(database[USERS].find())

    with pytest.raises(BadInput, match="your own account"):
        users.reset(database, chief, chief.name)

    assert list(database[USERS].find()) == before and identify(database, chief) is not None


def test_everybody_who_waits_is_declined_at_once(database: Db) -> None:
    chief = signed_in(database)
    for name in ("Eve", "Mallory"):
        users.insert(database, users.new_document(name, "user", "pending", by="sign-up"))

    assert users.reject_all(database, chief) == 2
    assert {user.name: user.state for user in users.listed(database, chief)} == {
        chief.name: "active", "Eve": "rejected", "Mallory": "rejected"}
    assert activity.count(database, Filter(actions=("user.reject",))) == 2
    users.approve(database, chief, "eve")
    assert users.find(database, "Eve").state == "active"  # type: ignore[union-attr]


def test_disabled_and_enabled_again(database: Db) -> None:
    chief = signed_in(database)
    users.create(database, chief, "Bob", "user")

    users.disable(database, chief, "bob")
    with pytest.raises(BadInput, match="not active"):
        users.disable(database, chief, "bob")
    users.enable(database, chief, "bob")

    assert [user.state for user in users.listed(database, chief) if user.key == "bob"] == ["active"]


@pytest.mark.parametrize("act", [
    lambda db, who: users.set_role(db, who, who.name, "user"),
    lambda db, who: users.disable(db, who, who.name),
])
def test_the_last_administrator_stays(database: Db, act: Callable[[Db, Who], object]) -> None:
    chief = signed_in(database)
    users.create(database, chief, "Bob", "manager")

    with pytest.raises(BadInput, match="last administrator"):
        act(database, chief)

    assert require(database, chief, "users.manage").role == "admin"


def test_an_administrator_disabled_by_hand_does_not_count(database: Db) -> None:
    chief = signed_in(database)
    users.create(database, chief, "Bob", "admin")
    administrators.admit(database, chief.name)
    database[USERS].update_one({"_id": "bob"}, {"$set": {"state": "disabled"}})

    with pytest.raises(BadInput, match="last administrator"):
        users.set_role(database, chief, chief.name, "user")


@pytest.mark.parametrize("round_number", range(10))
def test_two_administrators_demote_each_other_at_once(database: Db, round_number: int) -> None:
    first, second = signed_in(database, "admin", "one"), signed_in(database, "admin", "two")
    start, refused = threading.Barrier(2), []

    def demote(who: Who, colleague: str) -> None:
        start.wait()
        try:
            users.set_role(database, who, colleague, "user")
        except (BadInput, PermissionDenied) as error:
            refused.append(error)

    threads = [threading.Thread(target=demote, args=pair) for pair in ((first, "two"), (second, "one"))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert database[USERS].count_documents({"role": "admin", "state": "active"}) == 1
    assert len(refused) == 1


def test_ten_administrators_resign_at_once(database: Db) -> None:
    everybody = [signed_in(database, "admin", f"chief {number}") for number in range(10)]
    start = threading.Barrier(len(everybody))

    def resign(who: Who) -> None:
        start.wait()
        try:
            users.disable(database, who, who.name)
        except (BadInput, PermissionDenied):
            return

    threads = [threading.Thread(target=resign, args=(who,)) for who in everybody]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert database[USERS].count_documents({"role": "admin", "state": "active"}) == 1


def test_who_asked_for_an_account_gets_an_answer(database: Db) -> None:
    chief = signed_in(database)
    for name in ("Bob", "Eve"):
        users.insert(database, users.new_document(name, "user", "pending", by="sign-up"))

    users.approve(database, chief, "bob", "technician")
    users.reject(database, chief, "eve", "Not of this lab")

    states = {user.key: (user.state, user.role, user.note) for user in users.listed(database, chief)}
    assert states["bob"] == ("active", "technician", "")
    assert states["eve"] == ("rejected", "user", "Not of this lab")


def test_lists_carry_no_secret(database: Db) -> None:
    _, code = users.create(database, SYSTEM, "Bob", "user")

    shown = repr(users.listed(database, SYSTEM))

    stored = database[USERS].find_one({"_id": "bob"}) or {}
    assert code not in shown
    assert stored["code"] not in shown
