"""Sessions in a real browser: the cookie, the way it is set, and the end of all of them."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Route, expect
from pymongo.database import Database

from tests.browser import grid, people
from tests.server.running_app import RunningApp, cookie_name

pytestmark = pytest.mark.browser
SIGN_IN = re.compile("/account/sign-in$")


@pytest.fixture
def url(installation: tuple[RunningApp, Database[dict[str, Any]]]) -> str:
    """Address of an app with one record in its list."""
    app, db = installation
    db.Equipment.replace_one({"ID": 1}, {"ID": 1, "Vendor": "Fluke"}, upsert=True)
    return app.url


def sign_in(page: Page, url: str) -> None:
    page.goto(url)
    with page.expect_response(SIGN_IN) as answer:
        people.sign_in(page)
    assert answer.value.status == 204


def test_ending_all_sessions_reaches_the_other_browser(url: str, page: Page, chromium: Browser) -> None:
    sign_in(page, url)
    elsewhere = chromium.new_context()
    other_page = elsewhere.new_page()
    sign_in(other_page, url)

    page.get_by_role("button", name=people.NAME).click()
    page.get_by_role("menuitem", name="My sessions").click()
    page.get_by_role("button", name="End all sessions").click()
    expect(page.get_by_label("Password", exact=True)).to_be_visible(timeout=people.SLOW)
    other_page.get_by_role("tab", name="Activity").click()

    expect(other_page.get_by_label("Password", exact=True)).to_be_visible(timeout=people.SLOW)
    elsewhere.close()


def test_the_script_of_a_page_cannot_read_the_cookie(url: str, page: Page) -> None:
    sign_in(page, url)

    held = {cookie["name"]: cookie for cookie in page.context.cookies()}

    assert held[cookie_name(url)]["httpOnly"]
    assert "equipment_session" not in page.evaluate("document.cookie")


def test_a_dialog_stays_open_while_the_cookie_is_still_being_set(url: str, page: Page) -> None:
    late: list[Route] = []
    page.route(SIGN_IN, lambda route: late.append(route))
    page.goto(url)
    people.sign_in(page, kept=False)
    page.get_by_role("button", name="Download", exact=True).click()
    link = page.get_by_role("dialog").get_by_role("link", name="Download")
    expect(link).to_be_visible(timeout=people.SLOW)

    with page.expect_response(SIGN_IN):
        late[0].continue_()
    page.get_by_role("dialog").get_by_text("XLSX", exact=True).click()

    expect(link).to_have_attribute("href", re.compile(r"^\./list\.xlsx"))


HOLD_THE_ANSWER = """
const real = window.fetch
window.fetch = async (...request) => {
    const answer = await real(...request)
    if (String(request[0]).endsWith("/account/sign-in")) await new Promise(resolve => { window.letGo = resolve })
    return answer
}
"""
# In one turn of the browser's loop: whatever both have to say would go out in one message, and the first one's way.
CLICK_RIGHT_AFTER_IT = """
async button => {
    window.letGo()
    for (let step = 0; step < 20; step++) await null
    button.click()
}
"""


def test_a_click_counts_in_the_moment_the_cookie_is_set(url: str, page: Page) -> None:
    page.add_init_script(HOLD_THE_ANSWER)
    sign_in(page, url)
    grid.at_rest(page)
    page.wait_for_function("() => Boolean(window.letGo)")

    page.get_by_role("button", name="Download", exact=True).evaluate(CLICK_RIGHT_AFTER_IT)

    expect(page.get_by_role("dialog").get_by_role("link", name="Download")).to_be_visible()
