"""An administrator says something about a backup, and reads it where a backup to restore is chosen."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.browser import grid, people
from tests.mongod import Mongod
from tests.server.running_app import RunningApp

pytest.importorskip("playwright.sync_api", reason="no browser driver here: pip install -r requirements-dev.txt")
from playwright.sync_api import Page, expect

pytestmark = pytest.mark.browser
NAME = "browser_comments"


@pytest.fixture(scope="module")
def app(shared_mongod: Mongod, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningApp]:
    """An app with a list, whose first backup is made when it starts."""
    folder: Path = tmp_path_factory.mktemp("comments")
    with shared_mongod.client() as client:
        client[NAME]["Equipment"].insert_many([{"_id": n, "ID": n, "Serial": f"S{n}"} for n in range(12)])
        with RunningApp(folder=folder, MONGODB_URI=shared_mongod.uri, MONGODB_DATABASE=NAME,
                        **people.ADMINISTRATOR) as app:
            yield app
        client.drop_database(NAME)


def test_a_comment_is_written_and_read_where_one_chooses(app: RunningApp, page: Page) -> None:
    page.goto(app.url)
    people.sign_in(page)
    page.get_by_role("tab", name="Backup & Restore").click()
    expect(page.get_by_role("heading", name="All backups")).to_be_visible()
    grid.click_until(page, 0, 16, page.get_by_role("button", name="Restore this", disabled=False))

    page.get_by_role("button", name="Comment", exact=True).click()
    save = page.get_by_role("button", name="Save comment")
    page.get_by_role("textbox", name="Comment").fill("before the move to Hall 3")
    grid.at_rest(page)
    save.click()

    expect(page.get_by_text("· before the move to Hall 3")).to_be_visible()
    grid.at_rest(page)
    expect(grid.cell(page, 0, 12)).to_have_text("before the move to Hall 3")
    page.get_by_role("tab", name="Restore Data").click()
    expect(page.get_by_role("combobox", name="Backup", exact=True)).to_have_value(
        re.compile("· before the move to Hall 3$"))
