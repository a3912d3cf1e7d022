"""The second factor on the page: set up, shown once, looked after, and due where it is required."""

from __future__ import annotations

from typing import Any

import pyotp
import pytest
from pymongo.database import Database
from streamlit.testing.v1 import AppTest

from equipment import settings
from equipment.accounts.passwords import PASSWORDS
from equipment.settings import Settings
from equipment.store import access
from equipment.store.access import USERS, Who, identify
from equipment.store.accounts import factors
from equipment.ui.entrance import second_factor
from tests.equipment.store.people import signed_in

Db = Database[dict[str, Any]]
PASSWORD = "correct horse battery"


def _script(database, who, due):  # without types: it runs as a script of its own
    import streamlit as st

    from equipment.store import access
    from equipment.ui.entrance import second_factor

    account = access.identify(database, who)
    if second_factor.is_offered(account):
        (second_factor.due if due else second_factor.dialog)(database, who, account)
    else:
        st.write("Nothing to set up")


@pytest.fixture
def ada(database: Db) -> Who:
    who = signed_in(database, "admin", "ada")
    database[USERS].update_one({"_id": "ada"}, {"$set": {"password": PASSWORDS.hash(PASSWORD)}})
    return who


def opened(database: Db, who: Who, *, due: bool = False) -> AppTest:
    return AppTest.from_function(_script, args=(database, who, due), default_timeout=60).run()


def press(test: AppTest, label: str) -> AppTest:
    return next(button for button in test.button if button.label == label).click().run()


def secret_on(test: AppTest) -> str:
    return str(test.code[0].value)


def codes_on(test: AppTest) -> list[str]:
    return next(str(shown.value).splitlines() for shown in test.code if "\n" in str(shown.value))


def set_up(test: AppTest) -> list[str]:
    """Type the code that the app would show; gives the recovery codes on the page."""
    secret = secret_on(test)
    test.text_input[0].input(pyotp.TOTP(secret).now())
    press(test, "Set up")
    return codes_on(test)


@pytest.mark.parametrize("due", [False, True])
def test_it_is_set_up_with_a_code_and_the_recovery_codes_are_shown(database: Db, ada: Who, due: bool) -> None:
    test = opened(database, ada, due=due)

    codes = set_up(test)

    assert len(codes) == 10 and "I have kept them" in [button.label for button in test.button]
    assert identify(database, ada).has_factor  # type: ignore[union-attr]
    assert factors.use(database, ada, "ada", codes[0])
    press(test, "I have kept them")
    assert not any(codes[0] in str(shown.value) for shown in test.code)


@pytest.mark.parametrize(("public_url", "issuer"), [
    ("https://lab.example:8443/list", "Equipment (lab.example)"), ("", "Equipment"),
])
def test_the_app_is_told_which_installation_it_is(database: Db, ada: Who, public_url: str, issuer: str) -> None:
    with settings.use(Settings(public_url=public_url)):
        test = opened(database, ada)

    address = test.session_state[second_factor.OFFERED].address
    assert pyotp.parse_uri(address).issuer == issuer


def test_a_wrong_code_sets_up_nothing_and_the_secret_stays_the_same(database: Db, ada: Who) -> None:
    test = opened(database, ada)
    before = secret_on(test)
    test.text_input[0].input("12345")
    press(test, "Set up")

    assert "That is not the code." in test.error[0].value
    assert secret_on(test) == before
    assert not identify(database, ada).has_factor  # type: ignore[union-attr]


@pytest.fixture
def recovery(database: Db, ada: Who) -> list[str]:
    secret = factors.offer("ada").secret
    return factors.confirm(database, ada, "ada", secret, pyotp.TOTP(secret).now())


def fill(test: AppTest, password: str, code: str) -> AppTest:
    test.text_input[0].input(password)
    test.text_input[1].input(code)
    return test


def test_it_is_switched_off_with_password_and_code(database: Db, ada: Who, recovery: list[str]) -> None:
    test = opened(database, ada)
    assert "10 of 10" in test.markdown[0].value

    press(fill(test, "another password", recovery[0]), "Switch off")
    assert test.error and identify(database, ada).has_factor  # type: ignore[union-attr]
    press(fill(test, PASSWORD, recovery[1]), "Switch off")
    assert not identify(database, ada).has_factor  # type: ignore[union-attr]


def test_new_recovery_codes_replace_the_others(database: Db, ada: Who, recovery: list[str]) -> None:
    test = press(fill(opened(database, ada), PASSWORD, recovery[0]), "New recovery codes")
    codes = codes_on(test)

    assert len(codes) == 10 and not set(codes) & set(recovery)
    assert not factors.use(database, ada, "ada", recovery[2])
    assert factors.use(database, ada, "ada", codes[2])


def test_where_it_is_required_it_cannot_be_switched_off(
    database: Db, ada: Who, recovery: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(access, "second_factor", "required")

    off = next(button for button in opened(database, ada).button if button.label == "Switch off")
    assert off.disabled


@pytest.mark.parametrize("case", ["a user", "switched off here"])
def test_to_others_it_is_not_offered(database: Db, ada: Who, case: str, monkeypatch: pytest.MonkeyPatch) -> None:
    if case == "switched off here":
        monkeypatch.setattr(access, "second_factor", "off")
    who = ada if case == "switched off here" else signed_in(database, "user")

    assert opened(database, who).markdown[0].value == "Nothing to set up"
