"""An administrator adds a place off the machine, watches a backup go there, and fetches it back."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pymongo.database import Database

from equipment.store import activity
from tests.browser import people
from tests.mongod import Mongod
from tests.server.running_app import RunningApp, wait_for

pytest.importorskip("playwright.sync_api", reason="no browser driver here: pip install -r requirements-dev.txt")
from playwright.sync_api import Page, expect

pytestmark = pytest.mark.browser
Db = Database[dict[str, Any]]
NAME = "browser_remotes"


@pytest.fixture(scope="module")
def place(shared_mongod: Mongod, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[RunningApp, Path, Db]]:
    """An app with a list, and a folder that stands for another disk."""
    folder = tmp_path_factory.mktemp("remotes")
    (folder / "disk").mkdir()
    with shared_mongod.client() as client:
        client[NAME]["Equipment"].insert_many([{"_id": n, "ID": n, "Serial": f"S{n}"} for n in range(12)])
        with RunningApp(folder=folder, MONGODB_URI=shared_mongod.uri, MONGODB_DATABASE=NAME,
                        **people.ADMINISTRATOR) as app:
            yield app, folder / "disk", client[NAME]
        client.drop_database(NAME)


def test_a_remote_is_added_gets_every_backup_and_gives_it_back(
    place: tuple[RunningApp, Path, Db], page: Page
) -> None:
    app, disk, database = place
    page.goto(app.url)
    people.sign_in(page)
    page.get_by_role("tab", name="Backup & Restore").click()
    expect(page.get_by_role("heading", name="All backups")).to_be_visible()  # made when the server started
    page.get_by_role("tab", name="Auto Backup").click()
    expect(page.get_by_text("a fire or a broken disk takes them along")).to_be_visible()

    page.get_by_text("Add a remote").click()
    page.get_by_role("textbox", name="Name").fill("disk")
    page.get_by_role("textbox", name="Address").fill(f"file://{disk}")
    page.get_by_role("button", name="Add and try out").click()
    expect(page.get_by_text("Remote disk is added and works.")).to_be_visible()
    page.get_by_role("button", name="Dismiss").click()
    wait_for(lambda: any((disk / "sets").glob("*")), "what waited to be sent at once")
    page.get_by_role("button", name="Show what is there").click()
    expect(page.get_by_text("in disk")).to_be_visible()
    page.get_by_role("button", name="Fetch into the backup folder").click()

    expect(page.get_by_text("is here already").or_(page.get_by_text("was fetched from remote disk"))).to_be_visible()
    assert len(list((disk / "sets").iterdir())) >= 1
    entries = activity.find(database, activity.Filter(actions=("backup.remote.add",)))
    assert [entry["who"] for entry in entries] == [people.NAME]
