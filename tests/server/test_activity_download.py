"""The activity log as a file, over HTTP: to whom it is sent, and what the address says."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from typing import Any

import pytest
from pymongo.database import Database

from equipment.store import activity
from equipment.store.access import SYSTEM
from tests.mongod import Mongod
from tests.server.accounts import fresh_cookie, inhabited
from tests.server.running_app import RunningApp, cookie_header

Running = tuple[RunningApp, Database[dict[str, Any]]]


@pytest.fixture(scope="module")
def running(shared_mongod: Mongod) -> Iterator[Running]:
    with inhabited(shared_mongod, people=("user", "manager", "admin")) as (app, db):
        activity.record(db, SYSTEM, "records.edit", "record:x", before={"Vendor": "A"}, after={"Vendor": "=1+1"})
        yield app, db


def ask(running: Running, name: str, query: str = "") -> tuple[int, dict[str, str], bytes]:
    cookie = fresh_cookie(*running, name) if name else "forged"
    return running[0].get(f"/activity.csv{query}", Cookie=cookie_header(running[0].url, cookie))


def deeds(data: bytes) -> set[str]:
    return {row["deed"] for row in csv.DictReader(io.StringIO(data.decode("utf-8-sig"), newline=""))}


def test_an_administrator_gets_it_all(running: Running) -> None:
    status, headers, data = ask(running, "admin")

    assert (status, headers["content-type"].split(";")[0]) == (200, "text/csv")
    assert headers["content-disposition"].startswith('attachment; filename="activity_')
    assert {"Created an account", "Changed a record"} <= deeds(data)


def test_a_manager_gets_nothing_about_accounts(running: Running) -> None:
    # the server makes its first backup beside the tests, sooner or later
    assert deeds(ask(running, "manager")[2]) - {"Automatic backup"} == {"Changed a record"}


@pytest.mark.parametrize("name", ["user", ""])
def test_others_get_nothing(running: Running, name: str) -> None:
    status, _, data = ask(running, name)

    assert status == 403 and b"Vendor" not in data


def test_what_is_no_filter_is_told(running: Running) -> None:
    status, _, data = ask(running, "admin", "?since=yesterday")

    assert status == 404 and b"is no time" in data
