"""Two servers of one installation: one backup. On the page of the second, when it is made and by whom."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.browser import people
from tests.mongod import Mongod
from tests.server.running_app import RunningApp, wait_for

pytest.importorskip("playwright.sync_api", reason="no browser driver here: pip install -r requirements-dev.txt")
from playwright.sync_api import Browser, expect

pytestmark = pytest.mark.browser
NAME = "browser_schedule"


@pytest.fixture(scope="module")
def servers(shared_mongod: Mongod, tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[RunningApp]]:
    folders = [tmp_path_factory.mktemp(name) for name in ("first", "second")]
    said = {"MONGODB_URI": shared_mongod.uri, "MONGODB_DATABASE": NAME,
            "BACKUP_FOLDER": str(folders[0] / "backups"), **people.ADMINISTRATOR}
    with shared_mongod.client() as client:
        client[NAME]["Equipment"].insert_many([{"_id": n, "ID": n, "Serial": f"S{n}"} for n in range(12)])
        with RunningApp(folder=folders[0], **said) as first:
            wait_for(lambda: sets(folders[0]) == 1, "the first server's backup")
            with RunningApp(folder=folders[1], **said) as second:
                yield [first, second]
        client.drop_database(NAME)


def sets(folder: Path) -> int:
    return len([*folder.glob("backups/*day/backup_metadata_*.json")])


def test_the_second_server_says_who_makes_the_backups_and_what_is_chosen_there_counts(
    servers: list[RunningApp], chromium: Browser
) -> None:
    context = chromium.new_context(viewport={"width": 1400, "height": 1000}, timezone_id="Asia/Tokyo")
    page = context.new_page()
    page.goto(servers[1].url)
    people.sign_in(page)
    page.get_by_role("tab", name="Backup & Restore").click()
    page.get_by_role("tab", name="Auto Backup").click()
    expect(page.get_by_text(f"{socket.gethostname()} (process {servers[0].process.pid}) keeps the schedule")
           ).to_be_visible()
    page.get_by_text("At set times").click()
    page.get_by_role("combobox", name="Times").click()
    page.get_by_role("option", name="Cron text").click()
    text = page.get_by_role("textbox", name="Minute, hour, day of month")
    text.fill("0 0 30 2 *")
    text.press("Enter")
    expect(page.get_by_text("never comes: no year has such a day")).to_be_visible()
    expect(page.get_by_role("button", name="Use this schedule")).to_be_disabled()
    expect(text).to_have_value("0 0 30 2 *")
    text.fill("30 2 * * *")
    text.press("Enter")
    expect(page.get_by_text("At 02:30 every day.")).to_be_visible()
    expect(page.get_by_text("(Asia/Tokyo)")).to_be_visible()
    page.get_by_role("button", name="Use this schedule").click()
    expect(page.get_by_text("Stored. Backups are made at 02:30 every day.")).to_be_visible()

    page.get_by_text("Automatic backups", exact=True).click()
    expect(page.get_by_text("Switch automatic backups off, for everybody")).to_be_visible()
    page.get_by_role("button", name="Switch off").click()

    expect(page.get_by_text(f"by {people.NAME}. Nothing is backed up by itself")).to_be_visible()
    expect(page.get_by_test_id("stMetric").filter(has_text="Next backup due")).to_contain_text("off")
    assert sets(servers[0].folder) == 1
    context.close()
