"""A real browser for the tests of the running app."""

from __future__ import annotations

import os
import shutil
from collections.abc import Generator, Iterator
from typing import Any

import pytest

pytest.importorskip("playwright", reason="pip install -r requirements-dev.txt brings the browser driver")
from playwright.sync_api import Browser, Page, expect, sync_playwright
from pymongo.database import Database

from tests.browser import people
from tests.mongod import Mongod
from tests.server.running_app import RunningApp

Db = Database[dict[str, Any]]

ARGUMENTS = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
)
SIZE = (1400, 900)
PATIENCE_MS = 20_000

expect.set_options(timeout=PATIENCE_MS)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Put what the page showed beside the failure of a test."""
    report = yield
    page = getattr(item, "funcargs", {}).get("page")
    if report.when == "call" and report.failed and isinstance(page, Page):
        report.sections.append((f"the page at {page.url}", page.locator("body").aria_snapshot()))
    return report


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """One headless Chromium per test process."""
    path = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if path is None:
        if os.environ.get("CI"):
            pytest.fail("CI needs a browser: apt-get install chromium")
        pytest.skip("no chromium here: apt-get install chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(ARGUMENTS))
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def installation(shared_mongod: Mongod, request: pytest.FixtureRequest) -> Iterator[tuple[RunningApp, Db]]:
    """One running app for a test module, its administrator in place, and its database."""
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
