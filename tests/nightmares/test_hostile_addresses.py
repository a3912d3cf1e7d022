"""Addresses that nobody's page would write: every route answers with a status of its own, and goes on."""

from __future__ import annotations

import http.client
from collections.abc import Iterator
from urllib.parse import quote

import pytest

from tests.mongod import Mongod
from tests.server.accounts import Db, fresh_cookie, inhabited
from tests.server.page_client import PageClient
from tests.server.running_app import RunningApp, cookie_header

Running = tuple[RunningApp, Db]
NAMES = {"device": "CON", "above": "..", "NUL": "a\0b", "long": "x" * 300, "right to left": "gpj.\u202eexe",
         "digits": "9" * 6_000, "slashes": "../../etc/passwd", "half a pair": "\udc80", "blank": " "}


@pytest.fixture(scope="module")
def running(shared_mongod: Mongod) -> Iterator[Running]:
    with inhabited(shared_mongod, people=("admin",)) as running:
        running[1].Equipment.insert_one({"ID": 1, "Vendor": "Fluke"})
        yield running


def answered(running: Running, path: str) -> tuple[int, bytes]:
    app, db = running
    connection = http.client.HTTPConnection("127.0.0.1", app.port, timeout=60)
    try:
        connection.request("GET", path, headers={"Cookie": cookie_header(app.url, fresh_cookie(app, db, "admin"))})
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def written(name: str) -> str:
    return quote(name.encode("utf-8", "surrogateescape"), safe="")


@pytest.mark.parametrize("name", NAMES.values(), ids=NAMES)
@pytest.mark.parametrize("path", ["/backups/{}.zip", "/list.{}", "/list/{}", "/calendar/{}", "/metrics/{}", "/{}"])
def test_a_route_with_that_in_its_path(running: Running, path: str, name: str) -> None:
    status, body = answered(running, path.format(written(name)))

    assert status < 500, body[:200]
    assert b"Traceback" not in body and b"root:" not in body


@pytest.mark.parametrize("query", [
    "page={}", "rows={}", "id={}", "section={}", "sort={}", "q={}", "only={}", "is.Vendor={}", "has.Vendor={}",
    "from.Price={}", "to.Price={}", "columns={}", "key={}", "{}=1", "page=1&page={}", "key={}&key={}&key=%00",
])
@pytest.mark.parametrize("name", NAMES.values(), ids=NAMES)
def test_an_export_with_that_in_its_question(running: Running, query: str, name: str) -> None:
    status, body = answered(running, "/list.csv?" + query.replace("{}", written(name)))

    assert status < 500, body[:200]
    assert b"Traceback" not in body


def test_a_head_beyond_all_bounds_is_refused_and_the_page_goes_on(running: Running) -> None:
    app, db = running
    for path in ("/list.csv?page=" + "9" * 200_000, "/list.csv?" + "&".join(["key=" + "k" * 40] * 3_000)):
        try:
            assert 400 <= answered(running, path)[0] < 500
        except ConnectionError:
            continue  # refused before it was read
    with PageClient(app.url, cookie=fresh_cookie(app, db, "admin")) as page:
        assert "User Management" in page.run("page=" + "9" * 1_000).text()
