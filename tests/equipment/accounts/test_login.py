"""Signing in: the same words and work for everybody who may not, and a wait that grows."""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import Any

import pytest
from argon2 import PasswordHasher
from pymongo.database import Database

from backup_engine.errors import BadInput, FreshSignInNeeded, PermissionDenied
from equipment.accounts import login
from equipment.accounts.login import REFUSED, SignInRefused, Visitor
from equipment.accounts.passwords import PASSWORDS, Passwords
from equipment.store import activity, moments
from equipment.store.access import SYSTEM, USERS, Who, identify, require
from equipment.store.accounts import attempts, users
from equipment.store.activity import Filter
from tests.equipment.accounts.cheap import CHEAP, FULL, PASSWORD, counting

Db = Database[dict[str, Any]]
HERE = Visitor("192.0.2.1", "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0")


@pytest.fixture
def bob(database: Db) -> str:
    """An account with a password."""
    users.create(database, SYSTEM, "Bob", "technician", password_hash=CHEAP.hash(PASSWORD))
    return "bob"


def enter(database: Db, name: str = "Bob", password: str = PASSWORD, **options: Any) -> Who:
    """Sign in cheaply."""
    return login.sign_in(database, name, password, HERE, passwords=CHEAP, **options)[0]


def refusal(database: Db, name: str, password: str, **options: Any) -> str:
    """Give the words of a refused sign-in."""
    with pytest.raises(SignInRefused) as caught:
        enter(database, name, password, **options)
    return str(caught.value)


def test_signed_in(database: Db, bob: str) -> None:
    who = enter(database, " BOB ")

    assert require(database, who, "records.edit").name == "Bob"
    (entry,) = activity.find(database, Filter(actions=("sign_in",)))
    assert (entry["who"], entry["address"], entry["note"]) == ("Bob", "192.0.2.1", "Firefox on Linux")


def test_with_the_real_parameters(database: Db) -> None:
    users.create(database, SYSTEM, "Bob", "user", password_hash=PASSWORDS.hash(PASSWORD))

    who, _ = login.sign_in(database, "bob", PASSWORD, HERE)

    assert identify(database, who) is not None


@pytest.mark.parametrize(("name", "password"), [
    ("Bob", "wrong password"), ("Bob", ""), ("Bob", PASSWORD + " "), ("Bob", "x" * 100_000), ("nobody", PASSWORD),
    ("", ""), ("\x00", "\x00"), ("x" * 10_000, PASSWORD), ("<script>alert(1)</script>", PASSWORD), ("\ud800", "\ud800"),
    ("system", PASSWORD), ("{'$gt': ''}", PASSWORD), ("Bob\n", "wrong"),
])
def test_the_same_words_for_every_failure(database: Db, bob: str, name: str, password: str) -> None:
    assert refusal(database, name, password) == REFUSED


@pytest.mark.parametrize("change", [
    {"state": "disabled"}, {"password": None}, {"password": "broken"}, {"state": None},
])
def test_accounts_that_cannot_sign_in(database: Db, bob: str, change: dict[str, Any]) -> None:
    database[USERS].update_one({"_id": bob}, {"$set": change})

    assert refusal(database, "Bob", PASSWORD) == REFUSED


def test_every_refusal_costs_the_same_work(database: Db, bob: str) -> None:
    work = []
    users.create(database, SYSTEM, "coded", "user")
    users.create(database, SYSTEM, "disabled", "user", password_hash=CHEAP.hash(PASSWORD))
    users.disable(database, SYSTEM, "disabled")
    for name in ("Bob", "nobody", "coded", "disabled", "\x00", "x" * 10_000):
        hasher, passwords = counting()
        with pytest.raises(SignInRefused):
            login.sign_in(database, name, "wrong password", HERE, passwords=passwords)
        work.append(hasher.verified)

    assert work == [1] * 6


def test_a_thousand_wrong_passwords(database: Db, bob: str) -> None:
    began = moments.now()
    words = [refusal(database, "Bob", f"wrong {n}", now=began + timedelta(seconds=n)) for n in range(1000)]

    tried = sum(answer == REFUSED for answer in words)
    assert tried < 15
    assert all(answer.startswith("Too many failed sign-ins. Wait ") for answer in words if answer != REFUSED)
    assert activity.count(database, Filter(actions=("sign_in.failed",))) == tried
    locked = refusal(database, "Bob", PASSWORD, now=began + timedelta(seconds=1000))
    assert locked.startswith("Too many failed sign-ins.")
    assert enter(database, now=began + timedelta(hours=1))


def test_an_unknown_name_is_locked_like_a_known_one(database: Db, bob: str) -> None:
    now = moments.now()
    known = [refusal(database, "Bob", "wrong", now=now) for _ in range(8)]
    unknown = [refusal(database, "nobody", "wrong", now=now) for _ in range(8)]

    assert known == unknown


def test_many_names_from_one_address(database: Db, bob: str) -> None:
    now = moments.now()
    words = [refusal(database, f"name {n}", "wrong", now=now) for n in range(60)]

    assert sum(answer == REFUSED for answer in words) == attempts.PER_ADDRESS.free
    assert refusal(database, "Bob", PASSWORD, now=now).startswith("Too many failed sign-ins.")
    elsewhere = login.sign_in(database, "Bob", PASSWORD, Visitor("198.51.100.9"), passwords=CHEAP, now=now)
    assert elsewhere[1].name == "Bob"


def test_guessing_elsewhere_makes_nobody_wait_where_they_have_signed_in(database: Db, bob: str) -> None:
    began = moments.now()
    enter(database, now=began)
    for n in range(1_000):
        with pytest.raises(SignInRefused):
            login.sign_in(database, "Bob", f"wrong {n}", Visitor("203.0.113.66"), passwords=CHEAP,
                          now=began + timedelta(seconds=n))
    later = began + timedelta(seconds=1_000)

    assert enter(database, now=later), "from the address of before"
    with pytest.raises(SignInRefused, match="Wait"):
        login.sign_in(database, "Bob", PASSWORD, Visitor("198.51.100.9"), passwords=CHEAP, now=later)
    here = [refusal(database, "Bob", "wrong", now=later) for _ in range(8)]
    assert here.count(REFUSED) == attempts.PER_ACCOUNT.free, "guessing here is counted as well"

    month_later = began + timedelta(days=attempts.PLACE_DAYS, minutes=17)
    assert attempts.subject_at(database, bob, HERE.address, now=month_later) == attempts.account_subject(bob)


def test_who_knows_the_password_never_waits(database: Db, bob: str) -> None:
    now = moments.now()

    for _ in range(60):
        enter(database, now=now)


def test_new_parameters_renew_the_hash_at_the_next_sign_in(database: Db, bob: str) -> None:
    stronger = Passwords(PasswordHasher(time_cost=2, memory_cost=16, parallelism=1))

    login.sign_in(database, "Bob", PASSWORD, HERE, passwords=stronger)

    stored = database[USERS].find_one({"_id": bob}) or {}
    assert "m=16,t=2,p=1" in stored["password"]
    login.sign_in(database, "Bob", PASSWORD, HERE, passwords=stronger)


def test_a_code_opens_the_door_once_and_nothing_else(database: Db) -> None:
    _, code = users.create(database, SYSTEM, "Bob", "admin")

    who = enter(database, "Bob", code or "")

    with pytest.raises(PermissionDenied, match="new password is due"):
        require(database, who, "records.read")
    assert refusal(database, "Bob", code or "") == REFUSED
    login.change_password(database, who, None, PASSWORD, passwords=CHEAP)
    assert require(database, who, "users.manage").role == "admin"
    assert enter(database, "Bob", PASSWORD)


def test_a_reset_ends_the_old_password(database: Db, bob: str) -> None:
    users.reset(database, SYSTEM, bob)

    assert refusal(database, "Bob", PASSWORD) == REFUSED


def test_changing_the_password_ends_the_other_sessions(database: Db, bob: str) -> None:
    here, there = enter(database), enter(database)

    login.change_password(database, here, PASSWORD, "another good one", passwords=CHEAP)

    assert identify(database, here) is not None
    assert identify(database, there) is None
    assert refusal(database, "Bob", PASSWORD) == REFUSED


@pytest.mark.parametrize(("current", "new", "error"), [
    ("wrong", "another good one", SignInRefused), (None, "another good one", SignInRefused),
    (PASSWORD, "short", BadInput), (PASSWORD, PASSWORD, BadInput), (PASSWORD, "password12", BadInput),
])
def test_a_password_that_cannot_be_changed(
    database: Db, bob: str, current: str | None, new: str, error: type[Exception]
) -> None:
    who = enter(database)

    with pytest.raises(error):
        login.change_password(database, who, current, new, passwords=CHEAP)

    assert enter(database)


def test_the_current_password_cannot_be_guessed_either(database: Db, bob: str) -> None:
    who = enter(database)
    refused = []
    for n in range(20):
        with pytest.raises(SignInRefused) as caught:
            login.change_password(database, who, f"wrong {n}", "another good one", passwords=CHEAP)
        refused.append(str(caught.value))

    assert refused.count("The current password is not right.") == attempts.PER_ACCOUNT.free


def test_signed_out_at_once(database: Db, bob: str) -> None:
    who = enter(database)

    login.sign_out(database, who)

    assert identify(database, who) is None
    with pytest.raises(SignInRefused):
        login.change_password(database, who, PASSWORD, "another good one", passwords=CHEAP)


@pytest.mark.parametrize(("state", "words"), [
    ("pending", "waits for an administrator"), ("rejected", "Not of this lab"),
])
def test_who_asked_learns_the_state_only_with_the_password(database: Db, bob: str, state: str, words: str) -> None:
    database[USERS].update_one({"_id": bob}, {"$set": {"state": state, "note": "Not of this lab"}})

    assert refusal(database, "Bob", "wrong") == REFUSED
    assert words in refusal(database, "Bob", PASSWORD)


def test_secrets_are_neither_logged_nor_stored(database: Db, bob: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, logger="equipment")
    enter(database)
    refusal(database, "Bob", "a wrong secret")
    refusal(database, "my password in the wrong field", "x")

    everything = caplog.text + "".join(
        str(list(database[name].find())) for name in database.list_collection_names()
    )

    for secret in (PASSWORD, "a wrong secret", "my password in the wrong field"):
        assert secret not in everything


def test_the_password_once_more_is_a_proof(database: Db, bob: str) -> None:
    users.set_role(database, SYSTEM, bob, "admin")
    long_ago = moments.now() - timedelta(hours=1)
    who = enter(database, now=long_ago)
    with pytest.raises(FreshSignInNeeded):
        require(database, who, "backup.replace")

    login.prove(database, who, PASSWORD, passwords=CHEAP)

    assert require(database, who, "backup.replace").name == "Bob"
    assert [entry["who"] for entry in activity.find(database, Filter(actions=("sign_in.confirmed",)))] == ["Bob"]


def test_a_wrong_one_is_no_proof_and_is_written_down(database: Db, bob: str) -> None:
    users.set_role(database, SYSTEM, bob, "admin")
    who = enter(database, now=moments.now() - timedelta(hours=1))

    with pytest.raises(SignInRefused, match="not right"):
        login.prove(database, who, "correct horse battery!", passwords=CHEAP)

    with pytest.raises(FreshSignInNeeded):
        require(database, who, "backup.replace")
    assert len(activity.find(database, Filter(actions=("sign_in.unconfirmed",)))) == 1


def test_ten_thousand_wrong_ones_are_looked_at_a_few_times(database: Db, bob: str) -> None:
    who, (hasher, passwords) = enter(database), counting()
    now = moments.now()

    for second in range(10_000):
        with pytest.raises(SignInRefused):
            login.prove(database, who, "wrong", passwords=passwords, now=now + timedelta(seconds=second))

    # Five are free; then waits of 5, 10, 20 … 900 s leave room for 8 while they grow, and for one in 900 s after that.
    assert hasher.verified <= 24
    assert len(activity.find(database, Filter(actions=("sign_in.unconfirmed",)))) == hasher.verified


def test_whom_the_provider_vouches_for_has_no_password_here(database: Db, bob: str) -> None:
    who = enter(database)
    database[USERS].update_one({"_id": bob}, {"$set": {"source": "oidc"}})

    with pytest.raises(SignInRefused, match="Sign in there again"):
        login.prove(database, who, PASSWORD, passwords=CHEAP)


def test_who_was_signed_out_proves_nothing(database: Db, bob: str) -> None:
    who = enter(database)
    login.sign_out(database, who)

    with pytest.raises(SignInRefused, match="no longer signed in"):
        login.prove(database, who, PASSWORD, passwords=CHEAP)


def test_who_was_sent_away_by_a_flood_has_not_failed(database: Db, bob: str) -> None:
    who = enter(database)
    for _ in range(attempts.PER_ADDRESS.free + 1):
        with pytest.raises(SignInRefused, match=r"^Too many people sign in at this moment. Try again in a few"):
            login.sign_in(database, "Bob", PASSWORD, Visitor("198.51.100.7"), passwords=FULL)
        with pytest.raises(SignInRefused, match=r"^Too many people"):
            login.prove(database, who, PASSWORD, passwords=FULL)

    login.prove(database, who, PASSWORD, passwords=CHEAP)
    assert login.sign_in(database, "Bob", PASSWORD, Visitor("198.51.100.7"), passwords=CHEAP)
    assert not activity.find(database, Filter(actions=("sign_in.failed", "sign_in.unconfirmed")))
