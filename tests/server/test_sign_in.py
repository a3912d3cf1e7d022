"""Signing in against the running server: form, ticket, cookie, reload, sign-out; and roles read every time."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from pymongo.database import Database
from streamlit.proto.WidgetStates_pb2 import WidgetState

from equipment.store.access import SYSTEM, USERS
from equipment.store.accounts import users
from tests.mongod import Mongod
from tests.server.accounts import PASSWORD, SIGN_OUT, cookie_of, inhabited, post, signed_in_page, ticket_of
from tests.server.page_client import PageClient
from tests.server.running_app import RunningApp, cookie_header

Running = tuple[RunningApp, Database[dict[str, Any]]]
FOR_ADMINISTRATORS = ("Backup & Restore", "User Management")


@pytest.fixture(scope="module")
def running(shared_mongod: Mongod) -> Iterator[Running]:
    """The app with one account per role."""
    with inhabited(shared_mongod) as both:
        yield both


def test_form_ticket_cookie_reload(running: Running) -> None:
    app, _ = running
    cookie = cookie_of(app, signed_in_page(app, "Admin"))

    with PageClient(app.url, cookie=cookie) as reloaded:
        reloaded.run()

        assert "User Management" in reloaded.text()
        assert not reloaded.has_field("Password")


def test_the_page_sends_the_browser_until_it_has_been_there(running: Running) -> None:
    app, _ = running
    with signed_in_page(app, "Admin") as page:
        ticket = ticket_of(page)
        assert ticket_of(page.run()) == ticket  # the run that drew it first may never have reached the browser

        cookie_of(app, page)

        assert page.run().errands == []


@pytest.mark.parametrize("role", ["user", "technician", "manager"])
def test_tabs_of_administrators_do_not_exist_for_others(running: Running, role: str) -> None:
    app, _ = running
    with signed_in_page(app, role) as page:
        assert "Equipment Records" in page.text()
        assert not any(label in page.text() for label in FOR_ADMINISTRATORS)


@pytest.mark.parametrize("tab", FOR_ADMINISTRATORS)
def test_an_address_of_a_forbidden_tab_opens_nothing(running: Running, tab: str) -> None:
    app, _ = running
    with signed_in_page(app, "user") as page:
        page.run(f"tab={tab.replace(' ', '%20').replace('&', '%26')}")

        assert "New user" not in page.text()
        assert "Create Backup Now" not in page.text()


@pytest.mark.parametrize("key", ["user_role", "username", "_equipment_who", "_last_admin"])
def test_forged_session_state_gains_nothing(running: Running, key: str) -> None:
    app, _ = running
    forged = [WidgetState(id=key, string_value="admin"),
              WidgetState(id=f"$$ID-00000000000000000000000000000000-{key}", string_value="admin")]
    with PageClient(app.url) as stranger:
        stranger.run(extra=forged)
        assert "Equipment Records" not in stranger.text()
    with signed_in_page(app, "user") as page:
        page.run(extra=forged)
        assert not any(label in page.text() for label in FOR_ADMINISTRATORS)


def test_a_role_taken_away_counts_at_the_next_click(running: Running) -> None:
    app, db = running
    users.create(db, SYSTEM, "Second", "admin")
    db[USERS].update_one({"_id": "second"}, {"$set": {"must_change": False}})
    with signed_in_page(app, "admin") as page:
        users.set_role(db, SYSTEM, "admin", "user")
        page.run()
        assert not any(label in page.text() for label in FOR_ADMINISTRATORS)
        users.set_role(db, SYSTEM, "admin", "admin")
        page.run()
        assert "User Management" in page.text()


def test_all_sessions_ended_means_every_tab_and_the_cookie(running: Running) -> None:
    app, db = running
    first, second = signed_in_page(app, "manager"), signed_in_page(app, "manager")
    cookie = cookie_of(app, first)

    users.end_sessions(db, SYSTEM, "manager")

    for page in (first, second, PageClient(app.url, cookie=cookie)):
        with page:
            assert page.run().has_field("Password")


def test_signed_out(running: Running) -> None:
    app, _ = running
    with signed_in_page(app, "technician") as page:
        cookie = cookie_of(app, page)
        page.choose("technician", "Log out")
        assert page.has_field("Password")
        ticket = ticket_of(page)

        status, headers, _ = post(app, SIGN_OUT, ticket, Cookie=cookie_header(app.url, cookie))

        assert status == 204
        assert cookie_header(app.url, '""') in headers["set-cookie"]
        assert "Max-Age=0" in headers["set-cookie"]
    with PageClient(app.url, cookie=cookie) as again:
        assert again.run().has_field("Password")


@pytest.mark.parametrize(("name", "password"), [
    ("admin", "wrong password"), ("nobody", PASSWORD), ("a\x00b", PASSWORD), ("x" * 200, PASSWORD),
    ("<img src=x onerror=alert(1)>", PASSWORD), ("admin", "x" * 5000), ("", ""),
])
def test_refused_with_the_same_words(running: Running, name: str, password: str) -> None:
    app, db = running
    db["equipment_attempts"].delete_many({})
    with signed_in_page(app, name, password) as page:
        assert "Sign-in failed. Check the name and the password." in page.text()
        assert page.has_field("Password")
        assert not page.errands


def test_a_reset_code_leads_to_a_new_password(running: Running) -> None:
    app, db = running
    db["equipment_attempts"].delete_many({})
    _, code = users.create(db, SYSTEM, "Newcomer", "user")
    with signed_in_page(app, "Newcomer", code or "") as page:
        assert page.has_field("New password")
        assert "Equipment Records" not in page.text()
        page.fill("New password", "a good new one").fill("New password again", "a good new one")
        page.press("Change password")
        assert "Equipment Records" in page.text()


def test_nothing_secret_on_console_or_page(running: Running) -> None:
    app, db = running
    db["equipment_attempts"].delete_many({})
    with signed_in_page(app, "admin") as page:
        ticket = ticket_of(page)
        cookie = cookie_of(app, page)
        page.run("tab=User%20Management")
        shown = page.text()
    stored = [str(user["password"]) for user in db[USERS].find({"password": {"$ne": None}})]

    for secret in (PASSWORD, cookie, *stored):
        assert secret not in shown
        assert secret not in app.console()
    assert ticket not in app.console()
