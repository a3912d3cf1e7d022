"""Loans for programs: the same rules as the screens, and a conflict where somebody else has the thing."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from equipment.store.access import SYSTEM
from equipment.store.accounts.administrators import SETTINGS
from equipment.store.life import lending, loans
from equipment.store.list import keys
from tests.equipment.server.api.lab import Db, Lab, problem

TODAY = date.today()
KEY = keys.key_of_id(1)


def day(days: int) -> str:
    return (TODAY + timedelta(days=days)).isoformat()


@pytest.fixture
def lab(database: Db, tmp_path: Path) -> Lab:
    loans.prepare(database)
    database["Equipment"].insert_many([{"_id": n, "ID": n, "Vendor": "Acme"} for n in (1, 2)])
    return Lab(database, tmp_path)


def out(lab: Lab, **body: Any) -> Any:
    return lab.ask("POST", f"/records/{KEY}/loan", role="technician", json=body)


def test_a_thing_goes_out_and_comes_back(lab: Lab) -> None:
    made = out(lab, holder="Guest", last=day(3), place="Room 3")

    assert made.status_code == 201, made.text
    loan = made.json()
    assert (loan["holder"], loan["account"], loan["last"], loan["by"]) == (
        "Guest", "", day(3), "technician-write (token sync)")
    assert lab.ask("GET", "/loans", scope="read").json()["items"] == [loan]
    assert lab.client.get(made.headers["location"], headers={"Authorization": f"Bearer {lab.token()}"}).json() == loan
    problem(out(lab, holder="Other"), 409, "Conflict")
    back = lab.ask("POST", f"/loans/{loan['number']}/return", json={"note": "lid scratched"}).json()
    assert (back["state"], back["end_note"]) == ("back", "lid scratched")
    problem(lab.ask("POST", f"/loans/{loan['number']}/return", json={}), 409)
    assert lab.ask("GET", "/loans").json()["items"] == []
    assert [each["state"] for each in lab.ask("GET", "/loans", params={"record": KEY}).json()["items"]] == ["back"]


def test_days_are_reserved_prolonged_and_given_up(lab: Lab) -> None:
    where = f"/records/{KEY}/reservation"
    kept = lab.ask("POST", where, json={"holder": "Guest", "first": day(5), "last": day(7)})
    assert kept.status_code == 201
    problem(lab.ask("POST", where, json={"holder": "Other", "first": day(7), "last": day(8)}), 409, "Conflict")
    loan = out(lab, holder="Other", last=day(2)).json()
    number = loan["number"]

    problem(lab.ask("POST", f"/loans/{number}/prolong", json={"last": day(6)}), 409, "Conflict")
    assert lab.ask("POST", f"/loans/{number}/prolong", json={"last": day(4)}).json()["last"] == day(4)
    gone = lab.ask("POST", f"/loans/{kept.json()['number']}/cancel", json={}).json()
    assert gone["state"] == "cancelled"


def test_others_take_for_themselves_where_that_is_allowed(lab: Lab, database: Db) -> None:
    where = f"/records/{KEY}/loan"
    problem(lab.ask("POST", where, role="user", json={}), 403)
    lending.switch(database, SYSTEM, own=True)
    assert database[SETTINGS].count_documents({}) >= 1

    problem(lab.ask("POST", where, role="user", scope="read", json={}), 403)
    problem(lab.ask("POST", where, role="user", json={"holder": "Guest"}), 403)
    loan = lab.ask("POST", where, role="user", json={}).json()
    assert (loan["account"], loan["last"]) == ("user-write", None)


def test_an_account_is_one_that_is_there(lab: Lab) -> None:
    lab.token("manager")

    problem(out(lab, account="nobody"), 422)
    problem(out(lab, account="manager-write", holder="Guest"), 422)
    assert out(lab, account="manager-write").json()["holder"] == "manager-write"


@pytest.mark.parametrize("body", [
    {"last": day(-1)}, {"last": day(400)}, {"last": 5}, {"last": "soon"}, {"holder": "x" * 101}, {"first": day(0)},
    {"holder": "a\nb"}, {"note": "x" * 1_001},
])
def test_terms_that_cannot_be_are_refused(lab: Lab, body: Any) -> None:
    problem(out(lab, **body), 422)


def test_what_is_not_there_is_404(lab: Lab) -> None:
    problem(lab.ask("POST", "/records/none/loan", json={}), 404)
    for number in ("x", "0" * 24):
        problem(lab.ask("GET", f"/loans/{number}"), 404)
        problem(lab.ask("POST", f"/loans/{number}/return", json={}), 404)
    problem(lab.ask("GET", "/loans?which=lost"), 422)
