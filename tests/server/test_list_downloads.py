"""The list as a file, over HTTP: what is asked for, streamed, to whom it may be sent."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator

import pytest
from bson import json_util
from pymongo.database import Database

from equipment.exchange.reading import tables
from tests.mongod import Mongod
from tests.server.accounts import fresh_cookie, inhabited
from tests.server.running_app import RunningApp, cookie_header

Running = tuple[RunningApp, Database[dict[str, object]]]


@pytest.fixture(scope="module")
def running(shared_mongod: Mongod) -> Iterator[Running]:
    with inhabited(shared_mongod, people=("user",)) as (app, db):
        db["Equipment"].insert_many([
            {"_id": "a", "ID": 1, "Vendor": "Acme", "Comments": "=1+1"},
            {"_id": "b", "ID": 2, "Vendor": "Ohm", "Comments": 'x,"y"\nz'},
            {"_id": "c", "ID": 3, "Vendor": "Acme"},
        ])
        yield app, db


@pytest.fixture
def cookie(running: Running) -> str:
    return fresh_cookie(*running, "user")


def ask(running: Running, path: str, cookie: str) -> tuple[int, dict[str, str], bytes]:
    return running[0].get(path, Cookie=cookie_header(running[0].url, cookie))


def ids(data: bytes) -> list[str]:
    return [row["ID"] for row in csv.DictReader(io.StringIO(data.decode("utf-8-sig"), newline=""))]


@pytest.mark.parametrize(
    ("asked", "expected"),
    [("", ["1", "2", "3"]), ("?is.Vendor=Acme&sort=-ID", ["3", "1"]), ("?q=ohm", ["2"]), ("?key=c&key=a", ["3", "1"]),
     ("?key=nobody", []), ("?q=(.*", [])],
    ids=["all", "filtered", "searched", "ticked", "gone", "literal"],
)
def test_the_address_says_which_records(running: Running, cookie: str, asked: str, expected: list[str]) -> None:
    status, headers, data = ask(running, f"/list.csv{asked}", cookie)

    assert status == 200
    assert headers["content-type"].startswith("text/csv")
    assert ids(data) == expected


def test_a_workbook_holds_the_same(running: Running, cookie: str) -> None:
    status, _, data = ask(running, "/list.xlsx", cookie)

    assert status == 200
    assert [row[0] for row in tables.read(io.BytesIO(data), "list.xlsx").rows] == ["1", "2", "3"]


def test_json_holds_the_records_with_their_types(running: Running, cookie: str) -> None:
    status, headers, data = ask(running, "/list.json?key=b", cookie)

    assert (status, headers["content-type"]) == (200, "application/json")
    assert json_util.loads(data.decode()) == [{"_id": "b", "ID": 2, "Vendor": "Ohm", "Comments": 'x,"y"\nz'}]


def test_hidden_columns_can_be_left_out(running: Running, cookie: str) -> None:
    running[1]["equipment_columns"].replace_one({"_id": "Comments"}, {"hidden": True}, upsert=True)

    assert b"Comments" not in ask(running, "/list.csv?columns=shown", cookie)[2]
    assert b"Comments" not in ask(running, "/list.json?columns=shown", cookie)[2]
    assert b"Comments" in ask(running, "/list.csv?columns=all", cookie)[2]


def test_a_filter_that_is_none_is_not_the_whole_list(running: Running, cookie: str) -> None:
    status, _, data = ask(running, "/list.csv?vendor=Acme", cookie)

    assert (status, b"There is no filter vendor" in data, b"Ohm" in data) == (404, True, False)


def test_a_formula_is_inert(running: Running, cookie: str) -> None:
    assert b"'=1+1" in ask(running, "/list.csv", cookie)[2]


@pytest.mark.parametrize("wrong", ["", "forged"])
def test_without_a_session_nothing_is_sent(running: Running, wrong: str) -> None:
    status, _, data = ask(running, "/list.csv", wrong)

    assert status == 403
    assert b"Acme" not in data


def test_another_format_is_not_found(running: Running, cookie: str) -> None:
    assert ask(running, "/list.exe", cookie)[0] == 404


def test_every_export_is_in_the_log(running: Running, cookie: str) -> None:
    ask(running, "/list.csv?q=ohm", cookie)

    assert running[1]["equipment_activity"].count_documents(
        {"action": "records.export", "note": "1 record as CSV", "who": "user"}) >= 1
