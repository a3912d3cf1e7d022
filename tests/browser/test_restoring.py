"""Fifty deleted records in a browser: back from the trash, back from a backup, undone and done again."""

from __future__ import annotations

import re
from datetime import date
from typing import Any

import pytest
from playwright.sync_api import Page, expect
from pymongo.database import Database

from backup_csv_for_db_restore import DatabaseBackupRestore
from backup_engine.errors import Busy
from equipment.store.access import SYSTEM
from equipment.store.list import samples
from tests.browser import people
from tests.equipment.restores.test_thrown import throw
from tests.server.running_app import RunningApp, wait_for

pytestmark = pytest.mark.browser

Db = Database[dict[str, Any]]
HEIGHT = 900


@pytest.fixture(scope="module")
def filled(installation: tuple[RunningApp, Db]) -> tuple[RunningApp, Db]:
    """430 records and two backups of them."""
    app, database = installation
    samples.load(database, SYSTEM, date(2026, 3, 2))
    engine = DatabaseBackupRestore(connect=lambda: database, backup_folder=str(app.backup_folder))

    def is_made() -> bool:
        """Make one; the app rehearses a restore when it starts, and a backup does not run beside that."""
        try:
            return engine.create(force=True).set is not None
        except Busy:
            return False

    for _ in range(2):
        wait_for(is_made, "a backup")
    return app, database


def records(database: Db) -> int:
    return database["Equipment"].count_documents({})


def open_backups(page: Page, app: RunningApp, tab: str, address: str = "") -> None:
    page.set_viewport_size({"width": 1440, "height": HEIGHT})
    page.goto(app.url + address)
    people.sign_in(page)
    if not address:
        page.get_by_role("tab", name="Backup & Restore").click()
        page.get_by_role("tab", name=tab).click()
    expect(page.get_by_role("tab", name=tab)).to_have_attribute("aria-selected", "true", timeout=people.SLOW)


def test_what_the_trash_holds_comes_back_from_there(page: Page, filled: tuple[RunningApp, Db]) -> None:
    app, database = filled
    throw(database, SYSTEM, 50)
    open_backups(page, app, "Restore Data")

    page.get_by_role("button", name="Bring these 50 back from the trash").click()

    expect(page.get_by_text("went to the trash")).to_have_count(0, timeout=people.SLOW)
    assert records(database) == 430 and database["Equipment_trash"].count_documents({}) == 0


def test_restore_this_then_undo_and_redo(page: Page, filled: tuple[RunningApp, Db]) -> None:
    app, database = filled
    open_backups(page, app, "Create Backup")
    gone = [record["_id"] for record in database["Equipment"].find({}, {"_id": 1}).limit(50)]
    database["Equipment"].delete_many({"_id": {"$in": gone}})

    page.get_by_test_id("stDataFrame").first.click(position={"x": 15, "y": 90})  # the second row
    restore_this, delete = (page.get_by_role("button", name=name, exact=True) for name in ("Restore this", "Delete"))
    expect(restore_this).to_be_enabled(timeout=people.SLOW)
    for button in (restore_this, delete):
        box = button.bounding_box()
        assert box is not None and box["y"] + box["height"] < HEIGHT, "seen without scrolling"
    restore_this.click()

    expect(page.get_by_role("tab", name="Restore Data")).to_have_attribute("aria-selected", "true")
    expect(page).to_have_url(re.compile(r"backup_tab=Restore\+Data.*set=\d{8}_\d{6}"))
    chosen = page.url
    expect(page.get_by_text("50 added, 0 removed, 0 changed")).to_be_visible(timeout=people.SLOW)
    page.get_by_text("Replace Equipment with the backup of").click()
    page.get_by_label("Type the number of records").fill("430")
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Confirm and Restore").click()
    expect(page.get_by_text("Equipment: 380 → 430 records: 50 added, 0 removed, 0 changed.")).to_be_visible(
        timeout=people.SLOW)
    assert records(database) == 430

    page.get_by_role("button", name="Show the list").click()
    expect(page.get_by_text("1–50 of 430")).to_be_visible(timeout=people.SLOW)
    page.goto(chosen)
    expect(page.get_by_role("tab", name="Restore Data")).to_have_attribute("aria-selected", "true", timeout=people.SLOW)

    page.get_by_role("button", name="Undo this restore").click()
    expect(page.get_by_text("0 added, 50 removed, 0 changed")).to_be_visible(timeout=people.SLOW)
    page.get_by_role("button", name="Undo this restore now").click()
    expect(page.get_by_text(re.compile(r"Undo of the restore of backup \d{8}_\d{6}: done\."))).to_be_visible(
        timeout=people.SLOW)
    assert records(database) == 380
    page.get_by_role("button", name="Redo").click()
    page.get_by_role("button", name="Redo now").click()
    wait_for(lambda: records(database) == 430, "the records of the restore once more")


def test_a_link_leads_to_the_sub_tab_and_the_backup_and_a_wrong_one_to_the_usual_page(
    page: Page, filled: tuple[RunningApp, Db]
) -> None:
    app, database = filled
    engine = DatabaseBackupRestore(connect=lambda: database, backup_folder=str(app.backup_folder))
    label = engine.workspace.catalog.sets()[1].label
    page.goto(app.url)
    people.sign_in(page)

    page.goto(f"{app.url}/?tab=Backup+%26+Restore&backup_tab=Restore+Data&set={label}")
    expect(page.get_by_role("tab", name="Restore Data")).to_have_attribute("aria-selected", "true", timeout=people.SLOW)
    moment = f"{label[9:11]}:{label[11:13]}:{label[13:15]}"
    expect(page.get_by_text(re.compile(f"Replace Equipment with the backup of .* {moment}"))).to_be_visible(
        timeout=people.SLOW)

    page.goto(f"{app.url}/?tab=Backup+%26+Restore&backup_tab={'x' * 3_000}&set=../../etc")
    usual = page.get_by_role("tab", name="Create Backup")
    expect(usual).to_have_attribute("aria-selected", "true", timeout=people.SLOW)


def test_a_click_on_a_row_of_the_day_chooses_that_backup(page: Page, filled: tuple[RunningApp, Db]) -> None:
    app, _ = filled
    open_backups(page, app, "Restore Data")
    expect(page).to_have_url(re.compile(r"set=\d{8}_\d{6}"))
    first = page.url

    page.get_by_test_id("stDataFrame").first.click(position={"x": 15, "y": 90})

    page.wait_for_url(lambda url: "set=" in url and url != first)
