"""A second factor in a real browser: set up, asked for after the password, and a recovery code in its place."""

from __future__ import annotations

import re
import time
from typing import Any

import pyotp
import pytest
from playwright.sync_api import Browser, Page, expect
from pymongo.database import Database

from equipment.store.access import USERS
from tests.browser import people
from tests.server.running_app import RunningApp, wait_for

pytestmark = pytest.mark.browser
Db = Database[dict[str, Any]]


def next_code(db: Db, secret: str) -> str:
    """Give a code that was not used yet, waiting for it if need be."""
    key = people.NAME.lower()
    used = ((db[USERS].find_one({"_id": key}) or {}).get("factor") or {}).get("step", 0)
    wait_for(lambda: int(time.time()) // 30 + 1 > used, "the next code", 40)
    return pyotp.TOTP(secret).at(max(int(time.time()) // 30, used + 1) * 30)


def test_from_the_first_code_to_a_recovery_code(
    installation: tuple[RunningApp, Db], page: Page, chromium: Browser
) -> None:
    app, db = installation
    page.goto(app.url)
    people.sign_in(page)
    page.get_by_role("button", name=people.NAME).click()
    page.get_by_role("menuitem", name="Second factor").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_role("img").first).to_be_visible()
    secret = dialog.locator("code").first.inner_text().strip()
    try:
        dialog.get_by_role("textbox", name="Code").fill(pyotp.TOTP(secret).now())
        dialog.get_by_role("button", name="Set up").click()
        expect(dialog.get_by_text("Recovery codes, for when the phone is lost.")).to_be_visible()
        expect(dialog.get_by_text(secret)).to_have_count(0)
        codes = re.findall(r"(?:[A-Z2-9]{4}-){6}[A-Z2-9]{4}", dialog.inner_text())
        assert len(codes) == 10
        dialog.get_by_role("button", name="I have kept them").click()
        expect(dialog).to_have_count(0)

        other = chromium.new_context().new_page()
        other.goto(app.url)
        people.type_password(other)
        expect(other.get_by_text("Your second factor")).to_be_visible(timeout=people.SLOW)
        other.get_by_role("textbox", name="Code").fill("000000" if next_code(db, secret) != "000000" else "111111")
        other.get_by_role("button", name="Sign in").click()
        expect(other.get_by_text("That is not the code")).to_be_visible()
        other.get_by_role("textbox", name="Code").fill(next_code(db, secret))
        other.get_by_role("button", name="Sign in").click()
        expect(other.get_by_role("tab", name="Equipment Records")).to_be_visible(timeout=people.SLOW)

        third = chromium.new_context().new_page()
        third.goto(app.url)
        people.type_password(third)
        third.get_by_role("textbox", name="Code").fill(codes[4].lower())
        third.get_by_role("button", name="Sign in").click()
        expect(third.get_by_role("tab", name="Equipment Records")).to_be_visible(timeout=people.SLOW)
        for each in (other, third):
            each.context.close()
    finally:
        db[USERS].update_many({}, {"$unset": {"factor": ""}})
