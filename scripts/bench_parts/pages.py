"""What the list page costs: processor time, commands, messages, and what stays after many pages and tabs."""

from __future__ import annotations

import contextlib
import io
import statistics
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil

from scripts.bench_parts.documents import documents
from scripts.bench_parts.table import Line, table
from tests.mongod import Mongod
from tests.server.accounts import Db, fresh_cookie, inhabited
from tests.server.page_client import PageClient
from tests.server.running_app import RunningApp, wait_for

__all__ = ["commands", "filled", "report"]

RUNS = 100
PEOPLE, EVERY_SECONDS, VISIT_SECONDS = 50, 5.0, 30.0
EMPTY = "import streamlit as st\n\nst.title('Nothing')\n"
AT_ONCE = 5_000


def report(server: Mongod, count: int, loads: int, tabs: int) -> str:
    """Measure all of it over ``count`` records; the last figures after ``loads`` page loads and ``tabs`` tabs."""
    floor = _empty()
    with filled(server, count) as (app, db, cookie), PageClient(app.url, cookie=cookie) as page:
        for _ in range(10):
            page.run()
        whole, click = _cpu(app, page.run), _cpu(app, lambda: _click(page))
        page.run()
        before = commands(db)
        for _ in range(RUNS):
            page.run()
        asked = (commands(db) - before) / RUNS
        sizes = [size for kind, size in page.heard if kind == "delta"]
        bytes_of = sum(size for _, size in page.heard)
        _click(page)
        clicked = [size for kind, size in page.heard if kind == "delta"]
        lines = [
            Line("a list page, processor time of the server (reach: 30 ms)", whole, "30 ms", 0.030, 1.0),
            Line("a list page, processor time", whole, "an empty Streamlit page", floor),
            Line("a click within the list, processor time", click, "an empty Streamlit page", floor),
            Line(f"{PEOPLE} people, a click every {EVERY_SECONDS:g} s, 95 % within (reach: 1 s)",
                 _together(app, db), "1 s", 1.0, 1.0),
        ]
        facts = [("MongoDB commands a page", f"{asked:.1f}", "< 8", asked < 8),
                 ("messages that draw, the whole page", f"{len(sizes)}", "≤ 18", len(sizes) <= 18),
                 ("messages that draw, a click within the list", f"{len(clicked)}", "≤ 18", len(clicked) <= 18),
                 ("bytes of a page", f"{bytes_of:,}", "", None), ("bytes of a click", f"{sum(clicked):,}", "", None)]
        facts += _stays(app, cookie, page, loads, tabs)
    rows = [f"| {what} | {said} | {reach} | {'' if held is None else 'yes' if held else 'no'} |"
            for what, said, reach, held in facts]
    head = ["", "| over the same list |  | reach | reached |", "| --- | --- | --- | --- |"]
    return "\n".join([table(lines), *head, *rows])


def commands(db: Db) -> int:
    """Give how many commands this server has taken so far, ``hello`` and the reading on of streams included."""
    told = db.client.admin.command("serverStatus")["metrics"]["commands"]
    return sum(int(each["total"]) for each in told.values() if isinstance(each, dict) and "total" in each)


@contextmanager
def filled(server: Mongod, count: int, **environment: str) -> Iterator[tuple[RunningApp, Db, str]]:
    """Run the app over a list of that many records, read into memory; gives a cookie of an administrator as well."""
    with contextlib.redirect_stdout(io.StringIO()), inhabited(server, people=("admin",), **environment) as (app, db):
        batch: list[dict[str, Any]] = []
        for document in documents(count):
            batch.append(document)
            if len(batch) == AT_ONCE:
                db["Equipment"].insert_many(batch)
                batch.clear()
        if batch:
            db["Equipment"].insert_many(batch)
        cookie = fresh_cookie(app, db, "admin")
        with PageClient(app.url, cookie=cookie) as page:
            wait_for(lambda: page.run().elements("dataframe"), "the list", 120)
        yield app, db, cookie


def _click(page: PageClient) -> None:
    """Look at 50 rows again: what a click on the size of the page runs."""
    page.click("selectbox", "Rows", lambda state: setattr(state, "string_value", "50"))


def _cpu(app: RunningApp, work: Any) -> float:
    """Give the server's processor seconds for one of many."""
    process = psutil.Process(app.process.pid)
    work()
    before = process.cpu_times()
    for _ in range(RUNS):
        work()
    after = process.cpu_times()
    return float(after.user + after.system - before.user - before.system) / RUNS


def _empty() -> float:
    with tempfile.TemporaryDirectory() as folder, contextlib.redirect_stdout(io.StringIO()):
        (Path(folder) / "app.py").write_text(EMPTY, "utf-8")
        with RunningApp(root=Path(folder)) as app, PageClient(app.url) as page:
            for _ in range(10):
                page.run()
            return _cpu(app, page.run)


def _together(app: RunningApp, db: Db) -> float:
    """Give the seconds within which 95 % of the clicks of many people were answered."""
    cookies = [fresh_cookie(app, db, "admin") for _ in range(PEOPLE)]
    seconds: list[float] = []

    def visit(number: int) -> None:
        time.sleep(EVERY_SECONDS * number / PEOPLE)
        with PageClient(app.url, cookie=cookies[number]) as page:
            page.run()
            ends = time.monotonic() + VISIT_SECONDS
            while time.monotonic() < ends:
                begun = time.perf_counter()
                page.run()
                seconds.append(time.perf_counter() - begun)
                time.sleep(max(0.0, EVERY_SECONDS - seconds[-1]))

    people = [threading.Thread(target=visit, args=(number,)) for number in range(PEOPLE)]
    for person in people:
        person.start()
    for person in people:
        person.join()
    return statistics.quantiles(seconds, n=20)[-1]


def _stays(
    app: RunningApp, cookie: str, page: PageClient, loads: int, tabs: int
) -> list[tuple[str, str, str, bool | None]]:
    process = psutil.Process(app.process.pid)

    def visit(times: int) -> None:
        for _ in range(times):
            with PageClient(app.url, cookie=cookie) as tab:
                tab.run()

    def now() -> tuple[int, float]:
        time.sleep(12)  # the server collects its garbage every 10 s
        return process.num_fds(), process.memory_info().rss / 2**20

    visit(150)  # Streamlit keeps up to 128 closed tabs for a while, for a visitor who comes back
    for _ in range(loads // 20):
        page.run()
    before = now()
    for _ in range(loads):
        page.run()
    loaded = now()
    visit(tabs)
    closed = now()
    return [
        (f"descriptors before, after {loads:,} pages, and after {tabs:,} tabs more",
         f"{before[0]}, {loaded[0]}, {closed[0]}", "+ 5", closed[0] <= before[0] + 5),
        ("MiB of memory, the same", f"{before[1]:,.0f}, {loaded[1]:,.0f}, {closed[1]:,.0f}", "+ 5 %",
         closed[1] <= 1.05 * before[1]),
    ]
