"""User Management without a browser: what an administrator sees and does there, and who never gets that far."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pyotp
import pytest
from pymongo.database import Database
from streamlit.testing.v1 import AppTest

from equipment.accounts import signup
from equipment.store import moments
from equipment.store.access import PROVED_FOR, SESSIONS, SYSTEM, USERS
from equipment.store.accounts import factors, users
from equipment.store.accounts.tickets import code_digest
from tests.equipment.messages.personal.posts import kept
from tests.equipment.store.people import signed_in

Db = Database[dict[str, Any]]


def _script(database, who):  # without types: it runs as a script of its own
    from equipment.settings import Settings
    from equipment.store.access import Account
    from equipment.ui import boundary, users
    from equipment.ui.context import App

    with boundary.guard("User Management"):
        users.show(App(Settings(), database, who, Account("x", "x", "admin")))


def page(database: Db, role: Any = "admin") -> AppTest:
    """Draw the screen for somebody of that role, whatever the page believes about them."""
    return AppTest.from_function(_script, args=(database, signed_in(database, role)), default_timeout=60).run()


def press(test: AppTest, label: str) -> AppTest:
    """Press a button."""
    return next(button for button in test.button if button.label == label).click().run()


@pytest.mark.parametrize("role", ["user", "technician", "manager"])
def test_the_database_decides_not_the_page(database: Db, role: str) -> None:
    test = page(database, role)

    assert [error.value.partition(":")[0] for error in test.error] == ["Admin only"]
    assert not test.button


def test_everybody_is_listed(database: Db) -> None:
    users.create(database, SYSTEM, "Bob", "technician")

    test = page(database)

    assert list(test.dataframe[0].value["Name"]) == ["Bob", "some admin"]
    assert list(test.dataframe[0].value["State"]) == ["One-time code not used yet", "Active"]


def test_a_request_is_approved_with_a_role(database: Db) -> None:
    users.insert(database, users.new_document("Eve", "user", "pending", by="sign-up"))
    test = page(database)

    test.selectbox(key="approve_role_eve").select("technician")
    press(test, "Approve")

    assert (database[USERS].find_one({"_id": "eve"}) or {})["role"] == "technician"
    assert (database[USERS].find_one({"_id": "eve"}) or {})["state"] == "active"


def test_a_request_is_rejected_with_a_reason(database: Db) -> None:
    users.insert(database, users.new_document("Eve", "user", "pending", by="sign-up"))
    test = page(database)

    test.text_input(key="reason_eve").input("Not of this lab")
    press(test, "Reject")

    assert (database[USERS].find_one({"_id": "eve"}) or {})["note"] == "Not of this lab"


def test_a_flood_of_requests_is_drawn_in_part_and_declined_at_once(database: Db) -> None:
    for number in range(25):
        users.insert(database, users.new_document(f"Eve {number:02}", "user", "pending", by="sign-up"))
    test = page(database)

    assert len([button for button in test.button if button.label == "Approve"]) == 20
    assert any("5 more wait for approval" in note.value for note in test.info)
    press(test, "Reject 25 requests")
    assert database[USERS].count_documents({"state": "pending"}) == 0
    assert database[USERS].count_documents({"state": "rejected"}) == 25


def test_somebody_else_was_faster(database: Db) -> None:
    users.insert(database, users.new_document("Eve", "user", "pending", by="sign-up"))
    test = page(database)
    users.reject(database, SYSTEM, "eve", "no")

    press(test, "Approve")

    assert not test.exception


def test_an_open_page_does_not_switch_sign_up_back(database: Db) -> None:
    signup.switch(database, SYSTEM, True)
    test = page(database)
    signup.switch(database, SYSTEM, False)

    test.run()

    assert not signup.is_open(database)
    assert test.toggle[0].value is False


def test_self_sign_up_is_switched(database: Db) -> None:
    test = page(database)

    test.toggle[0].set_value(True).run()

    assert (database["equipment_settings"].find_one({"_id": "sign_up"}) or {})["open"] is True


def with_factor(database: Db) -> AppTest:
    """The screen with Bob selected, who has a second factor and an e-mail."""
    bob, secret = signed_in(database, "admin", "bob"), factors.offer("bob").secret
    factors.confirm(database, bob, "bob", secret, pyotp.TOTP(secret).now())
    database[USERS].update_one({"_id": "bob"}, {"$set": {"email": "bob@example.org"}})
    test = page(database)
    assert list(test.dataframe[0].value["Signs in with"]) == ["password and code", "password"]
    return select(test, "bob")


def select(test: AppTest, key: str) -> AppTest:
    """Choose the row of that account, as a click on it does."""
    test.session_state["users_chosen"] = (key,)
    return test.run()


def page_left_open(database: Db) -> None:
    late = moments.now() - PROVED_FOR - timedelta(seconds=1)
    database[SESSIONS].update_many({}, {"$set": {"proved": late}})


def test_a_second_factor_is_reset_and_its_owner_told_by_mail(database: Db) -> None:
    with kept() as post:
        test = press(with_factor(database), "Reset second factor")
        post.tick()

    assert "factor" not in (database[USERS].find_one({"_id": "bob"}) or {"factor": 1})
    assert test.toast[0].value == "bob signs in with the password alone."
    assert "Reset second factor" not in [button.label for button in test.button]
    assert [(letter.to, letter.message.subject) for letter in post.sent] == [
        ("bob@example.org", "Equipment list: your second factor was reset")]


def test_a_password_is_reset_and_its_owner_told_by_mail_without_the_code(database: Db) -> None:
    with kept() as post:
        test = press(with_factor(database), "Reset password")
        post.tick()

    stored = database[USERS].find_one({"_id": "bob"}) or {}
    code = test.code[0].value
    assert stored["password"] is None and stored["code"] == code_digest(code)
    assert [(letter.to, letter.message.subject) for letter in post.sent] == [
        ("bob@example.org", "Equipment list: your password was reset")]
    assert code not in post.sent[0].message.text and code_digest(code) not in post.sent[0].message.text


@pytest.mark.parametrize("what", ["Reset second factor", "Reset password"])
def test_nothing_is_reset_nor_told_from_a_page_left_open(database: Db, what: str) -> None:
    with kept() as post:
        test = with_factor(database)
        before = database[USERS].find_one({"_id": "bob"})
        page_left_open(database)
        press(test, what)
        post.tick()

    assert before == database[USERS].find_one({"_id": "bob"}) and "factor" in (before or {})
    assert not test.toast and not test.code and post.sent == []


@pytest.mark.parametrize("what", ["Reset password", "Disable"])
def test_a_request_that_comes_in_meanwhile_moves_no_button_to_another_account(database: Db, what: str) -> None:
    users.create(database, SYSTEM, "Bob", "technician", password_hash="$argon2id$old")
    test = select(page(database), "bob")
    users.insert(database, users.new_document("Aaron", "user", "pending", by="sign-up") | {"password": "his"})

    press(test, what)

    bob, aaron = (database[USERS].find_one({"_id": key}) or {} for key in ("bob", "aaron"))
    assert (aaron["state"], aaron["password"], "code" in aaron) == ("pending", "his", False)
    assert bob["state"] == "disabled" or "code" in bob


def test_ones_own_password_and_factor_have_no_button_that_can_be_pressed(database: Db) -> None:
    me, secret = signed_in(database, "admin", "x"), factors.offer("x").secret
    factors.confirm(database, me, "x", secret, pyotp.TOTP(secret).now())
    test = select(AppTest.from_function(_script, args=(database, me), default_timeout=60).run(), "x")

    buttons = {button.label: button.disabled for button in test.button}
    assert buttons["Reset password"] and buttons["Reset second factor"] and not buttons["End all sessions"]
