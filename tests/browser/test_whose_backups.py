"""An administrator meets the backups of another database: adopts them, and restores from one after a second tick."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pymongo.database import Database

from backup_engine.api import DatabaseBackupRestore
from tests.browser import people
from tests.mongod import Mongod
from tests.server.running_app import RunningApp

pytest.importorskip("playwright.sync_api", reason="no browser driver here: pip install -r requirements-dev.txt")
from playwright.sync_api import Page, expect

pytestmark = pytest.mark.browser
Db = Database[dict[str, Any]]
NAME = "browser_whose"


@pytest.fixture(scope="module")
def moved(shared_mongod: Mongod, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[RunningApp, Db]]:
    """An app over an empty database, whose folder holds the backups of the one it takes the place of."""
    folder: Path = tmp_path_factory.mktemp("moved")
    with shared_mongod.client() as client:
        client[f"{NAME}_old"]["Equipment"].insert_many([{"_id": n, "ID": n, "Serial": f"S{n}"} for n in range(12)])
        place = str(folder / "backups")
        DatabaseBackupRestore(shared_mongod.uri, database=f"{NAME}_old", backup_folder=place).create_backup()
        with RunningApp(folder=folder, MONGODB_URI=shared_mongod.uri, MONGODB_DATABASE=NAME,
                        **people.ADMINISTRATOR) as app:
            yield app, client[NAME]
        for name in (NAME, f"{NAME}_old", f"{NAME}_third"):
            client.drop_database(name)


def test_adopting_after_a_move_and_restoring_from_another_database(
    moved: tuple[RunningApp, Db], shared_mongod: Mongod, page: Page
) -> None:
    app, database = moved
    page.goto(app.url)
    people.sign_in(page)
    expect(page.get_by_text("No backups are made: whose are those in the folder?").first).to_be_visible()

    page.get_by_role("tab", name="Backup & Restore").click()
    page.get_by_role("button", name="Adopt 1 backup of").click()

    expect(page.get_by_role("button", name="Adopt 1 backup of")).to_have_count(0)
    expect(page.get_by_text("never been backed up")).to_have_count(0)
    page.get_by_role("tab", name="Restore Data").click()
    page.get_by_label("Backup", exact=True).click()
    expect(page.get_by_role("option", name=f"adopted from “{NAME}_old”")).to_be_visible()

    third = shared_mongod.client()[f"{NAME}_third"]
    third["Equipment"].insert_many([{"_id": n, "ID": n} for n in range(3)])
    DatabaseBackupRestore(
        shared_mongod.uri, database=third.name, backup_folder=str(app.backup_folder)).create_backup()
    page.reload()
    page.get_by_role("tab", name="Restore Data").click()
    page.get_by_text("of other databases, too").click()
    page.get_by_label("Backup", exact=True).click()
    page.get_by_role("option", name=f"from database “{third.name}”").click()
    page.get_by_role("radiogroup", name="How").get_by_text("Merge").click()
    page.get_by_text("Merge Equipment with the backup of").click()
    confirm = page.get_by_role("button", name="Confirm and Restore")
    expect(confirm).to_have_count(1, timeout=people.SLOW)  # while a run replaces the form there are two for a moment
    confirm.click()
    expect(page.get_by_text("Tick both boxes above.")).to_be_visible()
    page.get_by_text(f"put it into “{NAME}” all the same").click()
    expect(confirm).to_have_count(1, timeout=people.SLOW)
    confirm.click()

    expect(page.get_by_text("Merge completed: 3 added")).to_be_visible(timeout=people.SLOW)
    assert database["Equipment"].count_documents({}) == 3
