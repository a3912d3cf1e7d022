"""*Forgot your password?* on the sign-in page: one sentence for everybody, and who helps where no mails are sent."""

from __future__ import annotations

from typing import Any

import pytest
from pymongo.database import Database
from streamlit.testing.v1 import AppTest

from equipment.accounts.login import Visitor
from equipment.messages.personal import forgotten as rules
from equipment.store.access import SYSTEM, USERS
from equipment.store.accounts import users
from equipment.ui.entrance import forgotten
from tests.equipment.messages.personal.posts import kept

Db = Database[dict[str, Any]]


def _script(database):  # without types: it runs as a script of its own
    from equipment.settings import Settings
    from equipment.ui.entrance import login

    login.show(database, Settings())


@pytest.fixture(autouse=True)
def _somewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a browser the visitor's address is a MagicMock."""
    monkeypatch.setattr(forgotten, "visitor", lambda: Visitor("192.0.2.1"))


@pytest.fixture
def db(database: Db) -> Db:
    users.create(database, SYSTEM, "Bob", "user", password_hash="$argon2id$old")
    database[USERS].update_one({"_id": "bob"}, {"$set": {"email": "bob@example.org"}})
    return database


def opened(db: Db) -> AppTest:
    return AppTest.from_function(_script, args=(db,), default_timeout=60).run()


def press(test: AppTest, label: str) -> AppTest:
    return next(button for button in test.button if button.label == label).click().run()


def labels(test: AppTest) -> list[str]:
    return [button.label for button in test.button]


def ask(db: Db, name: str) -> AppTest:
    test = press(opened(db), "Forgot your password?")
    test.text_input[0].input(name)
    return press(test, "Send me a link")


def test_without_mails_it_says_who_helps(db: Db) -> None:
    test = opened(db)

    assert labels(test) == ["Sign in"]
    assert test.caption[0].value.startswith("Forgotten the password? An administrator gives you a one-time code")


def test_the_same_page_for_every_name_and_one_mail(db: Db) -> None:
    with kept() as post:
        pages = [ask(db, name) for name in ("Bob", "nobody", "eve@example.org", ":red[x] **y** <b>")]
        post.tick()
        assert labels(press(ask(db, "Bob"), "Back to the sign-in")) == ["Sign in", "Forgot your password?"]

    said = [[element.value for element in (*page.info, *page.error, *page.caption)] + labels(page) for page in pages]
    assert said == [said[0]] * 4 and said[0][0] == rules.ANSWER
    assert [letter.to for letter in post.sent] == ["bob@example.org"]


def test_nothing_typed_and_too_many_are_said(db: Db) -> None:
    with kept() as post:
        test = ask(db, "  ")
        assert test.error[0].value == "Type your name or e-mail."
        for number in range(10):
            rules.ask(db, f"name {number}", Visitor("192.0.2.1"))
        test.text_input[0].input("Bob")
        test = press(test, "Send me a link")
        post.tick()

    assert "Too many links were asked for. Wait 60 seconds" in test.error[0].value.replace("\\", "")
    assert post.sent == []
