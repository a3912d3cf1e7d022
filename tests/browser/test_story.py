"""The whole story of one administrator and one user, in a browser, on the app as the README starts it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Page, expect
from pymongo.database import Database

from equipment.accounts.passwords import PASSWORDS
from equipment.store.access import SYSTEM
from equipment.store.accounts import users
from tests.browser import grid, people
from tests.mongod import Mongod
from tests.server.running_app import RunningApp, wait_for

pytestmark = pytest.mark.browser

Db = Database[dict[str, Any]]
DATABASE = "story"
SERIAL = 5
"""Place of the column in the grid; ID is 0."""


@pytest.fixture(scope="module")
def app(shared_mongod: Mongod) -> Iterator[RunningApp]:
    with RunningApp(MONGODB_URI=shared_mongod.uri, MONGODB_DATABASE=DATABASE) as running:
        yield running
    with shared_mongod.client() as client:
        client.drop_database(DATABASE)


@pytest.fixture
def database(shared_mongod: Mongod) -> Iterator[Db]:
    with shared_mongod.client() as client:
        yield client[DATABASE]


def digest(database: Db) -> object:
    """MongoDB's own digest of the list's bytes."""
    return database.command("dbHash", collections=["Equipment"])["collections"]["Equipment"]


def create_administrator(page: Page, app: RunningApp) -> None:
    page.goto(app.url)
    page.get_by_label("Set-up code").fill(app.setup_code())
    page.get_by_label("Name").fill("Ada")
    page.get_by_label("Password", exact=True).fill(people.PASSWORD)
    page.get_by_label("Password again").fill(people.PASSWORD)
    page.get_by_role("button", name="Create administrator").click()
    expect(page.get_by_role("tab", name="Backup & Restore")).to_be_visible(timeout=people.SLOW)


def sign_out(page: Page, name: str) -> None:
    page.get_by_role("button", name=re.compile(name)).click()
    page.get_by_role("menuitem", name="Log out").click()
    expect(page.get_by_role("button", name="Sign in")).to_be_visible(timeout=people.SLOW)


def open_tab(page: Page, *names: str) -> None:
    for name in names:
        page.get_by_role("tab", name=name).click()
        expect(page.get_by_role("tab", name=name)).to_have_attribute("aria-selected", "true")


def back_up(page: Page) -> None:
    open_tab(page, "Backup & Restore", "Create Backup")
    page.get_by_role("button", name="Create Backup Now").click()
    created = page.get_by_text("Backup created successfully")
    anyway = page.get_by_role("button", name="Back up anyway")
    expect(created.or_(anyway).first).to_be_visible(timeout=people.SLOW)
    if anyway.is_visible():
        anyway.click()
    expect(created.first).to_be_visible(timeout=people.SLOW)


def replace(page: Page, count: int) -> None:
    open_tab(page, "Restore Data")
    expect(page.get_by_text("10 added, 0 removed")).to_be_visible(timeout=people.SLOW)
    page.get_by_text(re.compile("Replace Equipment with the backup")).click()
    page.get_by_label(re.compile("Type the number of records")).fill(str(count))
    page.keyboard.press("Enter")
    confirm = page.get_by_role("button", name="Confirm and Restore")
    expect(confirm).to_be_enabled(timeout=people.SLOW)
    confirm.click()
    expect(page.get_by_role("button", name="Undo this restore")).to_be_visible(timeout=people.SLOW)


def edit_a_cell(page: Page, words: str) -> None:
    page.get_by_text("Edit", exact=True).first.click()
    expect(page.get_by_role("button", name="Review & Save")).to_be_visible(timeout=people.SLOW)
    grid.type_into(page, 0, SERIAL, words)
    page.get_by_role("button", name="Review & Save").click()
    page.get_by_role("dialog").get_by_role("button", name="Save").click()
    expect(page.get_by_role("dialog")).to_be_hidden(timeout=people.SLOW)


def test_the_whole_story(page: Page, app: RunningApp, database: Db) -> None:
    records = database["Equipment"]
    create_administrator(page, app)
    page.get_by_role("button", name="Load sample data").click()
    expect(page.get_by_text("1–50 of 430")).to_be_visible(timeout=people.SLOW)
    edit_a_cell(page, "EDITED-1")
    wait_for(lambda: records.find_one({"Serial": "EDITED-1"}), "the edited serial")
    saved = digest(database)

    back_up(page)
    gone = [record["_id"] for record in records.find({}, {"_id": 1}).limit(10)]
    records.delete_many({"_id": {"$in": gone}})
    without_ten = digest(database)
    replace(page, 430)
    wait_for(lambda: digest(database) == saved, "the list as it was saved, byte for byte")

    page.get_by_role("button", name="Undo this restore").click()
    expect(page.get_by_text("0 added, 10 removed, 0 changed")).to_be_visible(timeout=people.SLOW)
    page.get_by_role("button", name="Undo this restore now").click()
    wait_for(lambda: digest(database) == without_ten, "the list as it was before the restore")

    sign_out(page, "Ada")
    users.create(database, SYSTEM, "Bob", "user", password_hash=PASSWORDS.hash(people.PASSWORD))
    people.sign_in(page, "Bob")
    expect(page.get_by_role("tab", name="Activity")).to_be_visible(timeout=people.SLOW)
    expect(page.get_by_role("tab", name="Backup & Restore")).to_have_count(0)
