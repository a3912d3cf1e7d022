"""The cookie: what the browser is told about it, and what forged ones are worth."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from pymongo.database import Database

from equipment.accounts.cookie import OLD
from equipment.store import moments
from equipment.store.access import SESSIONS
from tests.mongod import Mongod
from tests.server.accounts import SIGN_IN, fresh_cookie, fresh_ticket, inhabited, post, ticket_of
from tests.server.page_client import PageClient
from tests.server.running_app import RunningApp

Running = tuple[RunningApp, Database[dict[str, Any]]]


@pytest.fixture(scope="module")
def running(shared_mongod: Mongod) -> Iterator[Running]:
    """The app with an administrator and a plain user."""
    with inhabited(shared_mongod, people=("admin", "user")) as both:
        yield both


def attributes(header: str) -> set[str]:
    """Give a Set-Cookie header's attributes without the cookie itself."""
    return {part.strip().lower() for part in header.split(";")[1:]}


def is_signed_in(app: RunningApp, cookie: str) -> bool:
    """Tell whether a page opened with this cookie shows the list."""
    with PageClient(app.url, cookie=cookie) as page:
        return not page.run().has_field("Password")


def test_scripts_cannot_read_it_and_other_sites_do_not_send_it(running: Running) -> None:
    app, db = running
    _, headers, _ = post(app, SIGN_IN, fresh_ticket(db, "user"))

    told = attributes(headers["set-cookie"])

    assert {"httponly", "samesite=lax", "path=/"} <= told
    assert "secure" not in told
    assert any(part.startswith("max-age=1209") for part in told)
    assert headers["cache-control"] == "no-store"


def test_behind_tls_it_travels_only_there(running: Running) -> None:
    app, db = running
    _, headers, _ = post(app, SIGN_IN, fresh_ticket(db, "user"), **{"X-Forwarded-Proto": "https"})

    assert "secure" in attributes(headers["set-cookie"])


def test_a_ticket_works_once(running: Running) -> None:
    app, db = running
    ticket = fresh_ticket(db, "user")

    answers = [post(app, SIGN_IN, ticket)[0] for _ in range(3)]

    assert answers == [204, 403, 403]


def test_a_ticket_ends_after_thirty_seconds(running: Running) -> None:
    app, db = running
    ticket = fresh_ticket(db, "user")
    db[SESSIONS].update_many({}, {"$set": {"ticket_until": moments.now() - timedelta(seconds=1)}})

    assert post(app, SIGN_IN, ticket)[0] == 403


@pytest.mark.parametrize("body", ["", "x", "\x00" * 50, "x" * 1_000_000, '{"ticket": {"$ne": 1}}', "é"])
def test_forged_tickets(running: Running, body: str) -> None:
    app, db = running
    fresh_ticket(db, "user")

    status, headers, _ = post(app, SIGN_IN, body)

    assert status == 403
    assert "set-cookie" not in headers


def test_forged_truncated_and_foreign_cookies(running: Running) -> None:
    app, db = running
    cookie = fresh_cookie(app, db, "admin")
    session = db[SESSIONS].find_one({"cookie": {"$exists": True}, "user": "admin"}) or {}
    assert is_signed_in(app, cookie)

    for forged in (cookie[:-1], cookie + "x", cookie.swapcase(), session["_id"], session["cookie"], "admin",
                   "system:app", "x" * 4000, "%00", "null"):
        assert not is_signed_in(app, forged), forged


@pytest.mark.parametrize("change", [
    {"until": moments.now() - timedelta(seconds=1)}, {"idle_until": moments.now() - timedelta(seconds=1)},
    {"epoch": -1},
])
def test_expired_and_revoked_cookies(running: Running, change: dict[str, Any]) -> None:
    app, db = running
    cookie = fresh_cookie(app, db, "admin")

    db[SESSIONS].update_many({"user": "admin"}, {"$set": change})

    assert not is_signed_in(app, cookie)


def test_a_page_with_one_of_the_old_name_gets_its_own(running: Running) -> None:
    app, db = running
    text = fresh_cookie(app, db, "admin")
    with PageClient(app.url, headers={"Cookie": f"{OLD}={text}"}) as page:
        assert not page.run().has_field("Password")
        status, headers, _ = post(app, SIGN_IN, ticket_of(page), Cookie=f"{OLD}={text}")

    assert status == 204
    assert f'{OLD}=""' in headers["set-cookie"], "the last of two: the old one is taken away"
    assert not is_signed_in(app, text)
    with PageClient(app.url, headers={"Cookie": f"{OLD}={text}"}) as again:
        assert again.run().has_field("Password")


def test_a_cookie_outlives_a_restart_of_the_server(shared_mongod: Mongod) -> None:
    with inhabited(shared_mongod, people=("admin",)) as (app, db):
        cookie = fresh_cookie(app, db, "admin")
        app.kill()
        with RunningApp(MONGODB_URI=shared_mongod.uri, MONGODB_DATABASE=db.name) as again:
            assert is_signed_in(again, cookie)
