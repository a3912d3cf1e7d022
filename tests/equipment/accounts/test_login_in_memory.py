"""The in-memory demo knows accounts too: the same story on the stand-in for MongoDB."""

from __future__ import annotations

import mongomock
import pytest

from backup_engine.errors import BadInput
from equipment.accounts import login, setup, signup
from equipment.accounts.login import SignInRefused, Visitor
from equipment.settings import Settings
from equipment.store import activity
from equipment.store.access import SYSTEM, require
from equipment.store.accounts import sessions, users
from equipment.store.activity import Filter
from tests.equipment.accounts.cheap import CHEAP, PASSWORD


def test_the_story_in_memory() -> None:
    db = mongomock.MongoClient()["demo"]
    setup.prepare(db, Settings())
    setup.create_administrator(db, setup.setup_code(), "Ada", PASSWORD, passwords=CHEAP)
    ada, _ = login.sign_in(db, "ada", PASSWORD, Visitor(), passwords=CHEAP)

    cookie, _ = sessions.redeem(db, sessions.issue_ticket(db, ada.session, "sign-in")) or ("", 0)
    assert sessions.by_cookie(db, cookie) == ada.session
    with pytest.raises(BadInput, match="last administrator"):
        users.set_role(db, ada, "ada", "user")
    users.create(db, ada, "Bob", "admin", password_hash=CHEAP.hash(PASSWORD))
    users.set_role(db, ada, "ada", "user")
    bob, _ = login.sign_in(db, "bob", PASSWORD, Visitor(), passwords=CHEAP)
    signup.switch(db, bob, True)
    signup.ask(db, "Eve", PASSWORD, "", Visitor(), passwords=CHEAP)
    users.approve(db, bob, "eve")

    assert require(db, ada, "records.read").role == "user"
    assert activity.count(db, activity.readable(db, ada, Filter())) == 0
    assert activity.count(db, activity.readable(db, bob, Filter(actions=("user.",)))) == 5


def test_guessing_in_memory() -> None:
    db = mongomock.MongoClient()["demo"]
    users.create(db, SYSTEM, "Bob", "user", password_hash=CHEAP.hash(PASSWORD))
    words = []
    for n in range(8):
        with pytest.raises(SignInRefused) as caught:
            login.sign_in(db, "bob", f"wrong {n}", Visitor(), passwords=CHEAP)
        words.append(str(caught.value))

    assert sum("Wait" in answer for answer in words) == 3
