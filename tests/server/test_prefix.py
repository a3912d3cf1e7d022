"""The app under a path of its own, as ``server.baseUrlPath`` says, with nothing in front."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from pymongo.database import Database

from tests.mongod import Mongod
from tests.server.accounts import SIGN_IN, SIGN_OUT, fresh_cookie, fresh_ticket, inhabited, post, signed_in_page
from tests.server.page_client import PageClient
from tests.server.running_app import RunningApp, cookie_header

Running = tuple[RunningApp, Database[dict[str, Any]]]
PREFIX = "/lab/stores"
TOKEN = "0123456789-token"


@pytest.fixture(scope="module")
def running(shared_mongod: Mongod) -> Iterator[Running]:
    """An app under a path of two parts, with an administrator and one record."""
    with inhabited(shared_mongod, people=("admin",), STREAMLIT_SERVER_BASE_URL_PATH=PREFIX,
                   EQUIPMENT_HEALTH_TOKEN=TOKEN) as (app, db):
        db["Equipment"].insert_one({"ID": 7, "Vendor": "Acme"})
        yield app, db


def test_every_route_of_ours_answers_there_and_not_with_the_page(running: Running) -> None:
    app, db = running
    cookie = {"Cookie": cookie_header(app.url, fresh_cookie(app, db, "admin", PREFIX))}

    _, health, body = app.get(f"{PREFIX}/healthz")
    assert (health["content-type"], json.loads(body)["status"]) == ("application/json", "ok")
    status, headers, body = app.get(f"{PREFIX}/list.csv", **cookie)
    assert (status, headers["content-type"].partition(";")[0]) == (200, "text/csv")
    assert b"Acme" in body
    assert app.get(f"{PREFIX}/backups/20010101_000000.zip", **cookie)[0] == 404


def test_nothing_but_what_monitors_ask_answers_at_the_root(running: Running) -> None:
    app, db = running

    for path in ("/healthz", "/livez", "/readyz"):
        assert app.get(path)[0] == app.get(PREFIX + path)[0] == 200
    token = {"Authorization": f"Bearer {TOKEN}"}
    for path in ("/metrics", f"{PREFIX}/metrics"):
        assert app.get(path)[0] == 401
        assert b"equipment_database_up 1.0" in app.get(path, **token)[2]
    assert app.get("/list.csv")[0] == 404
    assert post(app, SIGN_IN, fresh_ticket(db, "admin"))[0] == 404


def test_the_page_is_streamlits_still(running: Running) -> None:
    app, _ = running

    for path in ("/", "/?id=7", "/static/no-such-file.js"):
        assert b"<title>Streamlit</title>" in app.get(PREFIX + path)[2]


def test_a_sign_in_lasts_and_the_cookie_is_for_this_path_only(running: Running) -> None:
    app, _ = running
    with signed_in_page(app, "admin", prefix=PREFIX) as page:
        errand = json.loads(page.errands[-1])
    assert errand["path"] == f".{SIGN_IN}"  # relative to the page, for the browser to resolve

    status, headers, _ = post(app, PREFIX + SIGN_IN, errand["ticket"])
    cookie, *attributes = headers["set-cookie"].split("; ")

    assert status == 204
    assert f"Path={PREFIX}" in attributes
    with PageClient(app.url + PREFIX, cookie=cookie.partition("=")[2]) as again:
        assert not again.run().has_field("Password")


def test_signing_out_takes_the_same_cookie_away(running: Running) -> None:
    app, db = running
    cookie = fresh_cookie(app, db, "admin", PREFIX)
    with PageClient(app.url + PREFIX, cookie=cookie) as page:
        page.run().choose("admin", "Log out")
        errand = json.loads(page.errands[-1])
    assert errand["path"] == f".{SIGN_OUT}"

    status, headers, _ = post(app, PREFIX + SIGN_OUT, errand["ticket"], Cookie=cookie_header(app.url, cookie))

    assert status == 204
    assert f"Path={PREFIX}" in headers["set-cookie"] and "Max-Age=0" in headers["set-cookie"]
