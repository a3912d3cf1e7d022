"""Activity in a real browser: what was done to many records is one row, opened, narrowed down, and taken along."""

from __future__ import annotations

import csv
from typing import Any

import pytest
from playwright.sync_api import Page, expect
from pymongo.database import Database

from equipment.store import activity
from equipment.store.access import SYSTEM
from equipment.store.list import records, undoable
from tests.browser import grid, people
from tests.server.running_app import RunningApp

pytestmark = pytest.mark.browser
Db = Database[dict[str, Any]]


def test_a_deed_is_found_opened_and_taken_along(page: Page, installation: tuple[RunningApp, Db]) -> None:
    app, db = installation
    for name in ("Equipment", "Equipment_trash"):
        db[name].delete_many({})
    page.set_default_timeout(people.SLOW)
    page.goto(f"{app.url}/?tab=Activity")
    people.sign_in(page)
    expect(page.get_by_role("tab", name="Activity")).to_have_attribute("aria-selected", "true")
    made = records.add_many(db, SYSTEM, [{"Vendor": "Acme", "Model": f"M{n}"} for n in range(1, 31)],
                            action="records.import", note="devices.csv")
    undoable.move_to_trash(db, SYSTEM, made[6:7])
    activity.record(db, SYSTEM, "backup.settings", "schedule", note="Preferences(automatic=True)")

    page.get_by_role("textbox", name="Record").fill("7")
    page.get_by_role("textbox", name="Record").press("Enter")
    expect(page.get_by_text("2 deeds", exact=True)).to_be_visible()
    grid.grid(page)
    expect(page.get_by_test_id("stDataFrame").first).to_contain_text("Moved to trash")
    expect(page.get_by_test_id("stDataFrame").first).to_contain_text("ID 7 · Acme M7 (in the trash)")
    grid.click_until(page, 1, 16, page.get_by_text("Imported records by system"))
    expect(page.get_by_text("Entries, page of 2")).to_be_visible()
    expect(page.get_by_role("strong").filter(has_text="ID 1 · Acme M1").first).to_be_visible()
    expect(page.get_by_test_id("stText").get_by_text("devices.csv", exact=True)).to_be_visible()

    with page.expect_download() as download:
        page.get_by_role("link", name="Download as CSV").click()
    rows = list(csv.DictReader(download.value.path().read_text(encoding="utf-8-sig").splitlines()))
    assert [(row["deed"], row["about"]) for row in rows] == [
        ("Moved to trash", "ID 7 · Acme M7 (in the trash)"), ("Imported records", "ID 7 · Acme M7 (in the trash)")]

    grid.click_until(page, 0, 16, page.get_by_text("Moved to trash by system"))
    page.get_by_role("button", name="Undo this").click()
    page.get_by_role("button", name="Undo", exact=True).click()
    expect(page.get_by_text("Undone: 1 brought back from the trash.")).to_be_visible()
    assert db["Equipment"].count_documents({"ID": 7}) == 1
    expect(page.get_by_text("3 deeds", exact=True)).to_be_visible()
    expect(page.get_by_test_id("stDataFrame").first).to_contain_text("Undid a change")
