"""Streamlit draws grids on a canvas: cells are reached by place and by keyboard, and read from a hidden table."""

from __future__ import annotations

import re
from collections.abc import Callable

from playwright.sync_api import FloatRect, Locator, Page, expect

from tests.server.running_app import wait_for

HEADER, ROW = 33, 33
"""Heights in pixels of a grid's heading and of one row."""


def grid(page: Page) -> Locator:
    """Give the (first) grid, once it is drawn and the page is at rest."""
    frame = page.get_by_test_id("stDataFrame").first
    expect(frame).to_be_visible()
    at_rest(page)
    return frame


def at_rest(page: Page) -> None:
    """Wait until the page has finished running."""
    expect(page.get_by_test_id("stApp")).to_have_attribute("data-test-script-state", "notRunning")


def click(page: Page, row: int, x: int = 40) -> None:
    """Click into a row, ``x`` pixels from the left edge; row -1 is the heading."""
    boxes: list[FloatRect] = []
    wait_for(lambda: _place(page, boxes), "the grid to stay in its place")
    box = boxes[-1]
    page.mouse.click(box["x"] + x, box["y"] + HEADER / 2 + (row + 1) * ROW)


def tick(page: Page, row: int) -> None:
    """Tick a row of the list and wait until the page has heard of it: the grid tells it a moment later."""
    said = page.get_by_text(re.compile(r"^\d+ ticked$"))
    at_rest(page)
    before = int(said.inner_text().split()[0]) if said.count() else 0
    heard = page.get_by_text(f"{before + 1} ticked", exact=True)
    # 16 pixels from the edge is the column of ticks.
    wait_for(lambda: _clicked(page, row, 16, lambda: expect(heard).to_be_visible(timeout=10_000)), "the tick")
    at_rest(page)


def click_until(page: Page, row: int, x: int, shown: Locator) -> None:
    """Click into a row, again if the grid lost it, until the page shows what comes of it."""
    wait_for(lambda: _clicked(page, row, x, lambda: expect(shown).to_be_visible(timeout=10_000)), "the click to count")


def type_into(page: Page, row: int, column: int, words: str) -> None:
    """Type into a cell of an editable grid; columns count from the pinned first one."""
    selected = cell(page, row, 0)
    wait_for(lambda: _clicked(page, row, 20, lambda: expect(selected).to_have_attribute(
        "aria-selected", "true", timeout=3_000)), "the cell to be selected")
    for step in range(column):
        expect(cell(page, row, step)).to_have_attribute("aria-selected", "true")
        page.keyboard.press("ArrowRight")
    expect(cell(page, row, column)).to_have_attribute("aria-selected", "true")
    page.keyboard.press("Enter")
    overlay = page.locator(".gdg-input")
    expect(overlay).to_be_visible()
    overlay.fill(words)
    page.keyboard.press("Enter")
    expect(cell(page, row, column)).to_have_text(words)
    at_rest(page)


def _clicked(page: Page, row: int, x: int, expected: Callable[[], None]) -> bool:
    """Click; a grid that is being drawn anew loses a click, and then nothing has happened."""
    click(page, row, x)
    try:
        expected()
    except AssertionError:
        return False
    return True


def _place(page: Page, boxes: list[FloatRect]) -> bool:
    """Whether the grid is where it was a moment ago; a page that still draws moves it."""
    box = grid(page).bounding_box()
    if box is None:
        return False
    boxes.append(box)
    return len(boxes) > 1 and boxes[-1] == boxes[-2]


def cell(page: Page, row: int, column: int) -> Locator:
    """Give the hidden table's cell, for reading."""
    return page.get_by_test_id(f"glide-cell-{column}-{row}").first
