"""Names and e-mail on the page: one's own are read from the database, changed and refused there."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from pymongo.database import Database
from streamlit.testing.v1 import AppTest

from equipment.domain.person import Person
from equipment.store import moments
from equipment.store.access import SESSIONS, USERS
from equipment.store.accounts import people
from tests.equipment.messages.personal.posts import kept
from tests.equipment.store.people import signed_in

Db = Database[dict[str, Any]]


def _script(database, who):  # without types: it runs as a script of its own
    from equipment.settings import Settings
    from equipment.store import access
    from equipment.ui.context import App
    from equipment.ui.people import details

    details.change_own(App(Settings(), database, who, access.identify(database, who)))


def _save(database: Db, email: str) -> AppTest:
    test = AppTest.from_function(_script, args=(database, signed_in(database, "user", "ada")), default_timeout=60).run()
    next(field for field in test.text_input if field.label == "E-mail").input(email)
    return test.button[0].click().run()


def test_ones_own_are_changed(database: Db) -> None:
    _save(database, "ada@example.org")

    assert people.of(database, "ada") == Person(email="ada@example.org")


def test_what_cannot_be_is_said_and_not_stored(database: Db) -> None:
    test = _save(database, "nobody")

    assert "E-mail" in test.error[0].value
    assert people.of(database, "ada") == Person()


def test_the_address_of_before_is_told_by_mail(database: Db) -> None:
    with kept() as post:
        test = _save(database, "ada@example.org")
        test.text_input[2].input("new@example.org")
        test.button[0].click().run()
        post.tick()

    assert people.of(database, "ada").email == "new@example.org"
    assert [(letter.to, letter.message.subject) for letter in post.sent] == [
        ("ada@example.org", "Equipment list: your e-mail was changed")]


def test_another_email_asks_who_is_there_and_what_was_typed_is_there_afterwards(database: Db) -> None:
    who = signed_in(database, "user", "ada")
    database[SESSIONS].update_one({"_id": who.session}, {"$set": {"proved": moments.now() - timedelta(hours=1)}})
    test = AppTest.from_function(_script, args=(database, who), default_timeout=60).run()
    test.text_input[2].input("ada@example.org")
    test = test.button[0].click().run()
    assert people.of(database, "ada").email == "" and test.session_state["_equipment_confirm_due"]

    database[SESSIONS].update_one({"_id": who.session}, {"$set": {"proved": moments.now()}})
    test = test.run()
    assert test.text_input[2].value == "ada@example.org"
    test.button[0].click().run()
    assert people.of(database, "ada").email == "ada@example.org"


def _of_another(database, who):  # without types: it runs as a script of its own
    import streamlit as st

    from equipment.settings import Settings
    from equipment.store import access
    from equipment.store.accounts import users
    from equipment.ui.context import App
    from equipment.ui.people import details

    [bob] = [user for user in users.listed(database, who) if user.name == "bob"]
    details.told(bob)
    details.change(App(Settings(), database, who, access.identify(database, who)), bob,
                   lambda: st.success("stored"))


def test_an_administrator_changes_those_of_another_account(database: Db) -> None:
    signed_in(database, "user", "bob")
    database[USERS].update_one({"_id": "bob"}, {"$set": {"department": "Optics", "wished_role": "technician"}})
    test = AppTest.from_function(_of_another, args=(database, signed_in(database, "admin", "ada")),
                                 default_timeout=60).run()
    assert "Of the account **bob**" in test.markdown[0].value and not test.success
    assert test.text[0].value == "Department: Optics\nWished role: technician"

    next(field for field in test.text_input if field.label == "Last name").input("Builder")
    test = test.button[0].click().run()

    assert people.of(database, "bob").last_name == "Builder"
    assert [said.value for said in test.success] == ["stored"]
