"""The running server where a second factor is required: an administrator without one sets it up, and nothing else."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pyotp
import pytest
from pymongo.database import Database

from equipment.store.access import USERS
from tests.mongod import Mongod
from tests.server.accounts import PASSWORD, cookie_of, inhabited, signed_in_page
from tests.server.page_client import PageClient
from tests.server.running_app import RunningApp

Running = tuple[RunningApp, Database[dict[str, Any]]]


@pytest.fixture(scope="module")
def running(shared_mongod: Mongod) -> Iterator[Running]:
    """The app with an administrator and a technician."""
    with inhabited(shared_mongod, people=("admin", "technician"), EQUIPMENT_SECOND_FACTOR="required") as both:
        yield both


def test_others_are_asked_for_nothing(running: Running) -> None:
    app, _ = running
    with signed_in_page(app, "technician") as page:
        assert "Equipment Records" in page.text()


def test_an_administrator_sets_one_up_before_anything_else(running: Running) -> None:
    app, db = running
    with signed_in_page(app, "admin") as page:
        assert "Set up a second factor" in page.text()
        assert "User Management" not in page.text()
        with PageClient(app.url, cookie=cookie_of(app, page)) as reloaded:
            reloaded.run()
            assert "Set up a second factor" in reloaded.text() and "User Management" not in reloaded.text()

        (secret,) = set(re.findall(r'"([A-Z2-7]{32})"', page.text()))
        page.fill("Code", pyotp.TOTP(secret).now()).press("Set up")
        assert "Recovery codes" in page.text() and "User Management" not in page.text()
        page.press("I have kept them")
        assert "User Management" in page.text()

    assert (db[USERS].find_one({"_id": "admin"}) or {})["factor"]["secret"] == secret
    with signed_in_page(app, "admin", PASSWORD) as page:
        # the caption names User Management, where another administrator resets a lost one
        assert "Your second factor" in page.text() and "Equipment Records" not in page.text()
