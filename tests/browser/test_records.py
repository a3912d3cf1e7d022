"""The daily stories of the list in a real browser: find, edit, conflict, bulk edit, trash, order, open."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Browser, Dialog, Page, expect
from pymongo.database import Database

from tests.browser import grid, people
from tests.server.running_app import RunningApp, wait_for

MODEL, SERIAL = 4, 5
"""Places of columns in the grid of Edit; the mark is 0, the ID 1."""

pytestmark = pytest.mark.browser
Db = Database[dict[str, Any]]


@pytest.fixture
def app(installation: tuple[RunningApp, Db]) -> RunningApp:
    return installation[0]


@pytest.fixture
def db(installation: tuple[RunningApp, Db]) -> Db:
    """Eight records, anew for every test."""
    db = installation[1]
    db.Equipment.delete_many({})
    db.Equipment_trash.delete_many({})
    db.Equipment.insert_many([
        {"ID": number, "Category": "Multimeter" if number % 2 else "Oscilloscope", "Vendor": "Fluke",
         "Model": f"M{number}", "Serial": f"S{number}", "Location": "Lab 1", "Next Cal Date": "1.2.2031",
         "uuid": f"u{number}"}
        for number in range(1, 9)
    ])
    return db


def sign_in(page: Page, app: RunningApp, path: str = "/") -> None:
    page.goto(app.url + path)
    people.sign_in(page)


def open_section(page: Page, name: str) -> None:
    page.get_by_test_id("stButtonGroup").first.get_by_text(name, exact=True).click()
    grid.at_rest(page)


def asks(page: Page) -> bool:
    """Whether the page would have the browser ask before it is left."""
    return bool(page.evaluate("!window.dispatchEvent(new Event('beforeunload', { cancelable: true }))"))


def field(db: Db, number: int, name: str) -> Any:
    return (db.Equipment.find_one({"ID": number}) or {}).get(name)


def test_find_a_thing_change_a_cell_review_and_save(page: Page, app: RunningApp, db: Db) -> None:
    sign_in(page, app)
    page.get_by_placeholder("Search all columns").fill("u7")
    expect(page.get_by_text("1–1 of 1")).to_be_visible()
    open_section(page, "Edit")

    grid.type_into(page, 0, MODEL, "87V")
    grid.type_into(page, 0, SERIAL, "007")
    expect(page.get_by_text("2 edits in 1 record")).to_be_visible()
    page.get_by_role("button", name="Review & Save").click()
    expect(page.get_by_role("dialog").get_by_text("007")).to_be_visible()
    page.get_by_role("dialog").get_by_role("button", name="Save", exact=True).click()

    wait_for(lambda: field(db, 7, "Serial") == "007", "the edits to be stored")
    assert field(db, 7, "Model") == "87V"
    expect(page.get_by_text("Nothing is stored before Review & Save")).to_be_visible()


def test_edits_stay_while_one_looks_elsewhere_and_the_browser_asks_before_it_leaves_them(
    page: Page, app: RunningApp, db: Db
) -> None:
    asked: list[str] = []

    def stay(question: Dialog) -> None:
        asked.append(question.type)
        question.dismiss()

    page.on("dialog", stay)
    sign_in(page, app, "/?section=Edit")
    grid.type_into(page, 0, MODEL, "87V")
    expect(grid.cell(page, 0, 0)).to_have_text("●")
    grid.type_into(page, 2, SERIAL, "007")
    expect(grid.cell(page, 0, MODEL)).to_have_text("87V")  # the mark changed what the grid was fed, and no edit went

    unsaved = page.get_by_role("button", name="2 edits in 2 records not saved yet")
    open_section(page, "Browse")
    expect(unsaved).to_be_visible()
    page.get_by_role("tab", name="Activity").click()
    expect(unsaved).to_be_hidden()
    wait_for(lambda: asks(page), "the script that asks, which the browser loads by itself")
    page.evaluate("setTimeout(() => location.reload())")  # Playwright's own reload would wait for a page that stays
    # Playwright hears of the question while it asks the page for something.
    wait_for(lambda: bool(page.title()) and asked == ["beforeunload"], "the question before leaving")

    page.get_by_role("tab", name="Equipment Records").click()
    unsaved.click()
    grid.grid(page)
    expect(grid.cell(page, 0, MODEL)).to_have_text("87V")
    expect(grid.cell(page, 2, SERIAL)).to_have_text("007")
    page.get_by_role("button", name="Drop").first.click()
    expect(grid.cell(page, 0, MODEL)).to_have_text("M1")
    page.get_by_role("button", name="Review & Save").click()
    page.get_by_role("dialog").get_by_role("button", name="Save", exact=True).click()

    wait_for(lambda: field(db, 3, "Serial") == "007", "the edit that was left to be stored")
    assert field(db, 1, "Model") == "M1"
    expect(page.get_by_text("Nothing is stored before Review & Save")).to_be_visible()
    wait_for(lambda: not asks(page), "the script that asks to be gone")
    page.reload()
    assert asked == ["beforeunload"]


def test_two_browsers_edit_one_cell_and_the_second_decides(
    page: Page, chromium: Browser, app: RunningApp, db: Db
) -> None:
    other_context = chromium.new_context(viewport={"width": 1400, "height": 900})
    other_page = other_context.new_page()
    for visitor in (page, other_page):
        sign_in(visitor, app, "/?section=Edit")
        grid.type_into(visitor, 0, MODEL, "mine" if visitor is page else "theirs")
    other_page.get_by_role("button", name="Review & Save").click()
    other_page.get_by_role("dialog").get_by_role("button", name="Save", exact=True).click()
    wait_for(lambda: field(db, 1, "Model") == "theirs", "the first save")
    other_context.close()

    page.get_by_role("button", name="Review & Save").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_text("1 conflict", exact=True)).to_be_visible()
    expect(dialog.get_by_role("button", name="Save", exact=True)).to_be_disabled()
    dialog.get_by_text("Mine: mine").click()
    dialog.get_by_role("button", name="Save", exact=True).click()

    wait_for(lambda: field(db, 1, "Model") == "mine", "the decision to be stored")


def test_bulk_edit_shows_and_changes_exactly_what_matches(page: Page, app: RunningApp, db: Db) -> None:
    sign_in(page, app, "/?is.Category=Oscilloscope")
    grid.grid(page)

    page.get_by_role("button", name="Bulk edit").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("combobox", name="Column").click()
    page.get_by_role("option", name="Location", exact=True).click()
    dialog.get_by_label("New value").fill("Lab 9")
    page.keyboard.press("Enter")
    dialog.get_by_role("button", name="Change 4 records").click()

    wait_for(lambda: db.Equipment.count_documents({"Location": "Lab 9"}) == 4, "the changes to be stored")
    assert db.Equipment.count_documents({"Location": "Lab 9", "Category": "Oscilloscope"}) == 4
    assert db.Equipment.count_documents({"Location": "Lab 1", "Category": "Multimeter"}) == 4
    page.get_by_role("button", name="Undo", exact=True).click()
    expect(page.get_by_text("Undone: 4 written back")).to_be_visible()
    assert db.Equipment.count_documents({"Location": "Lab 1"}) == 8


def test_what_goes_to_the_trash_comes_back_exactly(page: Page, app: RunningApp, db: Db) -> None:
    before = list(db.Equipment.find().sort("ID"))
    sign_in(page, app)
    for row in (0, 2):
        grid.tick(page, row)
    page.get_by_role("button", name="Move to trash").click()
    wait_for(lambda: db.Equipment.count_documents({}) == 6, "two records to leave the list")
    moved = page.get_by_text("Moved 2 records to the trash.")
    expect(moved).to_be_visible()
    expect(moved).to_have_count(0)  # by itself, while nobody does anything

    open_section(page, "Trash")
    for row in (0, 1):
        grid.click_until(page, row, 16, page.get_by_role("button", name=f"Bring back {row + 1}"))
    page.get_by_role("button", name="Bring back 2").click()

    wait_for(lambda: list(db.Equipment.find().sort("ID")) == before, "both to come back as they were")
    assert db.Equipment_trash.count_documents({}) == 0


def test_a_heading_orders_the_list_an_id_opens_the_record_and_a_reload_keeps_it(
    page: Page, app: RunningApp, db: Db
) -> None:
    sign_in(page, app)
    grid.click(page, -1, 150)
    expect(page).to_have_url(f"{app.url}/?sort=Category")
    grid.click(page, -1, 70)
    expect(page).to_have_url(f"{app.url}/")
    grid.click(page, -1, 70)
    expect(page).to_have_url(f"{app.url}/?sort=-ID")

    grid.click(page, 0, 70)
    expect(page.get_by_role("heading", name="ID 8 · Fluke M8")).to_be_visible()
    page.reload()

    expect(page.get_by_role("heading", name="ID 8 · Fluke M8")).to_be_visible()
