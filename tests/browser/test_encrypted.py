"""An administrator switches encryption on, drills with the identity, and sees what a host without it may say."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pymongo.database import Database

from backup_engine.api import DatabaseBackupRestore
from backup_engine.csv_format import age
from tests.browser import people
from tests.mongod import Mongod
from tests.server.running_app import RunningApp

pytest.importorskip("playwright.sync_api", reason="no browser driver here: pip install -r requirements-dev.txt")
from playwright.sync_api import Page, expect

pytestmark = pytest.mark.browser
Db = Database[dict[str, Any]]
NAME = "browser_encrypted"
IDENTITY, OTHER = age.new_identity(), age.new_identity()
PUBLIC = age.public_half(IDENTITY)
PLANTED = "Zeppelin 4711"


@pytest.fixture(scope="module")
def plain(shared_mongod: Mongod, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[RunningApp, Db]]:
    """An app with one plain backup, and drills of its own switched off."""
    folder: Path = tmp_path_factory.mktemp("plain")
    with shared_mongod.client() as client:
        database = client[NAME]
        database["Equipment"].insert_many([{"_id": n, "ID": n, "Comments": PLANTED} for n in range(12)])
        database["backup_restore_state"].insert_one({"_id": "preferences", "drill_every_days": 0.0})
        DatabaseBackupRestore(shared_mongod.uri, database=NAME, backup_folder=str(folder / "backups")).create_backup()
        with RunningApp(folder=folder, MONGODB_URI=shared_mongod.uri, MONGODB_DATABASE=NAME,
                        **people.ADMINISTRATOR) as app:
            yield app, database
        client.drop_database(NAME)


def test_encryption_on_the_page(plain: tuple[RunningApp, Db], page: Page) -> None:
    app, database = plain
    page.goto(app.url)
    people.sign_in(page)
    page.get_by_role("tab", name="Backup & Restore").click()

    # a secret key in the place of a public one is refused, and shown to nobody
    page.get_by_role("tab", name="Auto Backup").click()
    recipients = page.get_by_label("Encrypt for these public keys")
    recipients.fill(IDENTITY)
    page.get_by_role("button", name="Store backups like this").click()
    expect(page.get_by_text("That is a secret key")).to_be_visible()
    recipients.fill(PUBLIC)
    page.get_by_role("combobox", name="Compression").click()
    page.get_by_role("option", name="Zstandard").click()
    page.get_by_role("button", name="Store backups like this").click()
    expect(page.get_by_text("a key that no drill has proven yet")).to_be_visible()
    expect(page.get_by_text("One key only")).to_be_visible()
    expect(page.get_by_text("1 backup of before can be read by anybody")).to_be_visible()
    expect(page.get_by_text("Encrypted for")).to_have_count(0)

    page.get_by_role("button", name="Store all backups anew").click()
    page.get_by_role("button", name="Store anew", exact=True).click()
    expect(page.get_by_text("1 backup stored anew, 1 backup of before removed.")).to_be_visible()
    assert not [path for path in app.backup_folder.rglob("*")
                if path.is_file() and PLANTED.encode() in path.read_bytes()]

    # without the identity: stored bytes, no drill, no restore
    expect(page.get_by_text("Needs the key.")).to_be_visible()
    expect(page.get_by_role("button", name="Run restore drill")).to_be_disabled()
    page.get_by_role("tab", name="Restore Data").click()
    restore = page.get_by_role("tabpanel", name="Restore Data")
    expect(restore.get_by_text("Needs the key.")).to_be_visible()
    expect(page.get_by_role("button", name="Confirm and Restore")).to_have_count(0)
    identity = restore.get_by_label("Identity", exact=True)
    identity.fill(OTHER)
    restore.get_by_role("button", name="Use this key").click()
    expect(restore.get_by_text("Wrong key or passphrase")).to_be_visible()
    identity.fill(IDENTITY)
    restore.get_by_role("button", name="Use this key").click()
    expect(page.get_by_text("A key for encrypted backups is held in memory")).to_be_visible()
    expect(page.get_by_text("0 added, 0 removed, 0 changed")).to_be_visible()

    # the drill with it is what makes "encrypted" true
    page.get_by_role("tab", name="Auto Backup").click()
    page.get_by_role("button", name="Run restore drill").click()
    expect(page.get_by_text("is restorable: 12 in equipment")).to_be_visible()
    page.get_by_role("tab", name="Create Backup").click()
    create = page.get_by_role("tabpanel", name="Create Backup")
    expect(create.get_by_text("Encrypted for 1 key; opened by a restore drill")).to_be_visible()

    # it was nowhere but in the memory of the server
    secret = IDENTITY.encode()
    assert "AGE-SECRET" not in page.url and "AGE-SECRET" not in str(page.context.cookies())
    assert not [path for path in app.folder.rglob("*") if path.is_file() and secret in path.read_bytes()]
    for name in database.list_collection_names():
        assert "AGE-SECRET" not in str(list(database[name].find())).upper(), name
    page.reload()
    page.get_by_role("tab", name="Restore Data").click()
    expect(restore.get_by_text("Needs the key.")).to_be_visible()
