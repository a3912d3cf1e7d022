"""The first page of an installation: what is said when the administrator cannot be created just now."""

from __future__ import annotations

from threading import BoundedSemaphore
from typing import Any

import pytest
from pymongo.database import Database
from streamlit.testing.v1 import AppTest

from equipment.accounts import setup
from equipment.accounts.login import Visitor
from equipment.accounts.passwords import PASSWORDS
from equipment.store.accounts import users
from equipment.ui.entrance import first_run

Db = Database[dict[str, Any]]
PASSWORD = "four words that fit nowhere"


def _script(database):  # without types: it runs as a script of its own
    import streamlit as st

    from equipment.settings import Settings
    from equipment.ui.entrance import first_run

    first_run.show(database, Settings(), lambda name, chosen: st.success(f"{name} is in"))


def create(database: Db, monkeypatch: pytest.MonkeyPatch) -> AppTest:
    """Fill the form in and send it."""
    monkeypatch.setattr(first_run, "visitor", lambda: Visitor("192.0.2.1"))  # without a browser it is a MagicMock
    test = AppTest.from_function(_script, args=(database,), default_timeout=60).run()
    for label, value in {"Set-up code": setup.setup_code(), "Name": "Ada", "Password": PASSWORD,
                         "Password again": PASSWORD}.items():
        next(field for field in test.text_input if field.label == label).input(value)
    return next(button for button in test.button if button.label == "Create administrator").click().run()


def test_the_administrator_is_created(database: Db, monkeypatch: pytest.MonkeyPatch) -> None:
    assert [shown.value for shown in create(database, monkeypatch).success] == ["Ada is in"]
    assert users.exist(database)


def test_while_too_many_passwords_are_hashed_the_page_says_that(database: Db, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(PASSWORDS, "_places", BoundedSemaphore(0))

    test = create(database, monkeypatch)

    assert [error.value for error in test.error] == [
        "Too many people sign in at this moment. Try again in a few seconds."]
    assert not test.exception and not users.exist(database)
