"""A real browser for the tests of the running app."""

from __future__ import annotations

import shutil
from collections.abc import Generator, Iterator
from typing import TYPE_CHECKING, Any

import pytest
from pymongo.database import Database

from tests.mongod import Mongod
from tests.server.running_app import RunningApp

if TYPE_CHECKING:  # without the browser driver this file must still load: each test file is skipped for itself
    from playwright.sync_api import Browser, Page

Db = Database[dict[str, Any]]

ARGUMENTS = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
)
SIZE = (1400, 900)
PATIENCE_MS = 20_000


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Put what the page showed beside the failure of a test."""
    report = yield
    page: Page | None = getattr(item, "funcargs", {}).get("page")
    if report.when == "call" and report.failed and hasattr(page, "locator") and not page.is_closed():
        report.sections.append((f"the page at {page.url}", _shown(page)))
    return report


def _shown(page: Page) -> str:
    from playwright.sync_api import Error

    try:
        return page.locator("body").aria_snapshot()
    except Error as error:  # a page that hangs took the whole run with it
        return f"It does not answer: {error}"


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """One headless Chromium per test file: while its driver is there, nothing else in the process can run asyncio."""
    from playwright.sync_api import expect, sync_playwright

    expect.set_options(timeout=PATIENCE_MS)
    path = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if path is None:
        pytest.skip("no chromium here: apt-get install chromium")
    with sync_playwright() as playwright, pytest.MonkeyPatch.context() as patch:
        _click_only_at_rest(patch)
        browser = playwright.chromium.launch(executable_path=path, args=list(ARGUMENTS))
        yield browser
        browser.close()


def _click_only_at_rest(patch: pytest.MonkeyPatch) -> None:
    """Let every click wait for the page to finish running, as a person's eye does.

    A run hands its elements over one at a time: until it ends, the old form still stands below the new one, and a tick
    put there is gone with it (seen once in CI: the second tick before a restore, and the button stayed off).
    """
    from playwright.sync_api import Locator, expect

    from tests.browser import grid

    click = Locator.click

    def at_rest(locator: Locator, **options: Any) -> None:
        in_the_app = locator.page.get_by_test_id("stApp").count() > 0
        if in_the_app:
            grid.at_rest(locator.page)
            expect(locator).not_to_have_count(0)
        is_tab = in_the_app and locator.first.get_attribute("role") == "tab"
        click(locator, **options)
        if is_tab:
            insist(locator)

    def insist(tab: Locator) -> None:
        """Click again, as a person does, when the address took the click and the tab did not: seen about once in ten
        full runs on a busy machine, and the cause lies between the browser and Streamlit."""
        try:
            expect(tab).to_have_attribute("aria-selected", "true", timeout=8_000)
        except AssertionError:
            grid.at_rest(tab.page)
            if tab.count():  # where the click led to another page, such as that for signing in, there is none any more
                click(tab)

    patch.setattr(Locator, "click", at_rest)


@pytest.fixture(scope="module")
def installation(shared_mongod: Mongod, request: pytest.FixtureRequest) -> Iterator[tuple[RunningApp, Db]]:
    """One running app for a test module, its administrator in place, and its database."""
    from tests.browser import people

    name = request.module.__name__.replace(".", "_")
    with shared_mongod.client() as client:
        with RunningApp(MONGODB_URI=shared_mongod.uri, MONGODB_DATABASE=name, **people.ADMINISTRATOR) as app:
            yield app, client[name]
        client.drop_database(name)


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    """A fresh visitor: no cookies, a wide window, downloads allowed."""
    context = chromium.new_context(viewport={"width": SIZE[0], "height": SIZE[1]}, accept_downloads=True)
    context.set_default_timeout(PATIENCE_MS)
    yield context.new_page()
    context.close()
