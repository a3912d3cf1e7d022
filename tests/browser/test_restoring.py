"""The stories of restoring in a browser: back from the trash and from a backup, undone and done again; single records,
a backup from elsewhere, what is lost, a rehearsal, and a tab that is closed meanwhile."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect
from pymongo.database import Database

from backup_csv_for_db_restore import DatabaseBackupRestore
from backup_engine.errors import Busy
from equipment.store.access import SYSTEM
from equipment.store.list import samples
from tests.browser import grid, people
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

    for _ in range(2):
        wait_for(lambda: made(engine), "a backup")
    return app, database


def made(engine: DatabaseBackupRestore) -> bool:
    """Make a backup; the app rehearses a restore when it starts, and a backup does not run beside that."""
    try:
        return engine.create(force=True).set is not None
    except Busy:
        return False


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


def chosen_set(page: Page) -> str:
    """Give the label of the backup that the page is about."""
    expect(page).to_have_url(re.compile(r"set=\d{8}_\d{6}"))
    return page.url.partition("set=")[2][:15]


def delete_behind_the_app(database: Db, count: int) -> set[Any]:
    gone = {record["_id"] for record in database["Equipment"].find({}, {"_id": 1}).sort("ID").limit(count)}
    assert database["Equipment"].delete_many({"_id": {"$in": list(gone)}}).deleted_count == count
    return gone


@pytest.fixture
def whole(filled: tuple[RunningApp, Db]) -> Iterator[tuple[RunningApp, Db]]:
    """The list, which is as it was for the next test, whatever this one does to it."""
    app, database = filled
    before = list(database["Equipment"].find())
    yield app, database
    there = set(database["Equipment"].distinct("_id"))
    if missing := [record for record in before if record["_id"] not in there]:
        database["Equipment"].insert_many(missing)


def test_a_merge_of_two_picked_records_brings_back_these_alone(page: Page, whole: tuple[RunningApp, Db]) -> None:
    app, database = whole
    gone = delete_behind_the_app(database, 5)
    open_backups(page, app, "Restore Data")
    page.get_by_text("Merge", exact=True).click()
    page.get_by_text("Preview and compare").click()
    page.get_by_role("tab", name="Compare").click()
    expect(page.get_by_text("Only in backup (5)")).to_be_visible(timeout=people.SLOW)
    differing = page.get_by_role("tabpanel", name="Compare").get_by_test_id("stDataFrame")
    for row in (0, 2):
        differing.click(position={"x": 16, "y": grid.HEADER + grid.ROW * row + grid.ROW // 2})
        expect(page.get_by_text(f"Merge of {1 if row == 0 else 2} picked record")).to_be_visible(timeout=people.SLOW)

    page.get_by_role("tab", name="Preview").click()  # the table with the ticks goes from the page
    expect(page.get_by_role("button", name="Restore 2 picked records")).to_be_visible(timeout=people.SLOW)
    page.get_by_text(re.compile("^Restore 2 picked records of Equipment from the backup of")).click()
    page.get_by_role("button", name="Restore 2 picked records").click()

    expect(page.get_by_text("Equipment: 425 → 427 records: 2 added, 0 removed, 0 changed.")).to_be_visible(
        timeout=people.SLOW)
    back = {record["_id"] for record in database["Equipment"].find({"_id": {"$in": list(gone)}}, {"_id": 1})}
    assert len(back) == 2 and records(database) == 427


def test_a_restore_is_confirmed_with_the_keyboard_alone(page: Page, whole: tuple[RunningApp, Db]) -> None:
    app, database = whole
    delete_behind_the_app(database, 4)
    open_backups(page, app, "Restore Data")
    expect(page.get_by_text("4 added, 0 removed, 0 changed")).to_be_visible(timeout=people.SLOW)
    number, confirm = page.get_by_label("Type the number of records"), page.get_by_role(
        "button", name="Confirm and Restore")

    page.get_by_role("checkbox", name=re.compile("^Replace Equipment with")).focus()
    page.keyboard.press("Space")
    grid.at_rest(page)
    page.keyboard.press("Tab")
    expect(number).to_be_focused()
    page.keyboard.press("Tab")
    expect(confirm).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_text("Nothing is restored yet. Type the number of records in this backup: 430.")).to_be_visible()
    assert records(database) == 426
    page.keyboard.press("Shift+Tab")
    expect(number).to_be_focused()
    page.keyboard.type("430")
    page.keyboard.press("Tab")
    grid.at_rest(page)
    expect(confirm).to_be_focused()
    page.keyboard.press("Enter")

    expect(page.get_by_text("Equipment: 426 → 430 records: 4 added, 0 removed, 0 changed.")).to_be_visible(
        timeout=people.SLOW)


def test_a_backup_from_elsewhere_is_taken_in_and_restored_like_another(
    page: Page, whole: tuple[RunningApp, Db], tmp_path: Path
) -> None:
    app, database = whole
    elsewhere = DatabaseBackupRestore(connect=lambda: database, backup_folder=str(tmp_path / "elsewhere"))
    wait_for(lambda: made(elsewhere), "a backup in another folder")
    (day,) = (tmp_path / "elsewhere").glob("*day")
    taken = shutil.make_archive(str(tmp_path / "taken"), "zip", day)
    open_backups(page, app, "Restore Data")

    page.get_by_text("Restore a backup from elsewhere").click()
    page.get_by_test_id("stFileUploader").locator("input").set_input_files(taken)
    page.get_by_role("button", name="Verify and take in").click()

    expect(page.get_by_text("was verified and taken in")).to_be_visible(timeout=people.SLOW)


def test_what_is_in_no_list_and_no_trash_is_found_and_brought_back(page: Page, whole: tuple[RunningApp, Db]) -> None:
    app, database = whole
    gone = delete_behind_the_app(database, 3)
    open_backups(page, app, "Restore Data")
    page.get_by_text("Lost & found").click()
    page.get_by_role("button", name="Search all backups").click()
    found = page.get_by_test_id("stExpander").filter(has_text="Lost & found").get_by_test_id("stDataFrame")
    expect(found).to_be_visible(timeout=people.SLOW)
    found.click(position={"x": 16, "y": grid.HEADER + grid.ROW // 2})

    page.get_by_role("button", name="Bring back 1 record").click()

    wait_for(lambda: database["Equipment"].count_documents({"_id": {"$in": list(gone)}}) == 1, "the ticked one")


def test_a_drill_says_what_it_has_proven_and_leaves_the_list_alone(page: Page, whole: tuple[RunningApp, Db]) -> None:
    app, database = whole
    open_backups(page, app, "Auto Backup")

    page.get_by_role("button", name="Run restore drill").click()

    expect(page.get_by_text(re.compile("is restorable: 430 in "))).to_be_visible(timeout=people.SLOW)
    assert records(database) == 430


@contextmanager
def writes_wait(database: Db) -> Iterator[None]:
    """Let nobody write to the server, so that a restore stands in its middle for as long as one likes."""
    admin = database.client.admin
    admin.command("fsync", lock=True)
    try:
        yield
    finally:
        admin.command("fsyncUnlock")


def test_a_restore_goes_on_when_its_tab_is_closed(page: Page, whole: tuple[RunningApp, Db]) -> None:
    app, database = whole
    delete_behind_the_app(database, 7)
    open_backups(page, app, "Restore Data")
    label = chosen_set(page)
    page.get_by_text("Replace Equipment with the backup of").click()
    page.get_by_label("Type the number of records").fill("430")
    page.keyboard.press("Enter")
    confirm = page.get_by_role("button", name="Confirm and Restore")
    expect(confirm).to_be_enabled()
    with writes_wait(database):
        confirm.click()
        expect(page.get_by_text(re.compile(f"^Restore {label}: "))).to_be_visible(timeout=people.SLOW)
        context = page.context
        page.close()
        assert records(database) == 423

    wait_for(lambda: records(database) == 430, "the restore that nobody looks at")
    again = context.new_page()
    again.goto(f"{app.url}/?tab=Backup+%26+Restore&backup_tab=Restore+Data")
    expect(again.get_by_text(re.compile(f"^Restore {label} "))).to_be_visible(timeout=people.SLOW)
    expect(again.get_by_text("Equipment: 423 → 430 records: 7 added, 0 removed, 0 changed.")).to_be_visible()
