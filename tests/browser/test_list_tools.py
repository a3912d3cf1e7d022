"""The tools around the list in a real browser: columns, choices, import as update, labels, calibration, dashboard."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import pytest
from playwright.sync_api import Page, expect
from pymongo.database import Database

from tests.browser import grid, people
from tests.server.running_app import RunningApp, wait_for

pytestmark = pytest.mark.browser
Db = Database[dict[str, Any]]


@pytest.fixture
def db(installation: tuple[RunningApp, Db]) -> Db:
    """Four records and two choices, anew for every test."""
    db = installation[1]
    for name in ("Equipment", "Equipment_select_options", "equipment_columns", "equipment_deleted_columns"):
        db[name].delete_many({})
    db.Equipment.insert_many([
        {"ID": number, "Vendor": "Fluke", "Model": f"M{number}", "Serial": f"S{number}", "Room": f"R{number}",
         "Next Cal Date": date, "uuid": f"u{number}"}
        for number, date in enumerate(["1.2.2020", "1.2.2099", "6/8/2013", "NO CAL NEEDED"], 1)
    ])
    db.Equipment_select_options.insert_many([{"Vendor": "Fluke"}, {"Vendor": "Hameg"}])
    return db


@pytest.fixture
def visitor(page: Page, installation: tuple[RunningApp, Db], db: Db) -> Page:
    """The administrator at the list."""
    del db
    page.set_default_timeout(people.SLOW)
    page.goto(installation[0].url)
    people.sign_in(page)
    grid.at_rest(page)
    return page


def section(page: Page, name: str) -> None:
    page.get_by_role("radio", name=name).or_(page.get_by_role("button", name=name, exact=True)).first.click()
    grid.at_rest(page)


def choose(page: Page, label: str, option: str) -> None:
    page.get_by_role("combobox", name=label).click()
    page.get_by_role("option", name=option).first.click()
    grid.at_rest(page)


def test_a_column_is_deleted_and_comes_back(visitor: Page, db: Db) -> None:
    before = list(db.Equipment.find())
    section(visitor, "Columns")
    choose(visitor, "Column", "Room")
    visitor.get_by_role("button", name="Delete", exact=True).click()
    visitor.get_by_role("button", name="Delete this column").click()
    wait_for(lambda: not db.Equipment.count_documents({"Room": {"$exists": True}}), "the column to go")

    visitor.get_by_role("button", name="Bring back Room").click()
    wait_for(lambda: list(db.Equipment.find()) == before, "the column to come back as it was")


def test_a_choice_is_renamed_with_the_records(visitor: Page, db: Db) -> None:
    visitor.get_by_role("tab", name="Equipment Select Options").click()
    grid.at_rest(visitor)  # what is typed before the tab's own run has ended is gone
    visitor.get_by_label("New name").fill("Fluke Corp")
    visitor.keyboard.press("Tab")
    grid.at_rest(visitor)
    visitor.get_by_role("button", name="Rename choice").click()

    wait_for(lambda: db.Equipment.count_documents({"Vendor": "Fluke Corp"}) == 4, "the records to follow")
    assert [row["Vendor"] for row in db.Equipment_select_options.find()] == ["Fluke Corp", "Hameg"]


def test_a_file_updates_and_adds(visitor: Page, db: Db, tmp_path: Path) -> None:
    file = tmp_path / "list.csv"
    file.write_bytes("ID;Serial;Ort\n1;S1-new;Zürich\n9;S9;Bern\n".encode("cp1252"))
    section(visitor, "Import")
    visitor.locator("input[type=file]").set_input_files(file)
    expect(visitor.get_by_text("read as Windows-1252")).to_be_visible(timeout=people.SLOW)
    visitor.get_by_role("button", name="Show what would change").click()
    visitor.get_by_role("button", name="Import 2 records").click()
    expect(visitor.get_by_text("1 added, 1 updated, 0 unchanged.")).to_be_visible(timeout=people.SLOW)

    now = {record["ID"]: (record["Serial"], record.get("Location")) for record in db.Equipment.find()}
    assert {number: now[number] for number in (1, 9)} == {1: ("S1-new", "Zürich"), 9: ("S9", "Bern")}
    assert db.Equipment.count_documents({}) == 5


def test_a_label_sheet_has_a_code_for_each_ticked_record(visitor: Page, tmp_path: Path) -> None:
    grid.tick(visitor, 0)
    grid.tick(visitor, 2)
    expect(visitor.get_by_text("2 ticked")).to_be_visible(timeout=people.SLOW)
    visitor.get_by_role("button", name="Labels").click()
    dialog = visitor.get_by_role("dialog")
    expect(dialog.get_by_text("leads every phone to itself")).to_be_visible(timeout=people.SLOW)
    expect(dialog.get_by_text("Sheet 1 of 1")).to_be_visible()
    preview = dialog.get_by_test_id("stImage").locator("img")
    wait_for(lambda: preview.evaluate("image => image.complete && image.naturalWidth > 0"), "the preview to be drawn")
    with visitor.expect_download() as download:
        dialog.get_by_role("button", name="Download label sheet").click()
    sheet = tmp_path / "labels.html"
    download.value.save_as(sheet)

    visitor.goto(sheet.as_uri())
    expect(visitor.locator("svg.label")).to_have_count(2)
    assert "Serial: S3" in sheet.read_text("utf-8")


def test_a_download_holds_the_list(visitor: Page) -> None:
    visitor.get_by_role("button", name="Download", exact=True).click()
    link = visitor.get_by_role("dialog").get_by_role("link", name="Download")
    expect(link).to_be_visible(timeout=people.SLOW)

    answer = visitor.request.get(urljoin(visitor.url, str(link.get_attribute("href"))))

    lines = answer.body().decode("utf-8-sig").splitlines()
    assert len(lines) == 5
    assert lines[0].startswith("ID,Vendor,Model,Serial")


def test_an_unreadable_date_is_fixed_from_the_list(visitor: Page, db: Db) -> None:
    section(visitor, "Calibration")
    visitor.get_by_role("tab", name="Fix-up list (1)").click()
    expect(grid.cell(visitor, 0, 2)).to_have_text("6/8/2013")  # until then the grid is that of the other tab
    grid.type_into(visitor, 0, 4, "2013-08-06")
    visitor.get_by_role("button", name="Save 1 date").click()

    wait_for(lambda: db.Equipment.count_documents({"Next Cal Date": "2013-08-06"}) == 1, "the date to be saved")


def test_the_dashboard_draws_what_is_more_than_a_sentence(visitor: Page, db: Db) -> None:
    db.Equipment.insert_many([{"ID": 900 + number, "Vendor": f"Maker {number}", "Location": "Hall 3"}
                              for number in range(5)])
    section(visitor, "Dashboard")

    expect(visitor.get_by_test_id("stVegaLiteChart")).to_have_count(1, timeout=people.SLOW)
    expect(visitor.get_by_text("Hall 3: 5")).to_be_visible()
