"""Asking for an account: off by default, and nobody gets in unasked."""

from __future__ import annotations

from typing import Any

import pytest
from pymongo.database import Database

from backup_engine.errors import AdminOnly, BadInput
from equipment.accounts import login, signup
from equipment.accounts.login import REFUSED, SignInRefused, Visitor
from equipment.domain.person import Person
from equipment.store.access import SYSTEM, USERS
from equipment.store.accounts import attempts, users
from tests.equipment.accounts.cheap import CHEAP, FULL, PASSWORD
from tests.equipment.store.people import signed_in

Db = Database[dict[str, Any]]


def ask(database: Db, name: str = "Eve", password: str = PASSWORD, address: str = "192.0.2.1") -> None:
    """Ask cheaply."""
    signup.ask(database, name, password, "of the optics group", Visitor(address), passwords=CHEAP)


def test_off_by_default(database: Db) -> None:
    assert not signup.is_open(database)
    with pytest.raises(SignInRefused):
        ask(database)
    assert not users.exist(database)


def test_only_an_administrator_switches_it_on(database: Db) -> None:
    with pytest.raises(AdminOnly):
        signup.switch(database, signed_in(database, "manager"), True)

    signup.switch(database, SYSTEM, True)
    assert signup.is_open(database)
    signup.switch(database, SYSTEM, False)
    assert not signup.is_open(database)


def test_a_request_waits_and_is_approved(database: Db) -> None:
    signup.switch(database, SYSTEM, True)
    ask(database)

    with pytest.raises(SignInRefused, match="waits for an administrator"):
        login.sign_in(database, "Eve", PASSWORD, Visitor(), passwords=CHEAP)
    users.approve(database, SYSTEM, "eve")

    _, account = login.sign_in(database, "Eve", PASSWORD, Visitor(), passwords=CHEAP)
    assert account.role == "user"


def test_a_name_that_is_taken_looks_the_same_and_changes_nothing(database: Db) -> None:
    signup.switch(database, SYSTEM, True)
    users.create(database, SYSTEM, "Eve", "admin", password_hash=CHEAP.hash("the real password"))
    before = list(database[USERS].find())

    ask(database)

    assert list(database[USERS].find()) == before
    with pytest.raises(SignInRefused, match=REFUSED):
        login.sign_in(database, "Eve", PASSWORD, Visitor(), passwords=CHEAP)


@pytest.mark.parametrize(("name", "password"), [
    ("", PASSWORD), ("\x00", PASSWORD), ("<b>", PASSWORD), ("Eve", "short"),
])
def test_what_cannot_be(database: Db, name: str, password: str) -> None:
    signup.switch(database, SYSTEM, True)

    with pytest.raises(BadInput):
        ask(database, name, password)


def test_one_address_cannot_fill_the_list(database: Db) -> None:
    signup.switch(database, SYSTEM, True)
    for n in range(signup.LIMIT.free):
        ask(database, f"Eve {n}")

    with pytest.raises(SignInRefused, match="Too many requests"):
        ask(database, "one more")


def test_one_that_asks_day_after_day_locks_nobody_else_out(database: Db) -> None:
    signup.switch(database, SYSTEM, True)
    for n in range(signup.MOST_OF_AN_ADDRESS):
        ask(database, f"Eve {n}")
        database[attempts.ATTEMPTS].delete_many({})

    with pytest.raises(SignInRefused, match="Too many requests are waiting"):
        ask(database, "one more")
    ask(database, "Ada", address="198.51.100.1")
    users.reject_all(database, SYSTEM)
    ask(database, "Eve again")


def test_all_addresses_together_cannot_either(database: Db, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(signup, "MOST_WAITING", 20)
    signup.switch(database, SYSTEM, True)
    for n in range(20):
        ask(database, f"Eve {n}", address=f"192.0.2.{n}")

    with pytest.raises(SignInRefused, match="Too many requests"):
        ask(database, "one more", address="198.51.100.1")


def test_a_list_that_is_full_takes_nothing_more_however_many_ask(database: Db) -> None:
    signup.switch(database, SYSTEM, True)
    waiting = users.new_document("Eve", "user", "pending", by="sign-up")
    database[USERS].insert_many([waiting | {"_id": f"eve {n}"} for n in range(signup.MOST_WAITING)])
    for n in range(50):
        with pytest.raises(SignInRefused, match="Too many requests are waiting"):
            ask(database, f"Mallory {n}", address=f"198.51.100.{n}")

    assert database[USERS].count_documents({}) == signup.MOST_WAITING
    assert users.reject_all(database, SYSTEM) == signup.MOST_WAITING
    ask(database, "Ada", address="203.0.113.1")


def test_what_was_said_is_kept_and_the_wished_role_gives_no_right(database: Db) -> None:
    signup.switch(database, SYSTEM, True)
    ada = Person("Ada", "Lovelace", "ada@example.org", "Optics")
    signup.ask(database, "Ada", PASSWORD, "I look after the lasers", Visitor("192.0.2.1"), repeated=PASSWORD,
               person=ada, wished_role="admin", passwords=CHEAP)

    user = users.find(database, "ada")
    assert user is not None
    assert (user.person, user.wished_role, user.role, user.state) == (ada, "admin", "user", "pending")


def test_all_faults_at_once_and_nothing_is_stored(database: Db) -> None:
    signup.switch(database, SYSTEM, True)
    with pytest.raises(BadInput) as error:
        signup.ask(database, "", "short", "", Visitor("192.0.2.1"), repeated="shirt", person=Person(email="nobody"),
                   wished_role="emperor", passwords=CHEAP)

    for part in ("A name is needed", "E-mail", "no role 'emperor'", "at least", "passwords differ"):
        assert part in error.value.message
    assert not users.exist(database)


def test_who_asks_while_too_many_passwords_are_hashed_is_told_that_and_may_try_again(database: Db) -> None:
    signup.switch(database, SYSTEM, True)
    for _ in range(signup.LIMIT.free + 1):
        with pytest.raises(SignInRefused, match=r"^Too many people sign in at this moment. Try again in a few seconds"):
            signup.ask(database, "Eve", PASSWORD, "", Visitor("192.0.2.1"), passwords=FULL)
    assert not users.exist(database)

    ask(database)
    assert users.exist(database)
