"""The address a calendar program reads: whose it is, what it gives, and when it ends."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from pymongo.database import Database
from starlette.applications import Starlette
from starlette.testclient import TestClient

from backup_engine.errors import DatabaseUnreachable
from equipment.domain.life.plan import Rhythm
from equipment.server.downloads import calendar_feed
from equipment.settings import Settings
from equipment.store.access import SYSTEM, Who
from equipment.store.accounts import calendar_links, users
from equipment.store.life import plans
from tests.equipment.store.people import signed_in

Db = Database[dict[str, Any]]
TODAY = date.today()


def program(database: Db) -> TestClient:
    settings = Settings(public_url="https://lab.example.org")
    return TestClient(Starlette(routes=list(calendar_feed.routes(settings, lambda: database))))


@pytest.fixture
def ada(database: Db) -> Who:
    database["Equipment"].insert_many([
        {"_id": n, "ID": n, "Vendor": "Acme", "Category": "Pump",
         "Next Cal Date": (TODAY + timedelta(days)).isoformat()}
        for n, days in ((1, -400), (2, 365), (3, 366))])
    plans.add(database, SYSTEM, Rhythm("maintenance", 1, "months", TODAY, "Oil, new", category="Pump"))
    signed_in(database, "admin", "root")
    return signed_in(database, "user", "ada")


def test_it_has_the_overdue_and_the_next_365_days(database: Db, ada: Who) -> None:
    answer = program(database).get(calendar_feed.path_of(calendar_links.issue(database, ada)))

    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/calendar; charset=utf-8"
    assert answer.headers["cache-control"] == "no-store"
    text = answer.content.replace(b"\r\n ", b"").decode()
    assert text.count("BEGIN:VEVENT") == 5 and text.count("SUMMARY:Oil\\, new: ID ") == 3
    assert "SUMMARY:Overdue: Calibration: ID 1 · Acme" in text and "SUMMARY:Calibration: ID 2 · Acme" in text
    assert "SUMMARY:Calibration: ID 3" not in text and "URL:https://lab.example.org/?id=" in text


def test_a_cookie_is_neither_needed_nor_looked_at(database: Db, ada: Who) -> None:
    client, secret = program(database), calendar_links.issue(database, ada)

    answer = client.get(calendar_feed.path_of(secret), headers={"Cookie": f"equipment_session={ada.session}"})
    assert answer.status_code == 200 and "set-cookie" not in answer.headers
    assert client.get(calendar_feed.path_of("0" * 64), headers={"Cookie": f"x={ada.session}"}).status_code == 404


@pytest.mark.parametrize("secret", ["0" * 64, "x" * 5_000, "%00", "a%2fb", ".."])
def test_what_nobody_was_given_gives_nothing(database: Db, ada: Who, secret: str) -> None:
    calendar_links.issue(database, ada)

    answer = program(database).get(calendar_feed.path_of(secret))

    assert answer.status_code == 404 and "Acme" not in answer.text


def test_taken_back_or_disabled_it_has_ended(database: Db, ada: Who) -> None:
    client, path = program(database), calendar_feed.path_of(calendar_links.issue(database, ada))
    assert client.get(path).status_code == 200
    users.disable(database, SYSTEM, "ada")
    assert client.get(path).status_code == 404
    users.enable(database, SYSTEM, "ada")
    assert client.get(path).status_code == 404


def test_who_asks_too_fast_waits(database: Db, ada: Who, monkeypatch: pytest.MonkeyPatch) -> None:
    waits: list[float] = []

    async def sleep(seconds: float) -> None:
        waits.append(seconds)

    monkeypatch.setattr(calendar_feed, "AT_ONCE", 2)
    monkeypatch.setattr(calendar_feed.anyio, "sleep", sleep)
    client, path = program(database), calendar_feed.path_of(calendar_links.issue(database, ada))

    for _ in range(4):
        assert client.get(path).status_code == 200

    assert waits[:2] == [0, 0] and all(seconds > 0 for seconds in waits[2:])


def test_a_database_that_is_away_is_said(ada: Who) -> None:
    def away() -> Db:
        raise DatabaseUnreachable("no answer")

    client = TestClient(Starlette(routes=list(calendar_feed.routes(Settings(), away))))

    assert client.get(calendar_feed.path_of("0" * 64)).status_code == 503
