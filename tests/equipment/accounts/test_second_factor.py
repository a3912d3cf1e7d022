"""Signing in with a second factor: the password alone opens nothing, and codes cannot be guessed."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pyotp
import pytest
from pymongo.database import Database

from equipment.accounts import login
from equipment.accounts.login import REFUSED, HalfWay, SecondFactorNeeded, SignInRefused, Visitor
from equipment.store import access, activity, moments
from equipment.store.access import SESSIONS, SYSTEM, identify, require
from equipment.store.accounts import factors, users
from equipment.store.activity import Filter
from tests.equipment.accounts.cheap import CHEAP, PASSWORD

Db = Database[dict[str, Any]]
HERE = Visitor("192.0.2.1")
NOW = moments.now().replace(second=10, microsecond=0)


def code(secret: str, moment: datetime) -> str:
    return pyotp.TOTP(secret).at(int(moment.timestamp()))


@pytest.fixture
def secret(database: Db) -> str:
    """That of the administrator Ada, set up five minutes ago."""
    users.create(database, SYSTEM, "Ada", "admin", password_hash=CHEAP.hash(PASSWORD))
    before, made = NOW - timedelta(minutes=5), factors.offer("Ada").secret
    factors.confirm(database, SYSTEM, "ada", made, code(made, before), now=before)
    return made


def half_way(database: Db, now: datetime = NOW, password: str = PASSWORD) -> HalfWay:
    with pytest.raises(SecondFactorNeeded) as needed:
        login.sign_in(database, "Ada", password, HERE, passwords=CHEAP, now=now)
    return needed.value.half_way


def refused(database: Db, half: HalfWay, typed: str, now: datetime = NOW) -> str:
    with pytest.raises(SignInRefused) as caught:
        login.with_code(database, half, typed, HERE, now=now)
    return str(caught.value)


def test_the_password_alone_opens_nothing_and_the_code_the_rest(database: Db, secret: str) -> None:
    half = half_way(database)
    assert not database[SESSIONS].count_documents({})

    who, account = login.with_code(database, half, code(secret, NOW), HERE, now=NOW)

    assert account.has_factor and require(database, who, "backup.replace", now=NOW)


def test_a_wrong_password_says_what_it_says_to_everybody(database: Db, secret: str) -> None:
    for name in ("Ada", "Nobody"):
        with pytest.raises(SignInRefused, match=f"^{REFUSED}$"):
            login.sign_in(database, name, "another password", HERE, passwords=CHEAP, now=NOW)


def test_a_code_that_was_used_opens_nothing(database: Db, secret: str) -> None:
    login.with_code(database, half_way(database), code(secret, NOW), HERE, now=NOW)

    assert "was used already" in refused(database, half_way(database), code(secret, NOW))


def test_ten_thousand_codes_are_a_few(database: Db, secret: str) -> None:
    """A second each, with the right password: some dozen are looked at in three hours, of a million there are."""
    looked, at = 0, NOW
    half = half_way(database)
    for _ in range(10_000):
        at += timedelta(seconds=1)
        wrong = "000000" if code(secret, at) != "000000" else "111111"
        said = refused(database, HalfWay(half.key, half.epoch, at), wrong, at)
        looked += said.startswith("That is not the code")

    assert looked < 40
    assert len(activity.find(database, Filter(actions=("sign_in.failed",)), limit=1_000)) == looked


def test_who_takes_too_long_or_was_signed_out_begins_anew(database: Db, secret: str) -> None:
    half, late = half_way(database), NOW + timedelta(minutes=6)
    assert "five minutes" in refused(database, half, code(secret, late), late)

    half = half_way(database)
    users.sign_out_everywhere(database, SYSTEM, "ada")
    assert refused(database, half, code(secret, NOW)) == REFUSED


def test_a_one_time_code_in_place_of_the_password_does_not_go_round_it(database: Db, secret: str) -> None:
    one_time = users.reset(database, SYSTEM, "ada")
    half = half_way(database, password=one_time)

    who, account = login.with_code(database, half, code(secret, NOW), HERE, now=NOW)

    assert account.must_change_password and identify(database, who, now=NOW)


def test_the_question_who_is_there_asks_for_both(database: Db, secret: str) -> None:
    who, _ = login.with_code(database, half_way(database), code(secret, NOW), HERE, now=NOW)
    later = NOW + timedelta(hours=1)
    for typed in ("", "12345", code(secret, NOW)):
        with pytest.raises(SignInRefused):
            login.prove(database, who, PASSWORD, typed, passwords=CHEAP, now=later)

    login.prove(database, who, PASSWORD, code(secret, later), passwords=CHEAP, now=later)
    assert require(database, who, "backup.delete", now=later)


def test_where_it_is_off_the_password_is_enough(
    database: Db, secret: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(access, "second_factor", "off")

    assert login.sign_in(database, "Ada", PASSWORD, HERE, passwords=CHEAP, now=NOW)
