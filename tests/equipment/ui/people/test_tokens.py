"""Tokens on the page: shown once, revoked by their owner and by administrators."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from pymongo.database import Database
from streamlit.testing.v1 import AppTest

from equipment.store import moments
from equipment.store.access import PROVED_FOR, SESSIONS
from equipment.store.accounts import tokens
from tests.equipment.store.people import signed_in

Db = Database[dict[str, Any]]


def _script(database, who, which):  # without types: it runs as a script of its own
    from equipment.settings import Settings
    from equipment.store import access
    from equipment.ui import boundary
    from equipment.ui.context import App
    from equipment.ui.people import tokens

    with boundary.guard("Tokens"):
        getattr(tokens, which)(App(Settings(), database, who, access.identify(database, who)))


def page(database: Db, who: Any, which: str = "own") -> AppTest:
    return AppTest.from_function(_script, args=(database, who, which), default_timeout=60).run()


def press(test: AppTest, label: str) -> AppTest:
    return next(button for button in test.button if button.label == label).click().run()


def test_a_token_is_made_and_shown_once(database: Db) -> None:
    who = signed_in(database, "technician", "ada")
    test = page(database, who)
    assert list(next(box for box in test.selectbox if box.label == "Role").options) == ["user", "technician"]

    next(field for field in test.text_input if field.label == "Name").input("sync")
    press(test, "Make a token")

    [text] = [code.value for code in test.code]
    found = tokens.of_text(database, text)
    assert found is not None and found.name == "ada (token sync)"
    assert list(test.dataframe[0].value["Name"]) == ["sync"]
    assert not page(database, who).code


def test_what_cannot_be_is_said(database: Db) -> None:
    test = press(page(database, signed_in(database, "user", "ada")), "Make a token")

    assert [error.value for error in test.error] == ["A name is needed."]
    assert not test.code


def test_an_old_sign_in_makes_none(database: Db) -> None:
    who = signed_in(database, "user", "ada")
    test = page(database, who)
    long_ago = moments.now() - PROVED_FOR - timedelta(seconds=1)
    database[SESSIONS].update_one({"_id": who.session}, {"$set": {"proved": long_ago}})
    next(field for field in test.text_input if field.label == "Name").input("sync")
    press(test, "Make a token")

    assert not test.code and tokens.own(database, who) == []


@pytest.mark.parametrize("which", ["own", "everybodys"])
def test_one_is_revoked(database: Db, which: str) -> None:
    ada = signed_in(database, "manager", "ada")
    _, text = tokens.make(database, ada, "sync", "user", "read", 9)

    press(page(database, ada if which == "own" else signed_in(database), which), "Revoke")

    assert tokens.of_text(database, text) is None
    assert [token.state for token in tokens.own(database, ada)] == ["revoked"]


def test_nobody_else_sees_everybodys(database: Db) -> None:
    test = page(database, signed_in(database, "manager", "ada"), "everybodys")

    assert [error.value.partition(":")[0] for error in test.error] == ["Admin only"]
    assert not test.dataframe
