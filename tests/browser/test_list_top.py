"""Where the list stands on the screen: near the top, with its pages in sight and one scroll bar."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from playwright.sync_api import FloatRect, Locator, Page, expect
from pymongo.database import Database

from equipment.domain import sample
from tests.browser import grid, people
from tests.server.running_app import RunningApp, wait_for

pytestmark = pytest.mark.browser
Db = Database[dict[str, Any]]

FULL, NARROW = {"width": 1440, "height": 900}, {"width": 360, "height": 780}
TABLET = {"width": 768, "height": 1024}
"""The window for which the list's height is chosen, a telephone's and a tablet's, in pixels."""


@pytest.fixture
def app(installation: tuple[RunningApp, Db]) -> RunningApp:
    app, db = installation
    db.Equipment.delete_many({})
    db.Equipment.insert_many(sample.records(date.today(), count=120))
    return app


def visit(page: Page, app: RunningApp, size: Any, path: str = "/") -> None:
    page.set_viewport_size(size)
    page.goto(app.url + path)
    people.sign_in(page)
    grid.grid(page)


def box(of: Locator) -> FloatRect:
    found = of.bounding_box()
    assert found is not None
    return found


def first_row(page: Page) -> float:
    """Give where the first row begins."""
    return box(grid.grid(page))["y"] + grid.HEADER


def hidden_below(page: Page) -> int:
    """Give how many pixels of the page itself are out of sight: more than none makes a second scroll bar."""
    return int(page.get_by_test_id("stMain").evaluate("main => main.scrollHeight - main.clientHeight"))


def test_at_1440_by_900_the_list_begins_by_230_and_18_rows_and_the_pages_are_in_sight(
    page: Page, app: RunningApp
) -> None:
    visit(page, app, FULL)

    assert first_row(page) <= 230
    pages = box(page.get_by_test_id("stPagination"))
    assert pages["y"] + pages["height"] <= FULL["height"]
    table = box(grid.grid(page))
    assert table["y"] + table["height"] <= pages["y"]
    assert table["height"] >= grid.HEADER + 18 * grid.ROW
    expect(page.get_by_text("1–50 of 120 · ↔ 17 columns")).to_be_visible()
    assert hidden_below(page) == 0


@pytest.mark.parametrize("width", [1440, 1366])
def test_the_grids_own_tools_lie_over_no_button(page: Page, app: RunningApp, width: int) -> None:
    visit(page, app, {**FULL, "width": width})
    grid.grid(page).hover()
    tools = page.get_by_test_id("stDataFrame").first.get_by_test_id("stElementToolbar")
    expect(tools).to_be_visible()

    views, shown = box(page.locator(".st-key-records_views")), box(tools)

    assert views["x"] + views["width"] <= shown["x"] or views["y"] + views["height"] <= shown["y"]


def test_title_tabs_and_account_share_a_line(page: Page, app: RunningApp) -> None:
    visit(page, app, FULL)

    title = box(page.get_by_role("heading", name="Equipment", exact=True))
    for other in (page.get_by_role("tab", name="Activity"), page.get_by_role("button", name=people.NAME)):
        place = box(other)
        assert title["y"] <= place["y"] + place["height"] / 2 <= title["y"] + title["height"]


def test_ticks_bring_their_actions_and_move_nothing(page: Page, app: RunningApp) -> None:
    visit(page, app, FULL)
    expect(page.get_by_role("button", name="Move to trash")).to_have_count(0)
    before = box(grid.grid(page))

    grid.tick(page, 1)

    expect(page.get_by_role("button", name="Move to trash")).to_be_visible()
    assert box(grid.grid(page)) == before
    assert hidden_below(page) == 0


@pytest.mark.parametrize("path", ["/?section=Edit", "/?is.Category=Power+Meter", "/?section=Edit&is.Category=PC"])
def test_a_line_more_above_the_list_makes_no_second_scroll_bar(page: Page, app: RunningApp, path: str) -> None:
    visit(page, app, FULL, path)

    assert hidden_below(page) == 0


def test_the_numbers_beside_the_search_follow_it(page: Page, app: RunningApp) -> None:
    visit(page, app, FULL)
    expect(page.get_by_role("radio", name="120 Records")).to_be_visible()

    page.get_by_placeholder("Search all columns").fill("Oscilloscope")

    wait_for(lambda: page.get_by_text("1–").first.inner_text().split(" of ")[-1].split(" ")[0] != "120", "the search")
    found = page.get_by_text("1–").first.inner_text().split(" of ")[-1].split(" ")[0]
    expect(page.get_by_role("radio", name=f"{found} Record", exact=False)).to_be_visible()


@pytest.mark.parametrize("size", [NARROW, TABLET], ids=["360", "768"])
def test_on_a_telephone_and_a_tablet_the_list_begins_before_350(page: Page, app: RunningApp, size: Any) -> None:
    visit(page, app, size)

    assert box(grid.grid(page))["y"] < 350


def test_on_a_telephone_numbers_stand_two_a_row_and_whole(page: Page, app: RunningApp) -> None:
    page.set_viewport_size(NARROW)
    page.goto(app.url)
    people.sign_in(page)
    page.goto(app.url + "/?section=Dashboard")
    cards = page.get_by_test_id("stMetric")
    expect(cards).to_have_count(4)
    grid.at_rest(page)

    assert len({round(box(card)["y"]) for card in cards.all()}) == 2
    for value in page.get_by_test_id("stMetricValue").all():
        assert value.evaluate("value => value.scrollWidth <= value.clientWidth")


def test_on_a_telephone_the_calendar_lists_the_days_on_which_something_is_due(
    page: Page, installation: tuple[RunningApp, Db], app: RunningApp
) -> None:
    today = date.today()
    installation[1].Equipment.insert_one(
        {"ID": 900, "Vendor": "Fluke", "Model": "87V", "Next Cal Date": today.isoformat()})
    page.set_viewport_size(NARROW)
    page.goto(app.url)
    people.sign_in(page)
    page.goto(app.url + "/?section=Calibration")
    page.get_by_role("tab", name="Calendar").click()

    expect(page.get_by_role("link", name="900 Fluke 87V")).to_be_visible()
    expect(page.get_by_text(f"{today:%a} {today.day}", exact=True)).to_be_visible()
    expect(page.get_by_text("Wed", exact=True)).to_have_count(0)
    page.set_viewport_size(FULL)
    expect(page.get_by_text("Wed", exact=True)).to_be_visible()
