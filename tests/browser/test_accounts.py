"""Accounts as people meet them: first run, sign-in, reload, sign-out, and what a plain user does not see."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.server.running_app import RunningApp

pytestmark = pytest.mark.browser
PASSWORD = "correct horse battery"
SECONDS = 30_000


@pytest.fixture(scope="module")
def app() -> Iterator[RunningApp]:
    """A fresh installation."""
    with RunningApp() as running:
        yield running


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    """A visitor whose page may not report anything blocked or broken."""
    context = chromium.new_context(viewport={"width": 1400, "height": 900})
    context.set_default_timeout(SECONDS)
    expect.set_options(timeout=SECONDS)
    visitor, errors = context.new_page(), list[str]()
    visitor.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
    yield visitor
    context.close()
    assert not [error for error in errors if "Content Security Policy" in error]


def sign_in(page: Page, app: RunningApp, name: str, password: str) -> None:
    """Fill in the form."""
    page.goto(app.url)
    page.get_by_label("Name").fill(name)
    page.get_by_label("Password", exact=True).fill(password)
    with page.expect_response(re.compile("/account/sign-in$")) as answer:
        page.get_by_test_id("stFormSubmitButton").get_by_role("button").click()
    assert answer.value.status == 204


def log_out(page: Page, name: str) -> None:
    """Use the menu."""
    page.get_by_role("button", name=name).click()
    with page.expect_response(re.compile("/account/sign-out$")) as answer:
        page.get_by_role("menuitem", name="Log out").click()
    assert answer.value.status == 204
    expect(page.get_by_label("Password", exact=True)).to_be_visible()


def test_the_story_of_the_accounts(app: RunningApp, page: Page) -> None:
    page.goto(app.url)
    page.get_by_label("Set-up code").fill(app.setup_code())
    page.get_by_label("Name").fill("Ada")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_label("Password again").fill(PASSWORD)
    with page.expect_response(re.compile("/account/sign-in$")):
        page.get_by_role("button", name="Create administrator").click()
    expect(page.get_by_role("tab", name="User Management")).to_be_visible()

    page.reload()
    page.get_by_role("tab", name="User Management").click()
    page.get_by_role("button", name="New user").click()
    page.get_by_role("dialog").get_by_label("Name").fill("Bob")
    page.get_by_role("dialog").get_by_role("button", name="Create").click()
    code = page.get_by_test_id("stCode").inner_text().strip()
    assert re.fullmatch(r"([A-Z2-9]{4}-){3}[A-Z2-9]{4}", code)
    page.get_by_role("dialog").get_by_role("button", name="Close").last.click()

    log_out(page, "Ada")
    page.reload()
    expect(page.get_by_label("Password", exact=True)).to_be_visible()
    assert not [cookie for cookie in page.context.cookies() if "equipment_session" in cookie.get("name", "")]

    sign_in(page, app, "Bob", code)
    page.get_by_label("New password", exact=True).fill("a good new one")
    page.get_by_label("New password again").fill("a good new one")
    page.get_by_role("button", name="Change password").click()
    expect(page.get_by_role("tab", name="Equipment Records")).to_be_visible()
    for label in ("Backup & Restore", "User Management"):
        expect(page.get_by_role("tab", name=label)).to_have_count(0)
