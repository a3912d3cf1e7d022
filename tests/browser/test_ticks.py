"""Ticks and places in the list: they survive other pages of it and a look at a record."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import Page, expect
from pymongo.database import Database

from tests.browser import grid, people
from tests.server.running_app import RunningApp, wait_for

pytestmark = pytest.mark.browser
Db = Database[dict[str, Any]]
ID_COLUMN = 70
"""Pixels from the left edge of the grid to the ID, which opens a record."""


@pytest.fixture
def visitor(page: Page, installation: tuple[RunningApp, Db]) -> Page:
    """The list of 120 records, 50 on a page."""
    app, db = installation
    db.Equipment.delete_many({})
    db.Equipment_trash.delete_many({})
    db.Equipment.insert_many([
        {"ID": number, "Vendor": "Fluke", "Model": f"M{number}",
         "Next Cal Date": "1.1.2020" if number < 10 else "1.1.2099"}
        for number in range(1, 121)
    ])
    page.goto(app.url)
    people.sign_in(page)
    grid.grid(page)
    return page


def turn(page: Page, way: str, first: int) -> None:
    """Turn the page of the list; with ticks there is no room for the number of each."""
    page.get_by_test_id("stPagination").get_by_role("button", name=f"{way} page").click()
    expect(page.get_by_text(re.compile(f"^{first}–"))).to_be_visible()
    grid.at_rest(page)


def test_ticks_survive_paging_and_the_page_of_a_record(visitor: Page, installation: tuple[RunningApp, Db]) -> None:
    _, db = installation
    grid.tick(visitor, 0)
    turn(visitor, "Next", 51)
    expect(visitor.get_by_text("1 ticked", exact=True)).to_be_visible()
    grid.tick(visitor, 1)
    heading = visitor.get_by_role("heading", name="ID 53")
    grid.click_until(visitor, 2, ID_COLUMN, heading)

    visitor.get_by_role("button", name="Next").click()
    expect(visitor.get_by_role("heading", name="ID 54")).to_be_visible()
    visitor.get_by_role("button", name="Previous").click()
    expect(heading).to_be_visible()
    visitor.keyboard.press("Escape")

    expect(visitor.get_by_text("51–100 of 120")).to_be_visible()
    expect(visitor.get_by_text("2 ticked", exact=True)).to_be_visible()
    turn(visitor, "Previous", 1)
    visitor.get_by_role("button", name="Move to trash").click()
    wait_for(lambda: db.Equipment.count_documents({}) == 118, "both to leave the list")
    assert not list(db.Equipment.find({"ID": {"$in": [1, 52]}}))


def test_a_tick_that_is_taken_back_is_gone_after_paging(visitor: Page) -> None:
    grid.tick(visitor, 0)
    grid.tick(visitor, 1)
    turn(visitor, "Next", 51)
    turn(visitor, "Previous", 1)
    grid.click_until(visitor, 1, 16, visitor.get_by_text("1 ticked", exact=True))
    turn(visitor, "Next", 51)

    expect(visitor.get_by_text("1 ticked", exact=True)).to_be_visible()


def test_all_that_match_are_ticked_at_once_and_other_filters_forget_them(visitor: Page) -> None:
    grid.tick(visitor, 0)
    visitor.get_by_role("button", name="Tick all 120").click()
    expect(visitor.get_by_text("120 ticked", exact=True)).to_be_visible()
    turn(visitor, "Next", 51)
    expect(visitor.get_by_text("120 ticked", exact=True)).to_be_visible()

    visitor.get_by_role("radio", name="Overdue calibration").click()

    expect(visitor.get_by_role("button", name="Move to trash")).to_have_count(0)


def test_the_next_record_turns_the_page_of_the_list_too(visitor: Page) -> None:
    expect(visitor.get_by_text("1–50 of 120")).to_be_visible()
    grid.click_until(visitor, 17, ID_COLUMN, visitor.get_by_role("heading", name="ID 18"))
    place = visitor.get_by_test_id("stCaptionContainer").get_by_text("18 of 120", exact=True)
    expect(place).to_be_visible()
    for number in range(19, 52):
        visitor.get_by_role("button", name="Next").click()
        expect(visitor.get_by_text(f"{number} of 120", exact=True)).to_be_visible()

    visitor.get_by_role("button", name="Back to the list").click()

    expect(visitor.get_by_text("51–100 of 120")).to_be_visible()


def test_the_first_record_has_none_before_it(visitor: Page) -> None:
    grid.click_until(visitor, 0, ID_COLUMN, visitor.get_by_role("heading", name="ID 1 "))

    expect(visitor.get_by_role("button", name="Previous")).to_be_disabled()
    expect(visitor.get_by_role("button", name="Next")).to_be_enabled()


def test_esc_closes_a_dialog_and_stays_on_the_page_of_the_record(visitor: Page) -> None:
    heading = visitor.get_by_role("heading", name="ID 1 ")
    grid.click_until(visitor, 0, ID_COLUMN, heading)
    visitor.get_by_role("button", name="Duplicate").click()
    expect(visitor.get_by_role("dialog")).to_be_visible()
    grid.at_rest(visitor)

    visitor.keyboard.press("Escape")

    expect(visitor.get_by_role("dialog")).to_have_count(0)
    grid.at_rest(visitor)
    expect(heading).to_be_visible()
