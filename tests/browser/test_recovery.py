"""A machine is gone: with the set-up code, the copied folder and the identity a fresh one gets everything back."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pymongo.database import Database

from backup_engine.api import DatabaseBackupRestore
from backup_engine.csv_format import age
from equipment.accounts.passwords import PASSWORDS
from equipment.store.access import SYSTEM
from equipment.store.accounts import users
from equipment.store.saved import APPLICATION_DATA
from tests.browser import grid, people
from tests.mongod import Mongod
from tests.server.running_app import RunningApp

pytest.importorskip("playwright.sync_api", reason="no browser driver here: pip install -r requirements-dev.txt")
from playwright.sync_api import Locator, Page, expect

pytestmark = pytest.mark.browser
Db = Database[dict[str, Any]]
OLD, NEW = "browser_burnt", "browser_recovered"
IDENTITY, OTHER = age.new_identity(), age.new_identity()
RECORDS = [{"_id": number, "ID": number, "Serial": f"Zeppelin {number}", "Vendor": "ACME"} for number in range(12)]


@pytest.fixture(scope="module")
def copied(shared_mongod: Mongod, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The copied backup folder of an installation that is gone: encrypted, with accounts."""
    copy: Path = tmp_path_factory.mktemp("stick") / "backups"
    with shared_mongod.client() as client:
        old = client[OLD]
        old["Equipment"].insert_many(RECORDS)
        users.create(old, SYSTEM, people.NAME, "admin", password_hash=PASSWORDS.hash(people.PASSWORD))
        DatabaseBackupRestore(shared_mongod.uri, database=OLD, backup_folder=str(copy), application=APPLICATION_DATA,
                              recipients=age.public_half(IDENTITY)).create_backup()
        client.drop_database(OLD)
        yield copy


@pytest.fixture
def fresh(shared_mongod: Mongod, tmp_path: Path) -> Iterator[tuple[RunningApp, Db]]:
    """An installation that has nothing."""
    with shared_mongod.client() as client:
        with RunningApp(folder=tmp_path, MONGODB_URI=shared_mongod.uri, MONGODB_DATABASE=NEW) as app:
            yield app, client[NEW]
        client.drop_database(NEW)


def fill(field: Locator, text: str) -> None:
    """Fill a field of a page that has finished running: until then the old form may stand below the new one."""
    grid.at_rest(field.page)
    field.fill(text)


def test_everything_comes_back_through_the_first_page(copied: Path, fresh: tuple[RunningApp, Db], page: Page) -> None:
    app, database = fresh
    page.goto(app.url)
    page.get_by_role("radiogroup").get_by_text("Recover from a backup").click(timeout=people.SLOW)
    expect(page.get_by_role("textbox", name="Where the backups lie")).to_have_count(0)
    fill(page.get_by_label("Set-up code"), "AAAA-AAAA-AAAA")
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_text("The set-up code is not right")).to_be_visible()
    fill(page.get_by_label("Set-up code"), app.setup_code())
    page.get_by_role("button", name="Continue").click()

    # a place that is none, then the folder with the key of somebody else, then with the right one
    fill(page.get_by_role("textbox", name="Where the backups lie"), str(copied / "nowhere"))
    page.get_by_role("button", name="Look", exact=True).click()
    expect(page.get_by_text("There is no folder")).to_be_visible()
    fill(page.get_by_role("textbox", name="Where the backups lie"), str(copied))
    fill(page.get_by_role("textbox", name="Identity, for encrypted backups"), OTHER)
    page.get_by_role("button", name="Look", exact=True).click()
    expect(page.get_by_text("Wrong key or passphrase")).to_be_visible()
    expect(page.get_by_role("button", name="Recover", exact=True)).to_have_count(0)
    fill(page.get_by_role("textbox", name="Identity, for encrypted backups"), IDENTITY)
    page.get_by_role("button", name="Look", exact=True).click()
    expect(page.get_by_text("12 Equipment")).not_to_have_count(0)
    recover = page.get_by_role("button", name="Recover", exact=True)
    expect(recover).to_be_disabled()
    expect(page.get_by_text(f"will be put into the empty database “{NEW}”")).to_be_visible()
    page.get_by_text("Recover backup 2").click()
    recover.click()

    # what came of it is said when it is true of the database, and not before
    expect(page.get_by_text("Recovered backup")).to_be_visible(timeout=people.SLOW)
    assert list(database["Equipment"].find().sort("_id")) == RECORDS
    assert [user["_id"] for user in database["equipment_users"].find()] == [people.NAME.lower()]
    expect(page.get_by_text("Sign in with the accounts of the backup")).to_be_visible()
    expect(page.get_by_text("it makes no backups by itself")).to_be_visible()
    people.sign_in(page)
    expect(page.get_by_text("12 records")).to_be_visible()

    secret = IDENTITY.encode()
    assert not [path for path in app.folder.rglob("*") if path.is_file() and secret in path.read_bytes()]
    for name in database.list_collection_names():
        assert "AGE-SECRET" not in str(list(database[name].find())).upper(), name
