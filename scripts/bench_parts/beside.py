"""What somebody who looks at the list feels while a backup, a restore, an import or an export of it runs."""

from __future__ import annotations

import http.client
import socket
import statistics
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

from scripts.bench_parts.pages import filled
from scripts.bench_parts.table import Line
from tests.mongod import Mongod
from tests.server.page_client import PageClient
from tests.server.running_app import RunningApp, cookie_header

__all__ = ["lines"]

INSIDE = Path(__file__).with_name("inside")
IDLE_LOADS = 30
PAUSE_SECONDS = 0.12
"""Between two looks; with one a second a backup of 100,000 records would be seen twice."""
MOST_SECONDS = 120.0
REACH = 1.5


def lines(server: Mongod, count: int, rows: int) -> list[Line]:
    """Measure the median page beside each work over ``count`` records; an import adds ``rows``."""
    with tempfile.TemporaryDirectory() as folder:
        jobs = str(Path(folder) / "jobs.sock")
        with filled(server, count, PYTHONPATH=str(INSIDE), BENCH_JOBS=jobs) as (app, _, cookie), (
                PageClient(app.url, cookie=cookie)) as page:
            for _ in range(10):
                page.run()
            works: dict[str, Callable[[], None]] = {
                "a backup": lambda: _job(jobs, "backup"),
                "an export as CSV": lambda: _export(app, cookie),
                "a replace": lambda: _job(jobs, "replace"),
                f"an import of {rows:,} rows": lambda: _job(jobs, f"import {rows}"),
            }
            # With each its own idle time right before: the list is another one after a replace.
            return [_line(page, name, work) for name, work in works.items()]


def _line(page: PageClient, name: str, work: Callable[[], None]) -> Line:
    idle = _looks(page, lambda seen: seen >= IDLE_LOADS)
    failed: list[BaseException] = []

    def run() -> None:
        try:
            work()
        except BaseException as error:  # noqa: BLE001 - raised by whoever waits for the thread
            failed.append(error)

    working = threading.Thread(target=run)
    ends = time.monotonic() + MOST_SECONDS
    working.start()
    busy = _looks(page, lambda _: not working.is_alive() or time.monotonic() > ends)
    working.join()
    if failed:
        raise failed[0]
    longest = f"longest {max(busy):.1f} s"
    return Line(f"a page beside {name}, median of {len(busy)} ({longest})", statistics.median(busy), "the page alone",
                statistics.median(idle), REACH)


def _looks(page: PageClient, enough: Callable[[int], bool]) -> list[float]:
    seconds: list[float] = []
    while not enough(len(seconds)):
        begun = time.perf_counter()
        page.run()
        seconds.append(time.perf_counter() - begun)
        time.sleep(PAUSE_SECONDS)
    return seconds


def _job(path: str, line: str) -> None:
    with socket.socket(socket.AF_UNIX) as talk, talk.makefile("rw") as words:
        talk.connect(path)
        words.write(line + "\n")
        words.flush()
        said = words.readline()
    if not said.startswith("done"):
        raise RuntimeError(f"{line}: {said}")


def _export(app: RunningApp, cookie: str) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", app.port, timeout=MOST_SECONDS)
    connection.request("GET", "/list.csv", headers={"Cookie": cookie_header(app.url, cookie)})
    answer = connection.getresponse()
    while answer.read(1 << 16):
        pass
    connection.close()
    if answer.status != 200:
        raise RuntimeError(f"the export: status {answer.status}")
