"""The administrator of the installations that the browser visits, and how people get in."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from tests.server.running_app import cookie_name, wait_for

NAME, PASSWORD = "Ada", "correct horse battery"
SLOW = 60_000
"""Milliseconds: the first page of an installation on a busy machine."""
ADMINISTRATOR = {"EQUIPMENT_ADMIN_USER": NAME, "EQUIPMENT_ADMIN_PASSWORD": PASSWORD}
"""Settings that create the account at the first start."""


def type_password(page: Page, name: str = NAME, password: str = PASSWORD) -> None:
    """Fill the sign-in form that stands on the page and send it."""
    page.get_by_label("Name").fill(name)
    page.get_by_label("Password", exact=True).fill(password)
    page.get_by_role("button", name="Sign in").click()


def sign_in(page: Page, name: str = NAME, password: str = PASSWORD, *, kept: bool = True) -> None:
    """Fill the sign-in form that stands on the page, and wait for the list.

    ``kept``: wait for the cookie, too, which comes a moment later; a page reloaded before that asks again who is there.
    """
    type_password(page, name, password)
    expect(page.get_by_role("tab", name="Equipment Records")).to_be_visible(timeout=SLOW)
    if kept:
        wait_for(lambda: cookie_name(page.url) in {cookie["name"] for cookie in page.context.cookies()}, "the cookie",
                 SLOW / 1000)
