"""Asking for an account on the page: every field, and every fault at once."""

from __future__ import annotations

from threading import BoundedSemaphore
from typing import Any

import pytest
from pymongo.database import Database
from streamlit.testing.v1 import AppTest

from equipment.accounts import signup
from equipment.accounts.login import Visitor
from equipment.accounts.passwords import PASSWORDS
from equipment.domain.person import Person
from equipment.store.access import SYSTEM
from equipment.store.accounts import users
from equipment.ui.people import sign_up

Db = Database[dict[str, Any]]
PASSWORD = "four words that fit nowhere"


@pytest.fixture(autouse=True)
def _address(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a browser the visitor's address is a MagicMock."""
    monkeypatch.setattr(sign_up, "visitor", lambda: Visitor("192.0.2.1"))


def _script(database):  # without types: it runs as a script of its own
    from equipment.ui.people import sign_up

    sign_up.show(database)


def _page(database: Db) -> AppTest:
    signup.switch(database, SYSTEM, True)
    return AppTest.from_function(_script, args=(database,), default_timeout=60).run()


def _fill(test: AppTest, **values: str) -> AppTest:
    for label, value in values.items():
        next(field for field in test.text_input if field.label == label.replace("_", " ")).input(value)
    return test


def test_everything_that_is_typed_arrives(database: Db) -> None:
    test = _fill(_page(database), Name="Ada", Password=PASSWORD, Password_again=PASSWORD, First_name="Ada",
                 Last_name="Lovelace", Department="Optics", Why_you_need_it="Lasers")
    next(field for field in test.text_input if field.label == "E-mail").input("ada@example.org")
    test.selectbox[0].select("technician")
    test.button[0].click().run()

    assert [note.value for note in test.success] == ["Your request was sent. An administrator decides."]
    user = users.find(database, "ada")
    assert user is not None
    assert user.person == Person("Ada", "Lovelace", "ada@example.org", "Optics")
    assert (user.wished_role, user.role, user.note) == ("technician", "user", "Lasers")


def test_every_fault_is_said_at_once(database: Db) -> None:
    test = _fill(_page(database), Password="short", Password_again="shirt")
    test.button[0].click().run()

    assert len(test.error) == 1
    assert all(part in test.error[0].value for part in ("A name is needed", "at least", "passwords differ"))
    assert not users.exist(database)


def test_while_too_many_passwords_are_hashed_the_page_says_that(database: Db, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(PASSWORDS, "_places", BoundedSemaphore(0))
    test = _fill(_page(database), Name="Ada", Password=PASSWORD, Password_again=PASSWORD)
    test.button[0].click().run()

    assert [error.value for error in test.error] == [
        "Too many people sign in at this moment. Try again in a few seconds."]
    assert not test.exception and not users.exist(database)
