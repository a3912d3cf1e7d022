"""The page behind the link of a mail: looked at as often as one likes, used once, also by who is signed in."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from pymongo.database import Database
from streamlit.testing.v1 import AppTest

from equipment.accounts.login import Visitor
from equipment.accounts.passwords import PASSWORDS
from equipment.store.access import SYSTEM, USERS, identify
from equipment.store.accounts import password_links, users
from equipment.ui.entrance import by_link, forgotten
from equipment.ui.entrance.by_link import SECRET
from tests.equipment.messages.personal.posts import Kept, kept
from tests.equipment.store.people import signed_in

Db = Database[dict[str, Any]]
NEW = "four words nobody guesses"


def _script(database):  # without types: it runs as a script of its own
    import streamlit as st

    from equipment.settings import Settings
    from equipment.ui.entrance import login

    found = login.current(database, Settings())
    if found is None:
        login.show(database, Settings())
    st.write(f"Signed in as {found[1].name}")


@pytest.fixture(autouse=True)
def _somewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a browser the visitor's address is a MagicMock."""
    for module in (by_link, forgotten):
        monkeypatch.setattr(module, "visitor", lambda: Visitor("192.0.2.1"))


@pytest.fixture
def post() -> Iterator[Kept]:
    with kept() as here:
        yield here


@pytest.fixture
def secret(database: Db) -> str:
    users.create(database, SYSTEM, "Bob", "user", password_hash="$argon2id$old")
    database[USERS].update_one({"_id": "bob"}, {"$set": {"email": "bob@example.org"}})
    return password_links.issue(database, "bob") or ""


def opened(database: Db, secret: str | None, **state: Any) -> AppTest:
    """Open the page as the browser has handed the secret over; None: not yet."""
    test = AppTest.from_function(_script, args=(database,), default_timeout=60)
    if secret is None:
        test.query_params["link"] = "password"
    else:
        test.session_state[SECRET] = secret
    for name, value in state.items():
        test.session_state[name] = value
    return test.run()


def press(test: AppTest, label: str) -> AppTest:
    return next(button for button in test.button if button.label == label).click().run()


def labels(test: AppTest) -> list[str]:
    return [button.label for button in test.button]


def choose(test: AppTest, new: str = NEW, again: str = "") -> AppTest:
    test.text_input[0].input(new)
    test.text_input[1].input(again or new)
    return press(test, "Change password")


def test_before_the_browser_has_handed_over_the_secret_nothing_is_asked(database: Db, secret: str) -> None:
    test = opened(database, None)

    assert test.caption[0].value == "The link is being read." and labels(test) == []


def test_another_password_is_chosen_and_told_by_mail(database: Db, secret: str, post: Kept) -> None:
    test = opened(database, secret)
    assert test.markdown[0].value == "For the account **Bob**"

    test = choose(test)

    assert test.success[0].value.startswith("The new password of Bob counts from now on.")
    stored = (database[USERS].find_one({"_id": "bob"}) or {})["password"]
    assert PASSWORDS.check(stored, NEW).right
    assert SECRET not in test.session_state
    post.tick()
    assert [(letter.to, letter.message.subject) for letter in post.sent] == [
        ("bob@example.org", "Equipment list: your password was changed")]
    assert labels(press(test, "Go to the sign-in")) == ["Sign in", "Forgot your password?"]


@pytest.mark.parametrize(("new", "again", "said"), [
    ("short", "", "at least 10 characters"), (NEW, "four words nobody guesses.", "The two passwords differ."),
    ("password123", "", "would be guessed among the first")])
def test_what_is_wrong_is_said_and_the_link_stays(database: Db, secret: str, new: str, again: str, said: str) -> None:
    test = choose(opened(database, secret), new, again)

    assert said in test.error[0].value.replace("\\", "")
    assert choose(test).success


def test_all_that_is_wrong_is_said_at_once(database: Db, secret: str) -> None:
    test = choose(opened(database, secret), "short", "other")

    (said,) = [error.value.replace("\\", "") for error in test.error]
    assert "The two passwords differ." in said and "at least 10 characters" in said


def test_looking_twice_is_no_use_of_it_and_using_it_twice_is_refused(database: Db, secret: str, post: Kept) -> None:
    one, other = opened(database, secret), opened(database, secret)
    assert choose(one).success

    assert "This link no longer works." in choose(other).error[0].value
    other = opened(database, secret)
    assert "This link no longer works." in other.error[0].value
    assert "Send me a link" in labels(press(other, "Ask for another link"))


def test_a_link_that_was_cut_says_so(database: Db, secret: str) -> None:
    test = opened(database, "")

    assert "This link is not whole." in test.error[0].value and labels(test) == ["Back"]
    assert labels(press(test, "Back")) == ["Sign in"]


def test_whoever_is_signed_in_sees_it_too_and_only_the_owner_is_signed_out(database: Db, secret: str) -> None:
    eve = signed_in(database, "user", "eve")
    test = opened(database, secret, _equipment_who=eve)
    assert test.markdown[0].value == "For the account **Bob**"

    test = press(choose(test), "Go to the sign-in")

    assert test.markdown[-1].value == "Signed in as eve" and identify(database, eve) is not None
