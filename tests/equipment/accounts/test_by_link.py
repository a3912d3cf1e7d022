"""Choosing a password by a link: nobody is signed in by it, everybody is signed out, and a factor stays asked for."""

from __future__ import annotations

import logging
from contextlib import nullcontext
from typing import Any

import pyotp
import pytest
from pymongo.database import Database

from backup_engine.errors import BadInput
from equipment.accounts import by_link, login
from equipment.accounts.by_link import DEAD
from equipment.accounts.login import SecondFactorNeeded, SignInRefused, Visitor
from equipment.store import activity
from equipment.store.access import SESSIONS, SYSTEM, USERS, identify
from equipment.store.accounts import factors, password_links, users
from equipment.store.activity import Filter
from tests.equipment.accounts.cheap import CHEAP, FULL, PASSWORD

Db = Database[dict[str, Any]]
HERE, ELSEWHERE = Visitor("192.0.2.1"), Visitor("203.0.113.7")
NEW = "four words nobody guesses"


@pytest.fixture
def secret(database: Db) -> str:
    """The link of an administrator with a password."""
    users.create(database, SYSTEM, "Bob", "admin", password_hash=CHEAP.hash(PASSWORD))
    issued = password_links.issue(database, "bob")
    assert issued is not None
    return issued


def enter(database: Db, password: str, visitor: Visitor = HERE) -> Any:
    return login.sign_in(database, "Bob", password, visitor, passwords=CHEAP)[0]


def test_the_new_one_counts_and_whoever_was_signed_in_no_longer_is(database: Db, secret: str) -> None:
    before = [enter(database, PASSWORD, visitor) for visitor in (HERE, ELSEWHERE)]

    account = by_link.choose(database, secret, NEW, HERE, passwords=CHEAP)

    assert account.key == "bob"
    assert [identify(database, who) for who in before] == [None, None]
    assert database[SESSIONS].count_documents({}) == 2  # nobody was signed in by it
    with pytest.raises(SignInRefused):
        enter(database, PASSWORD)
    assert identify(database, enter(database, NEW)) is not None
    with pytest.raises(SignInRefused, match="no longer works"):
        by_link.choose(database, secret, "other words nobody guesses", HERE, passwords=CHEAP)
    enter(database, NEW)


@pytest.mark.parametrize("new", ["short", "password123", "Bob Bob Bob", "x" * 2000])
def test_a_password_that_cannot_be_taken_leaves_the_link_and_the_old_one(
    database: Db, secret: str, new: str
) -> None:
    with pytest.raises(BadInput):
        by_link.choose(database, secret, new, HERE, passwords=CHEAP)

    enter(database, PASSWORD)
    assert by_link.choose(database, secret, NEW, HERE, passwords=CHEAP).name == "Bob"


@pytest.mark.parametrize("forged", ["", "x" * 43, "\ud800"])
def test_a_link_that_is_none_costs_no_hash(database: Db, secret: str, forged: str) -> None:
    with pytest.raises(SignInRefused) as refused:
        by_link.choose(database, forged, NEW, HERE, passwords=None)  # type: ignore[arg-type]

    assert str(refused.value) == DEAD


def test_the_second_factor_is_asked_for_at_the_next_sign_in(database: Db, secret: str) -> None:
    who, key = enter(database, PASSWORD), factors.offer("Bob").secret
    factors.confirm(database, who, "bob", key, pyotp.TOTP(key).now())

    by_link.choose(database, secret, NEW, HERE, passwords=CHEAP)

    with pytest.raises(SecondFactorNeeded):
        enter(database, NEW)
    assert (database[USERS].find_one({"_id": "bob"}) or {})["factor"]


@pytest.mark.parametrize("with_factor", [False, True])
def test_failures_before_it_are_forgiven_unless_codes_could_be_guessed(
    database: Db, secret: str, with_factor: bool
) -> None:
    if with_factor:
        who, key = enter(database, PASSWORD), factors.offer("Bob").secret
        factors.confirm(database, who, "bob", key, pyotp.TOTP(key).now())
    for n in range(8):
        with pytest.raises(SignInRefused):
            enter(database, f"wrong {n}", ELSEWHERE)

    by_link.choose(database, secret, NEW, ELSEWHERE, passwords=CHEAP)

    with pytest.raises(SignInRefused, match="Too many failed") if with_factor else nullcontext():
        enter(database, NEW, ELSEWHERE)


def test_a_one_time_code_that_waits_is_void(database: Db, secret: str) -> None:
    code = users.create(database, SYSTEM, "Eve", "user")[1]
    issued = password_links.issue(database, "eve") or ""

    by_link.choose(database, issued, NEW, HERE, passwords=CHEAP)

    _, account = login.sign_in(database, "Eve", NEW, HERE, passwords=CHEAP)
    assert not account.must_change_password
    with pytest.raises(SignInRefused):
        login.sign_in(database, "Eve", code or "", HERE, passwords=CHEAP)


def test_the_activity_says_it_and_neither_it_nor_the_log_holds_a_secret(
    database: Db, secret: str, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG, logger="equipment"):
        by_link.choose(database, secret, NEW, HERE, passwords=CHEAP)

    (entry,) = activity.find(database, Filter(actions=("user.password",)))
    assert (entry["who"], entry["target"], entry["note"], entry["address"]) == (
        "Bob", "user:bob", "by the link of a mail", "192.0.2.1")
    everything = [list(database[name].find()) for name in database.list_collection_names()]
    assert not any(each in f"{caplog.text} {everything}" for each in (secret, NEW))


def test_while_too_many_sign_in_the_link_waits(database: Db, secret: str) -> None:
    with pytest.raises(SignInRefused, match=r"^Too many people sign in at this moment. Try again in a few seconds"):
        by_link.choose(database, secret, NEW, HERE, passwords=FULL)

    assert by_link.choose(database, secret, NEW, HERE, passwords=CHEAP).key == "bob"
