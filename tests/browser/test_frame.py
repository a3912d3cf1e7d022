"""The frame in a real browser: tabs in the address, nothing from elsewhere, the page of a database that is down."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, expect

from tests.browser import grid, people
from tests.mongod import Mongod
from tests.server.running_app import RunningApp

TABS = ("Equipment Records", "Equipment Select Options", "Backup & Restore", "User Management", "Activity")

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def server() -> Iterator[Mongod]:
    mongod = Mongod()
    yield mongod
    mongod.stop()


@pytest.fixture
def app(server: Mongod, request: pytest.FixtureRequest) -> Iterator[RunningApp]:
    name = f"frame_{request.node.name[5:40]}"
    with RunningApp(MONGODB_URI=server.uri, MONGODB_DATABASE=name, **people.ADMINISTRATOR) as running:
        yield running


def sign_in(page: Page, app: RunningApp, path: str = "/") -> None:
    page.goto(app.url + path)
    people.sign_in(page)


def test_every_tab_opens_by_click_and_by_address_and_loads_nothing_from_elsewhere(page: Page, app: RunningApp) -> None:
    refused: list[str] = []
    asked: set[str] = set()
    page.on("console", lambda message: refused.append(message.text) if "Content Security" in message.text else None)
    page.on("request", lambda request: asked.add(urlsplit(request.url).netloc))
    sign_in(page, app, "/?tab=Activity")
    expect(page.get_by_role("tab", name="Activity")).to_have_attribute("aria-selected", "true")
    grid.at_rest(page)

    for label in TABS:
        tab = page.get_by_role("tab", name=label, exact=True)
        tab.click()
        expect(tab).to_have_attribute("aria-selected", "true")
        grid.at_rest(page)
        expect(page.get_by_text("could not be shown")).to_have_count(0)

    assert "tab=Activity" in page.url
    assert refused == []
    assert asked - {""} == {urlsplit(app.url).netloc}


def test_the_backup_badge_leads_to_the_backups(page: Page, app: RunningApp) -> None:
    sign_in(page, app)

    page.locator(".st-key-backup_badge").get_by_role("button").click()

    expect(page.get_by_role("button", name="Create Backup Now")).to_be_visible()
    assert "Backup" in page.url


def test_the_badge_is_red_while_the_accounts_are_not_safe(page: Page, app: RunningApp) -> None:
    sign_in(page, app, "/?tab=Backup+%26+Restore")
    badge = page.locator(".st-key-backup_badge")
    expect(badge.get_by_text("Backup just now").first).to_be_visible()  # the first page load has started one
    for path in app.backup_folder.glob(".app/*day/users_backup_*.csv"):
        path.unlink()

    page.reload()
    expect(badge.get_by_text("Accounts and trash are not safely backed up").first).to_be_visible()
    expect(page.get_by_text("Backup file not found: users_backup_").first).to_be_visible()
    grid.at_rest(page)

    page.get_by_role("button", name="Create Backup Now").click()  # something has changed: the accounts are not safe
    expect(page.get_by_text("Backup created successfully").first).to_be_visible()
    page.reload()
    expect(badge.get_by_text("Backup just now").first).to_be_visible()


def test_when_the_database_goes_away_the_page_says_so_and_an_admin_still_sees_the_backups(
    page: Page, server: Mongod, app: RunningApp
) -> None:
    sign_in(page, app)
    grid.at_rest(page)
    server.kill()
    failed = page.get_by_role("heading", name="Database connection failed")
    try:
        page.get_by_role("tab", name="Activity").or_(failed).first.click()  # a page that still ran says so unasked
        expect(failed).to_be_visible()
        expect(page.get_by_text("Backups on disk")).to_be_visible()
        expect(page.get_by_role("tab", name="Restore Data")).to_be_visible()
    finally:
        server.start()

    back = page.get_by_role("tab", name="Activity")
    for _ in range(6):  # in the first moment of its start a server of a replica set takes no writes yet
        page.get_by_role("button", name="Retry").or_(back).first.click()
        with contextlib.suppress(AssertionError):
            expect(back).to_be_visible(timeout=5_000)
            break
    expect(back).to_be_visible()
