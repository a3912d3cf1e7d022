"""Guessing against the running server, with the real password parameters."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from pymongo.database import Database

from equipment.store import moments
from equipment.store.accounts.attempts import ATTEMPTS, PER_ACCOUNT
from tests.mongod import Mongod
from tests.server.accounts import PASSWORD, inhabited, signed_in_page
from tests.server.page_client import PageClient
from tests.server.running_app import RunningApp

Running = tuple[RunningApp, Database[dict[str, Any]]]
FAILED, WAIT = "Sign-in failed", "Too many failed sign-ins"


@pytest.fixture(scope="module")
def running(shared_mongod: Mongod) -> Iterator[Running]:
    """The app with an administrator."""
    with inhabited(shared_mongod, people=("admin",)) as both:
        yield both


@pytest.mark.parametrize("name", ["admin", "nobody"])
def test_known_and_unknown_names_lock_alike(running: Running, name: str) -> None:
    app, db = running
    db[ATTEMPTS].delete_many({})
    page = PageClient(app.url).run()

    seen = []
    for n in range(PER_ACCOUNT.free + 2):
        page.fill("Name", name).fill("Password", f"wrong {n}").press("Sign in")
        seen.append(FAILED if FAILED in page.text() else WAIT if WAIT in page.text() else "?")

    assert seen == [FAILED] * PER_ACCOUNT.free + [WAIT] * 2


def test_the_right_password_waits_too_and_then_opens(running: Running) -> None:
    app, db = running
    db[ATTEMPTS].delete_many({})
    page = PageClient(app.url).run()
    for n in range(PER_ACCOUNT.free):
        page.fill("Name", "admin").fill("Password", f"wrong {n}").press("Sign in")

    with signed_in_page(app, "admin") as locked:
        assert WAIT in locked.text()
    db[ATTEMPTS].update_many({}, {"$set": {"until": moments.now() - timedelta(seconds=1)}})

    with signed_in_page(app, "admin", PASSWORD) as opened:
        assert "User Management" in opened.text()


def test_another_address_in_a_forged_header_does_not_help_an_account(running: Running) -> None:
    app, db = running
    db[ATTEMPTS].delete_many({})

    last = ""
    for n in range(PER_ACCOUNT.free + 1):
        with PageClient(app.url, headers={"X-Forwarded-For": f"198.51.100.{n}"}) as page:
            page.run().fill("Name", "admin").fill("Password", f"wrong {n}").press("Sign in")
            last = page.text()

    assert WAIT in last


def test_the_first_run_asks_for_the_code_whoever_seems_local(shared_mongod: Mongod) -> None:
    with inhabited(shared_mongod, people=()) as (app, db):
        for headers in (
            {}, {"X-Forwarded-For": "127.0.0.1"}, {"X-Real-IP": "127.0.0.1", "Forwarded": "for=127.0.0.1"},
        ):
            with PageClient(app.url, headers=headers) as page:
                assert "The set-up code is not right" in _create_administrator(page, "AAAA-AAAA-AAAA")
        assert db["equipment_users"].count_documents({}) == 0

        with PageClient(app.url) as page:
            assert "User Management" in _create_administrator(page, app.setup_code())


def _create_administrator(page: PageClient, code: str) -> str:
    page.run().fill("Set-up code", code).fill("Name", "Ada").fill("Password", PASSWORD)
    return page.fill("Password again", PASSWORD).press("Create administrator").text()
