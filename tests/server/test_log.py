"""The log of the running app: deeds, references that the page shows, no forged lines, no secrets."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from equipment.store.access import SYSTEM, Db
from equipment.store.accounts import users
from tests.mongod import Mongod
from tests.server.accounts import PASSWORD, fresh_cookie, inhabited, post, signed_in_page
from tests.server.page_client import PageClient
from tests.server.running_app import RunningApp, cookie_header, wait_for

Running = tuple[RunningApp, Db]
TOKEN = "a-token-of-the-monitor-0123456789"
OWN_PASSWORD = "admin-password-of-the-environment"
SHOWN = re.compile(r"details under \*\*([0-9A-F]{8})\*\*")


@pytest.fixture(scope="module")
def running(shared_mongod: Mongod) -> Iterator[Running]:
    """The app in an odd time zone, with a log for programs."""
    with inhabited(shared_mongod, people=("admin",), TZ="Asia/Kathmandu", EQUIPMENT_LOG_FORMAT="json",
                   EQUIPMENT_HEALTH_TOKEN=TOKEN, EQUIPMENT_ADMIN_USER="other",
                   EQUIPMENT_ADMIN_PASSWORD=OWN_PASSWORD) as both:
        yield both


def lines(app: RunningApp) -> list[dict[str, Any]]:
    """Give every line so far; each one must be an object."""
    return [json.loads(line) for line in app.console().splitlines()]


def deeds(app: RunningApp, action: str) -> list[dict[str, Any]]:
    return [line for line in lines(app) if line.get("action") == action]


def test_the_start_is_told_and_where_the_page_is(running: Running) -> None:
    app, _ = running
    messages = [line["message"] for line in lines(app)]

    assert any(re.fullmatch(r"equipment \S+ starts \(process \d+\)", message) for message in messages)
    assert f"the page is at {app.url}/" in messages
    assert all(line["time"].endswith("+05:45") for line in lines(app))


def test_a_sign_in_and_a_refused_one_are_deeds_of_a_request(running: Running) -> None:
    app, _ = running
    signed_in_page(app, "admin").run()
    signed_in_page(app, "admin", "not-the-password")

    wait_for(lambda: deeds(app, "sign_in.failed"), "the refused sign-in")
    [done], [failed] = deeds(app, "sign_in")[-1:], deeds(app, "sign_in.failed")[-1:]
    assert (done["who"], done["target"], done["level"]) == ("admin", "user:admin", "info")
    assert (failed["who"], failed["target"], failed["level"]) == ("admin", "user:admin", "warning")
    assert len({done["reference"], failed["reference"], ""}) == 3


def test_a_name_with_line_ends_is_one_line(running: Running) -> None:
    app, _ = running
    before = len(lines(app))
    page = PageClient(app.url).run()
    page.fill("Name", "eve\n{\"level\": \"info\"}\u2028x").fill("Password", "whatever-it-is").press("Sign in")

    wait_for(lambda: len(lines(app)) > before, "a line")
    assert all("logger" in line for line in lines(app))


def test_the_page_shows_the_reference_of_its_line(running: Running) -> None:
    app, db = running
    page = signed_in_page(app, "admin")
    db["equipment_activity"].insert_one({"action": "no moment"})
    try:
        page.run("tab=Activity")
    finally:
        db["equipment_activity"].delete_many({"action": "no moment"})

    shown = SHOWN.findall(page.text())
    assert shown
    wait_for(lambda: any(line["reference"] == shown[-1] and "traceback" in line for line in lines(app)), "its line")


def test_a_route_that_fails_gives_the_reference_of_its_line(running: Running) -> None:
    app, db = running
    cookie = fresh_cookie(app, db, "admin")
    db["equipment_sessions"].update_many({}, {"$set": {"until": "no moment"}})
    try:
        status, headers, body = app.get("/backups/x.zip", Cookie=cookie_header(app.url, cookie))
    finally:
        db["equipment_sessions"].delete_many({})

    reference = headers["x-request-id"]
    assert (status, reference in body.decode()) == (500, True)
    assert "x-frame-options" in headers
    [line] = [line for line in lines(app) if line["reference"] == reference and "traceback" in line]
    assert line["message"] == "GET /backups/x.zip failed"


def test_no_secret_is_in_it(running: Running, shared_mongod: Mongod) -> None:
    app, db = running
    cookie = fresh_cookie(app, db, "admin")
    users.create(db, SYSTEM, "reader", "user")
    app.get(f"/healthz?token={TOKEN}", Authorization=f"Bearer {TOKEN}")
    app.get(f"/backups/nothing.zip?key={cookie}", Cookie=cookie_header(app.url, cookie))
    post(app, f"/account/sign-in?ticket={cookie}", cookie, Origin="https://evil.example")
    page = signed_in_page(app, "admin")
    page.run(f"tab=Activity&token={cookie}")

    said = app.console()
    assert "refused a POST to /account/sign-in from another site" in said
    for secret in (PASSWORD, TOKEN, OWN_PASSWORD, cookie, shared_mongod.uri, "not-the-password", "whatever-it-is"):
        assert secret not in said


def test_a_lost_and_found_database_and_the_end_are_events() -> None:
    own = Mongod()
    try:
        with inhabited(own, people=("admin",)) as (app, _):
            assert app.get("/readyz")[0] == 200
            own.kill()
            wait_for(lambda: app.get("/readyz")[0] == 503, "the loss")
            app.get("/readyz")
            own.start()
            wait_for(lambda: app.get("/readyz")[0] == 200, "the return")
            app.end()
            said = app.console()
    finally:
        own.stop()

    assert said.count("ERROR") >= 1 and said.count("the database is lost: Database connection failed") == 1
    assert said.count("the database is found again") == 1
    assert said.index("is lost") < said.index("is found") < said.index("equipment has stopped")
