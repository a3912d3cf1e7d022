"""The user menu: each of its entries does what it says, for whom it is there."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import streamlit as st
from pymongo.database import Database
from streamlit.testing.v1 import AppTest

from equipment.domain.roles import Role
from equipment.store import moments
from equipment.store.access import SESSIONS, Who, identify
from equipment.ui import account
from tests.equipment.store.people import signed_in

Db = Database[dict[str, Any]]


def _script(database, who):  # without types: it runs as a script of its own
    import streamlit as st

    from equipment.settings import Settings
    from equipment.store import access
    from equipment.ui import account
    from equipment.ui.context import App

    found = access.identify(database, who)
    if found is None:
        st.info("Nobody is signed in.")
    else:
        account.menu(App(Settings(), database, who, found), "ada")


@pytest.fixture
def ada(database: Db) -> Who:
    return signed_in(database, "manager", "ada")


@pytest.fixture
def offered(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """What the menu was drawn with; the entry ``picked`` in the session is chosen, once."""
    drawn = list[dict[str, Any]]()

    def menu_button(label: str, options: list[str], **given: Any) -> Any:
        drawn.append({"label": label, "options": list(options), **given})
        return st.session_state.get("picked")

    monkeypatch.setattr(st, "menu_button", menu_button)
    return drawn


def pick(database: Db, who: Who, entry: str) -> AppTest:
    test = AppTest.from_function(_script, args=(database, who), default_timeout=60)
    test.session_state["picked"] = entry
    test.session_state["_equipment_who"] = who
    return test.run()


def fields(test: AppTest) -> list[str]:
    return [field.label for field in test.text_input]


@pytest.mark.parametrize(("role", "factor"), [("user", []), ("admin", [account.FACTOR])])
def test_the_menu_says_the_role_and_offers_what_it_may(
    database: Db, offered: list[dict[str, Any]], role: Role, factor: list[str]
) -> None:
    pick(database, signed_in(database, role), "")

    assert offered[0]["options"] == [account.PERSON, account.PASSWORD, *factor, account.SESSIONS, account.TOKENS,
                                     account.LOG_OUT]
    assert (offered[0]["label"], offered[0]["help"]) == ("ada", f"Role: {role}")


@pytest.mark.parametrize(("entry", "asked"), [
    (account.PERSON, ["First name", "Last name", "E-mail", "Department"]),
    (account.PASSWORD, ["Current password", "New password", "New password again"]),
])
def test_an_entry_asks_for_what_it_changes(
    database: Db, ada: Who, offered: list[dict[str, Any]], entry: str, asked: list[str]
) -> None:
    assert fields(pick(database, ada, entry)) == asked


def test_the_second_factor_asks_first_who_is_there(database: Db, ada: Who, offered: list[dict[str, Any]]) -> None:
    database[SESSIONS].update_one({"_id": ada.session}, {"$set": {"proved": moments.now() - timedelta(hours=1)}})
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(st, "rerun", st.stop)
        test = pick(database, ada, account.FACTOR)

    assert test.session_state["_equipment_confirm_due"] is True
    assert not test.text_input


def test_the_second_factor_is_set_up_by_whoever_proved_it_lately(
    database: Db, ada: Who, offered: list[dict[str, Any]]
) -> None:
    test = pick(database, ada, account.FACTOR)

    assert "_equipment_confirm_due" not in test.session_state
    assert test.button and not test.exception


def test_all_sessions_are_listed_and_ended(database: Db, ada: Who, offered: list[dict[str, Any]]) -> None:
    test = pick(database, ada, account.SESSIONS)
    assert list(test.dataframe[0].value["This one"]) == [True]

    test = test.button[0].click().run()

    assert identify(database, ada) is None
    assert [info.value for info in test.info] == ["Nobody is signed in."]


def test_logging_out_ends_the_session_and_sends_the_browser_for_its_cookie(
    database: Db, ada: Who, offered: list[dict[str, Any]]
) -> None:
    test = pick(database, ada, account.LOG_OUT)

    assert identify(database, ada) is None
    assert "_equipment_who" not in test.session_state
    assert test.session_state["_equipment_errand"][0].endswith("sign-out")
