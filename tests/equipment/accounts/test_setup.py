"""The first run: only the set-up code of the console makes an administrator, once."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import Any

import pytest
from pydantic import SecretStr
from pymongo.database import Database

from backup_engine.errors import BadInput
from equipment.accounts import setup
from equipment.accounts.login import SignInRefused, Visitor, open_for
from equipment.settings import Settings
from equipment.store import activity, moments
from equipment.store.access import SYSTEM, USERS, identify
from equipment.store.accounts import sessions, users
from tests.equipment.accounts.cheap import CHEAP, FULL, PASSWORD

Db = Database[dict[str, Any]]


def create(database: Db, code: str, name: str = "Ada", password: str = PASSWORD) -> None:
    """Create the first administrator cheaply."""
    setup.create_administrator(database, code, name, password, passwords=CHEAP)


def test_the_code_makes_the_administrator(database: Db) -> None:
    assert setup.is_first_run(database)

    create(database, setup.setup_code().lower())

    assert not setup.is_first_run(database)
    assert [(user.name, user.role) for user in users.listed(database, SYSTEM)] == [("Ada", "admin")]
    assert activity.find(database)[0]["action"] == "user.create"


@pytest.mark.parametrize("code", ["", "AAAA-AAAA-AAAA", "é" * 1000, "\x00"])
def test_without_it_nobody_gets_in(database: Db, code: str) -> None:
    with pytest.raises(SignInRefused, match="set-up code is not right"):
        create(database, code)

    assert setup.is_first_run(database)


def test_the_code_cannot_be_guessed_at_leisure(database: Db) -> None:
    refusals = []
    for n in range(30):
        with pytest.raises(SignInRefused) as caught:
            create(database, f"code {n}")
        refusals.append(str(caught.value))

    assert sum("not right" in refusal for refusal in refusals) == setup.LIMIT.free


@pytest.mark.parametrize(("name", "password"), [("", PASSWORD), ("<b>", PASSWORD), ("Ada", "short"), ("Ada", "Ada")])
def test_what_cannot_be_creates_nothing(database: Db, name: str, password: str) -> None:
    with pytest.raises(BadInput):
        create(database, setup.setup_code(), name, password)

    assert setup.is_first_run(database)


def test_two_browsers_at_once_make_one(database: Db) -> None:
    start, refused = threading.Barrier(5), []

    def attempt(name: str) -> None:
        start.wait()
        try:
            create(database, setup.setup_code(), name)
        except SignInRefused as error:
            refused.append(error)

    threads = [threading.Thread(target=attempt, args=(f"Ada {n}",)) for n in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert database[USERS].count_documents({}) == 1
    assert {str(error) for error in refused} == {"The administrator has just been created. Sign in."}


def test_the_environment_does_the_same(database: Db, capsys: pytest.CaptureFixture[str]) -> None:
    setup.announce(database, Settings(admin_user="Ada", admin_password=SecretStr(PASSWORD)))
    setup.announce(database, Settings(admin_user="Eve", admin_password=SecretStr(PASSWORD)))

    assert [user.name for user in users.listed(database, SYSTEM)] == ["Ada"]
    assert setup.setup_code() not in capsys.readouterr().err


def test_a_poor_password_in_the_environment_is_not_used(
    database: Db, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    setup.announce(database, Settings(admin_user="Ada", admin_password=SecretStr("hunter2")))

    assert setup.is_first_run(database)
    assert setup.setup_code() in capsys.readouterr().err
    assert "hunter2" not in caplog.text


def test_the_console_says_the_code_only_on_a_first_run(database: Db, capsys: pytest.CaptureFixture[str]) -> None:
    users.create(database, SYSTEM, "Bob", "user")

    setup.announce(database, Settings())

    assert capsys.readouterr().err == ""


def test_preparing_twice_is_fine(database: Db) -> None:
    setup.prepare(database, Settings(activity_days=30))
    setup.prepare(database, Settings())

    assert "until_1" in database["equipment_sessions"].index_information()


def test_a_pass_is_for_who_has_the_code_and_while_nobody_has_an_account(database: Db) -> None:
    shown = setup.admit(database, setup.setup_code().lower())
    setup.require(shown, database)
    with pytest.raises(SignInRefused, match="not right"):
        setup.admit(database, "AAAA-AAAA-AAAA")

    create(database, setup.setup_code())

    setup.require(shown)
    with pytest.raises(SignInRefused, match="account already"):
        setup.require(shown, database)
    with pytest.raises(SignInRefused, match="account already"):
        setup.admit(database, setup.setup_code())


def test_while_too_many_passwords_are_hashed_nobody_has_failed(database: Db) -> None:
    for _ in range(setup.LIMIT.free + 1):
        with pytest.raises(SignInRefused, match=r"^Too many people sign in at this moment. Try again in a few seconds"):
            setup.create_administrator(database, setup.setup_code(), "Ada", PASSWORD, passwords=FULL)
    assert setup.is_first_run(database)

    create(database, setup.setup_code())
    assert not setup.is_first_run(database)


def test_both_ends_of_a_sign_in_are_those_of_the_options(database: Db) -> None:
    lifetimes = setup.lifetimes(Settings(session_idle_hours=0.5, session_days=2))
    users.create(database, SYSTEM, "Ada", "user", password_hash="x")
    begun = moments.now()

    who, _ = open_for(database, "ada", Visitor(), lifetimes=lifetimes, now=begun)

    assert identify(database, who, now=begun + timedelta(minutes=29)) is not None
    assert identify(database, who, now=begun + timedelta(minutes=31)) is None
    for minutes in range(0, 2 * 24 * 60, 20):
        sessions.touch(database, who.session, lifetimes, now=begun + timedelta(minutes=minutes))
    assert identify(database, who, now=begun + timedelta(days=2, minutes=-1)) is not None
    assert identify(database, who, now=begun + timedelta(days=2, minutes=1)) is None
