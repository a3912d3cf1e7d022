"""The log as a file: what a reader may have, in memory that does not grow with it."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest
from pymongo.database import Database

from backup_engine.errors import PermissionDenied
from equipment.server.downloads import activity_log
from equipment.store import activity
from equipment.store.access import Who
from equipment.store.accounts import sessions
from equipment.store.activity import Change
from tests.equipment.store.people import signed_in

Db = Database[dict[str, Any]]
EVE = Who("0" * 64, "eve", "192.0.2.7")


def read(db: Db, monkeypatch: pytest.MonkeyPatch, role: Any, **asked: list[str]) -> list[dict[str, str]]:
    """Give the rows of the file for somebody of that role."""
    who = signed_in(db, role)
    monkeypatch.setattr(sessions, "by_cookie", lambda _db, cookie: who.session if cookie == "good" else None)
    data = b"".join(activity_log._open(db, asked, "good", "192.0.2.9"))
    return list(csv.DictReader(io.StringIO(data.decode("utf-8-sig"), newline="")))


@pytest.fixture
def filled(database: Db) -> Db:
    activity.record_many(database, EVE, "records.import", [
        Change(f"record:{n}", None, {"ID": n, "Vendor": "=1+1"}, note="=cmd()") for n in range(1, 2_501)])
    activity.record(database, EVE, "sign_in", "user:eve", note="Firefox")
    return database


def test_every_entry_is_a_row_and_formulas_are_text(filled: Db, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = read(filled, monkeypatch, "admin")

    assert len(rows) == 2_501
    assert (rows[0]["deed"], rows[0]["about"], rows[0]["address"]) == ("Signed in", "eve", "192.0.2.7")
    assert (rows[1]["deed"], rows[1]["about"], rows[1]["note"]) == ("Imported records", "ID 2500 · =1+1", "'=cmd()")


def test_a_manager_has_neither_sign_ins_nor_addresses(filled: Db, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = read(filled, monkeypatch, "manager", who=["eve"])

    assert len(rows) == 2_500 and {row["address"] for row in rows} == {""}


def test_filters(filled: Db, monkeypatch: pytest.MonkeyPatch) -> None:
    assert len(read(filled, monkeypatch, "admin", what=["Signed in"])) == 1


@pytest.mark.parametrize("role", ["user", "technician"])
def test_others_get_none(filled: Db, monkeypatch: pytest.MonkeyPatch, role: str) -> None:
    with pytest.raises(PermissionDenied):
        read(filled, monkeypatch, role)


def test_it_is_read_as_it_is_sent(filled: Db, monkeypatch: pytest.MonkeyPatch) -> None:
    asked_for: list[int] = []
    real = activity_log.names.names
    monkeypatch.setattr(activity_log.names, "names",
                        lambda db, batch: asked_for.append(len(batch)) or real(db, batch))  # type: ignore[func-returns-value]
    who = signed_in(filled, "admin")
    monkeypatch.setattr(sessions, "by_cookie", lambda *_: who.session)

    chunks = activity_log._open(filled, {}, "good", "")
    next(chunks)

    assert asked_for == [1_000]
