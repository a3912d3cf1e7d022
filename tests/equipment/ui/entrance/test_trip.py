"""To the identity provider and back: what was filled in is there again, and only what it says now is a proof."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from pymongo.database import Database
from streamlit.testing.v1 import AppTest

from equipment.accounts import oidc, trips
from equipment.accounts.login import Visitor
from equipment.settings import Settings
from equipment.store import moments
from equipment.store.access import Who, identify
from equipment.store.accounts.sessions import USUAL
from equipment.ui.entrance import provider, trip

Db = Database[dict[str, Any]]
AGAIN = "Sign in with your organisation again"
LEFT = {"tab": "Backup & Restore"}


def _script(database, who):  # without types: it runs as a script of its own
    import streamlit as st

    from backup_engine.errors import BackupError
    from equipment.settings import Settings
    from equipment.store import access
    from equipment.ui.context import App
    from equipment.ui.entrance import again

    account = access.identify(database, who)
    app = App(Settings(), database, who, account)
    again.come_back(app)
    again.show(app)
    st.checkbox("Meant", key="tick_x")
    st.text_input("Typed number", key="count_x")
    st.number_input("Days", value=7, key="keep_daily_7")
    st.text_input("Identity", type="password", key="backup_identity")
    if st.button("Confirm and Restore", key="confirm_x"):
        try:
            access.require(database, who, "backup.replace")
        except BackupError as error:
            again.if_needed(error)
            st.error(str(error))
        else:
            st.success("Restored")


def now(seconds: int = 0) -> int:
    return int(moments.now().timestamp()) + seconds


@pytest.fixture
def said(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What the provider's cookie says; to be changed."""
    claims = {"iss": "https://id.example", "sub": "1", "name": "Ada", "groups": ["chiefs"], "iat": now()}
    monkeypatch.setattr(provider, "claims", lambda: dict(claims))
    monkeypatch.setattr(provider, "_begin", lambda settings: None)
    monkeypatch.setattr(trips, "_trips", {})
    return claims


@pytest.fixture
def ada(database: Db, said: dict[str, Any]) -> Who:
    """An administrator who came by a provider that remembers people."""
    return oidc.enter(database, said, Settings(oidc=True, oidc_roles={"chiefs": "admin"}), Visitor(), USUAL)


def page(database: Db, who: Who, address: dict[str, str] = {}) -> AppTest:  # noqa: B006
    """A new page of that session."""
    test = AppTest.from_function(_script, args=(database, who), default_timeout=60)
    for name, value in address.items():
        test.query_params[name] = value
    return test.run()


def press(test: AppTest, label: str) -> AppTest:
    return next(button for button in test.button if button.label == label).click().run()


def left(database: Db, who: Who) -> AppTest:
    """Fill in the confirmation, press its button, and leave for the provider."""
    test = page(database, who, LEFT)
    test.checkbox(key="tick_x").check()
    test.text_input(key="count_x").input("1234")
    test.number_input(key="keep_daily_7").set_value(30)
    test.text_input(key="backup_identity").input("AGE-SECRET-KEY-1")
    return press(press(test, "Confirm and Restore"), AGAIN)


def filled_in(test: AppTest) -> tuple[bool, str, float, str]:
    return (bool(test.checkbox(key="tick_x").value), str(test.text_input(key="count_x").value),
            float(test.number_input(key="keep_daily_7").value or 0), str(test.text_input(key="backup_identity").value))


FILLED, EMPTY = (True, "1234", 30, ""), (False, "", 7, "")


def test_what_was_filled_in_is_there_again_and_nothing_was_done(
    database: Db, ada: Who, said: dict[str, Any]
) -> None:
    left(database, ada)
    said |= {"iat": now(), "auth_time": now()}

    test = page(database, ada)

    assert filled_in(test) == FILLED  # and no key that was pasted
    assert not test.warning and not test.exception and not test.success
    assert "press the button again" in test.toast[0].value
    assert [shown.value for shown in press(test, "Confirm and Restore").success] == ["Restored"]


@pytest.mark.parametrize(("change", "why"), [
    ({}, "does not say when you signed in there"), ({"auth_time": -3600}, "did not ask who you are"),
    ({"auth_time": 0, "sub": "2"}, "Somebody else has signed in"), ({"iat": -3600}, "without having signed in"),
])
def test_what_is_no_proof_is_said_and_what_was_filled_in_stays(
    database: Db, ada: Who, said: dict[str, Any], change: dict[str, Any], why: str
) -> None:
    left(database, ada)
    said |= {claim: now(value) if isinstance(value, int) else value for claim, value in change.items()}

    test = page(database, ada)

    assert any(why in error.value for error in test.error), test.error
    assert AGAIN in [button.label for button in test.button]
    assert filled_in(test) == FILLED
    assert not (account := identify(database, ada)) or not account.proved_lately(moments.now())


@pytest.mark.parametrize("case", ["another session", "another tab", "too late", "twice"])
def test_it_is_given_to_one_page_of_that_session_in_time(
    database: Db, ada: Who, said: dict[str, Any], case: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    left(database, ada)
    who = ada
    if case == "another session":
        who = oidc.enter(database, said, Settings(oidc=True, oidc_roles={"chiefs": "admin"}), Visitor(), USUAL)
    if case == "too late":
        monkeypatch.setattr(trips, "LONGEST", timedelta(0))
    if case == "twice":
        assert filled_in(page(database, ada)) == FILLED

    assert filled_in(page(database, who, {"tab": "Activity"} if case == "another tab" else {})) == EMPTY


def test_what_is_changed_after_that_stays_changed(database: Db, ada: Who, said: dict[str, Any]) -> None:
    left(database, ada)
    said |= {"iat": now(), "auth_time": now()}
    test = page(database, ada).run()
    assert filled_in(test) == FILLED

    test.checkbox(key="tick_x").uncheck().run()
    test.text_input(key="count_x").input("").run()

    assert filled_in(test.run()) == (False, "", 30, "")


def test_the_address_of_before_is_there_again_but_for_what_a_tab_writes_itself(database: Db, ada: Who) -> None:
    test = page(database, ada, {"section": "Trash", "q": "probe"})
    test.session_state["tab"] = "Equipment Records"
    test.run()
    press(press(test, "Confirm and Restore"), AGAIN)

    back = page(database, ada)

    assert back.query_params == {"section": "Trash", "q": "probe"}
    assert back.session_state["tab"] == "Equipment Records"


def test_the_back_button_of_the_browser_finds_it_too(database: Db, ada: Who) -> None:
    left(database, ada)

    assert filled_in(page(database, ada, LEFT)) == FILLED


def test_what_is_kept_is_what_screens_call_their_fields() -> None:
    source = "".join(path.read_text("utf-8") for path in Path(trip.__file__).parents[1].rglob("*.py")
                     if path != Path(trip.__file__))

    assert not [begin for begin in trip.KEPT if not re.search(rf'["\']{re.escape(begin)}', source)]
