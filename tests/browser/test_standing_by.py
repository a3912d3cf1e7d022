"""An administrator meets a recovered copy, lets it act, and takes over the remote of the original."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pymongo.database import Database

from backup_engine.api import DatabaseBackupRestore, add_remote, push
from backup_engine.ownership import identity, standby
from tests.browser import people
from tests.mongod import Mongod
from tests.server.running_app import RunningApp, wait_for

pytest.importorskip("playwright.sync_api", reason="no browser driver here: pip install -r requirements-dev.txt")
from playwright.sync_api import Page, expect

pytestmark = pytest.mark.browser
Db = Database[dict[str, Any]]
NAME = "browser_standing_by"


@pytest.fixture(scope="module")
def recovered(shared_mongod: Mongod, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[RunningApp, Path, Db]]:
    """An app over a copy of a database that keeps its backups in a folder which stands for another machine."""
    folder: Path = tmp_path_factory.mktemp("recovered")
    disk = folder / "disk"
    disk.mkdir()
    with shared_mongod.client() as client:
        for name in (NAME, f"{NAME}_original"):
            client[name]["Equipment"].insert_many([{"_id": n, "ID": n, "Serial": f"S{n}"} for n in range(12)])
        original = DatabaseBackupRestore(
            shared_mongod.uri, database=f"{NAME}_original", backup_folder=str(folder / "theirs"))
        made = original.create(force=True).set
        assert made is not None
        add_remote(original.workspace, "disk", f"file://{disk}")
        assert push(original.workspace, "disk").problem == ""
        standby.enter(client[NAME], made, f"file://{disk}", made.started)
        identity.create(client[NAME], claimed=False)
        with RunningApp(folder=folder, MONGODB_URI=shared_mongod.uri, MONGODB_DATABASE=NAME,
                        BACKUP_REMOTE=f"disk=file://{disk}", **people.ADMINISTRATOR) as app:
            yield app, disk, client[NAME]
        for name in (NAME, f"{NAME}_original"):
            client.drop_database(name)


def sets(folder: Path) -> list[Path]:
    return sorted(folder.glob("*day/*.json"))


def test_a_copy_makes_and_sends_nothing_until_it_is_let_act(
    recovered: tuple[RunningApp, Path, Db], page: Page
) -> None:
    app, disk, database = recovered
    theirs = sorted((disk / "sets").iterdir())
    page.goto(app.url)
    people.sign_in(page)
    expect(page.get_by_text("Recovered copy: automatic backups are off").first).to_be_visible()
    page.get_by_role("tab", name="Backup & Restore").click()
    expect(page.get_by_text("This is a recovered copy")).to_be_visible()
    expect(page.get_by_text(f"{NAME}_original").first).to_be_visible()
    let = page.get_by_role("button", name="Let this copy act")
    expect(let).to_be_disabled()
    page.get_by_role("tab", name="Auto Backup").click()
    expect(page.get_by_text("Remotes are only read")).to_be_visible()
    expect(page.get_by_role("button", name="Test this target")).to_be_disabled()
    page.get_by_role("button", name="Show what is there").click()
    expect(page.get_by_text("1 backup in disk")).to_be_visible()
    assert sets(app.backup_folder) == [] and sorted((disk / "sets").iterdir()) == theirs

    page.get_by_text("The original is no more, or no longer makes backups").click()
    expect(let).to_be_enabled()
    let.click()

    expect(page.get_by_text("This copy acts from now on.")).to_be_visible()
    expect(page.get_by_text("Recovered copy: automatic backups are off")).to_have_count(0)
    wait_for(lambda: sets(app.backup_folder) != [], "the first automatic backup of the copy")
    page.get_by_role("button", name="Close").click()
    page.get_by_role("button", name="Test this target").click()
    expect(page.get_by_text(f"“{NAME}_original” on").first).to_be_visible()
    page.reload()
    page.get_by_role("tab", name="Auto Backup").click()
    take = page.get_by_role("button", name="Take over this target")
    expect(take).to_be_disabled()
    page.get_by_text("That installation is no more, or shall not write there any longer").click()
    expect(take).to_be_enabled()
    take.click()
    expect(page.get_by_text("is taken over from")).to_be_visible()
    wait_for(lambda: len(sorted((disk / "sets").iterdir())) > len(theirs), "the copy's backup in the remote", 90)
    assert standby.read(database) is None
