"""The question who is there, over a page that was left open, and what it leaves as it was."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from pymongo.database import Database
from streamlit.testing.v1 import AppTest

from equipment.accounts.passwords import PASSWORDS
from equipment.store import moments
from equipment.store.access import SESSIONS, USERS, Who
from tests.equipment.store.people import signed_in

Db = Database[dict[str, Any]]
PASSWORD = "correct horse battery"


def _script(database, who):  # without types: it runs as a script of its own
    import streamlit as st

    from backup_engine.errors import BackupError
    from equipment.settings import Settings
    from equipment.store import access
    from equipment.ui.context import App
    from equipment.ui.entrance import again

    account = access.identify(database, who)
    again.show(App(Settings(), database, who, account))
    st.checkbox("Meant", key="tick")
    st.text_input("Typed number", key="count")
    if st.button("Confirm and Restore"):
        try:
            access.require(database, who, "backup.replace")
        except BackupError as error:
            again.if_needed(error)
            st.error(str(error))
        else:
            st.success("Restored")


@pytest.fixture
def ada(database: Db) -> Who:
    """An administrator who signed in an hour ago."""
    who = signed_in(database, "admin", "ada")
    database[USERS].update_one({"_id": "ada"}, {"$set": {"password": PASSWORDS.hash(PASSWORD)}})
    database[SESSIONS].update_one({"_id": who.session}, {"$set": {"proved": moments.now() - timedelta(hours=1)}})
    return who


def filled_in(database: Db, who: Who) -> AppTest:
    """Fill in the confirmation and press its button."""
    test = AppTest.from_function(_script, args=(database, who), default_timeout=60).run()
    test.checkbox(key="tick").check()
    test.text_input(key="count").input("1234")
    return press(test, "Confirm and Restore")


def press(test: AppTest, label: str) -> AppTest:
    """Press a button."""
    return next(button for button in test.button if button.label == label).click().run()


def question(test: AppTest) -> Any:
    """Give the field for the password, or None."""
    return next((field for field in test.text_input if field.label == "Password of ada"), None)


def test_the_question_is_asked_and_what_was_filled_in_stays(database: Db, ada: Who) -> None:
    test = filled_in(database, ada)
    assert not test.success

    question(test).input(PASSWORD)
    press(test, "Confirm")

    assert question(test) is None
    assert (test.checkbox(key="tick").value, test.text_input(key="count").value) == (True, "1234")
    assert not test.success, "the answer alone must do nothing"
    assert [shown.value for shown in press(test, "Confirm and Restore").success] == ["Restored"]


def test_a_wrong_password_leaves_the_question(database: Db, ada: Who) -> None:
    test = filled_in(database, ada)

    question(test).input("wrong")
    press(test, "Confirm")

    assert [error.value for error in test.error] == ["The current password is not right."]
    assert question(test) is not None


def test_what_was_proved_in_another_tab_counts_here(database: Db, ada: Who) -> None:
    test = filled_in(database, ada)

    database[SESSIONS].update_one({"_id": ada.session}, {"$set": {"proved": moments.now()}})

    assert question(test.run()) is None


def test_a_fresh_sign_in_is_asked_nothing(database: Db, ada: Who) -> None:
    database[SESSIONS].update_one({"_id": ada.session}, {"$set": {"proved": moments.now()}})

    assert [shown.value for shown in filled_in(database, ada).success] == ["Restored"]
