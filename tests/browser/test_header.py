"""The line at the top: the help it opens, the requests it counts, and that it fits."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import Page, expect
from pymongo.database import Database

from equipment import __version__
from equipment.accounts import signup
from equipment.store.access import SYSTEM
from tests.browser import grid, people
from tests.server.running_app import RunningApp

pytestmark = pytest.mark.browser
Db = Database[dict[str, Any]]

WIDE, NARROW = {"width": 1440, "height": 900}, {"width": 360, "height": 780}
_PUT = """(paragraph, text) => {
    const words = document.createTreeWalker(paragraph, NodeFilter.SHOW_TEXT)
    let last
    while (words.nextNode()) last = words.currentNode
    last.textContent = " " + text
}"""
NEWCOMER, CHOSEN = "Eve", "four words that fit nowhere"


@pytest.fixture
def app(installation: tuple[RunningApp, Db]) -> RunningApp:
    return installation[0]


def ask_for_an_account(page: Page) -> None:
    page.get_by_text("Ask for an account").first.click()
    form = page.get_by_test_id("stForm").filter(has_text="Why you need it")
    form.get_by_label("Name", exact=True).fill(NEWCOMER)
    form.get_by_label("Password", exact=True).fill(CHOSEN)
    form.get_by_label("Password again").fill(CHOSEN)
    form.get_by_label("Why you need it").fill("Lasers")
    form.get_by_role("button", name="Ask for an account").click()
    expect(page.get_by_text("Your request was sent.")).to_be_visible()


def test_who_asks_for_an_account_is_counted_approved_and_signs_in(
    page: Page, installation: tuple[RunningApp, Db]
) -> None:
    app, db = installation
    signup.switch(db, SYSTEM, True)
    try:
        page.goto(app.url)
        ask_for_an_account(page)
    finally:
        signup.switch(db, SYSTEM, False)  # the form's fields have the names of those for signing in
    browser = page.context.browser
    assert browser is not None
    office = browser.new_context(viewport={"width": 1440, "height": 900})
    try:
        desk = office.new_page()
        desk.goto(app.url)
        people.sign_in(desk)
        badge = desk.locator(".st-key-waiting_badge").get_by_role("button")
        expect(badge).to_have_text(re.compile("1 waiting"))
        badge.click()
        expect(desk.get_by_text(f"{NEWCOMER} asks for an account")).to_be_visible()
        expect(desk.get_by_text("Lasers")).to_be_visible()
        desk.get_by_role("button", name="Approve").click()
        expect(desk.get_by_text(f"{NEWCOMER} asks for an account")).to_have_count(0)
        expect(badge).to_have_count(0)
        assert "tab=User" in desk.url
    finally:
        office.close()

    page.reload()
    people.sign_in(page, NEWCOMER, CHOSEN)
    expect(page.get_by_role("tab", name="User Management")).to_have_count(0)


def test_diagnostics_are_copied(page: Page, app: RunningApp) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"], origin=app.url)
    page.goto(app.url)
    people.sign_in(page)

    page.locator(".st-key-help_menu").get_by_role("button").click()
    page.get_by_role("menuitem", name="Version and diagnostics").click()
    page.get_by_role("button", name="Copy diagnostics").click()

    expect(page.get_by_text("Copied", exact=True)).to_be_visible()
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied.startswith(f"Equipment {__version__}\n") and "MONGODB_URI: given" in copied
    assert "127.0.0.1" not in copied


@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["1440", "360"])
def test_the_menus_stay_on_the_screen_beside_the_longest_badge(page: Page, app: RunningApp, size: Any) -> None:
    page.set_viewport_size(size)
    page.goto(app.url)
    people.sign_in(page)
    grid.at_rest(page)
    longest = "Automatic backups are off since 2026-11-28 09:15, by Ada"
    page.locator(".st-key-backup_badge p").first.evaluate(_PUT, longest)

    for menu in (".st-key-help_menu", ".st-key-user_menu"):
        box = page.locator(menu).bounding_box()
        assert box is not None and box["x"] + box["width"] <= size["width"]
    if size == WIDE:
        title = page.get_by_role("heading", name="Equipment", exact=True).bounding_box()
        assert title is not None and box["y"] < title["y"] + title["height"]
