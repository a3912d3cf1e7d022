"""What Activity keeps is one line of the log each: after it lasts, once, and nothing for what did not happen."""

from __future__ import annotations

import logging
from collections import Counter
from typing import Any

import pytest
from pymongo.database import Database

from equipment.domain.bulk import BulkEdit
from equipment.exchange import importing
from equipment.store import activity
from equipment.store.access import SYSTEM, Who
from equipment.store.accounts import users
from equipment.store.list import bulk, options, records, trash
from equipment.store.list.records import Save
from tests.equipment.store.people import signed_in

Db = Database[dict[str, Any]]


@pytest.fixture(autouse=True)
def _heard(caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logging.getLogger("equipment"), "propagate", True)
    caplog.set_level(logging.INFO, "equipment.deeds")


def told(caplog: pytest.LogCaptureFixture) -> list[dict[str, Any]]:
    return [vars(line)["deed"] for line in caplog.records if line.name == "equipment.deeds"]


def test_every_deed_is_a_line_however_many_records_it_changed(
    database: Db, caplog: pytest.LogCaptureFixture
) -> None:
    who = signed_in(database)
    made = records.add_many(database, who, [{"Location": "A"}, {"Location": "A"}, {"Location": "B"}])
    records.save(database, who, [Save(made[2], {"Vendor": "Acme"})], note="by hand")
    edit = BulkEdit("set", "Location", "C")
    bulk.apply(database, who, edit, bulk.preview(database, edit))
    gone = trash.move(database, who, records.entries(database, [made[0].key]))
    trash.bring_back(database, who, [trashed.number for trashed in trash.entries(database)])
    options.add(database, who, "Vendor", "Acme")
    rows = [{"ID": "", "Vendor": "New"}, {"ID": "1", "Vendor": "Changed"}]
    importing.run(database, who, importing.plan(database, rows, ("ID",), clear_empty=False), note="list.csv")
    users.create(database, who, "Bo", "user")

    assert gone[0].status == "deleted"
    assert [(deed["action"], deed["count"]) for deed in told(caplog)] == [
        ("records.add", 3), ("records.edit", 1), ("records.bulk_edit", 3), ("records.delete", 1),
        ("records.bring_back", 1), ("options.edit", 1), ("records.import", 2), ("user.create", 1)]
    assert {(deed["who"], deed["address"]) for deed in told(caplog)} == {("some admin", "192.0.2.1")}
    kept = Counter(entry["action"] for entry in activity.find(database))
    assert kept == {deed["action"]: deed["count"] for deed in told(caplog)}


def test_what_changed_is_not_in_it(database: Db, caplog: pytest.LogCaptureFixture) -> None:
    who = signed_in(database)
    entry = records.add(database, who, {"Comments": "a value of the record"})
    records.save(database, who, [Save(entry, {"Comments": "another value of it"})])

    assert "value" not in caplog.text


def test_a_conflict_and_nothing_to_do_are_no_deeds(database: Db, caplog: pytest.LogCaptureFixture) -> None:
    who = signed_in(database)
    entry = records.add(database, who, {"Location": "A"})
    records.save(database, who, [Save(entry, {"Location": "B"})])
    caplog.clear()

    [conflict] = records.save(database, who, [Save(entry, {"Location": "C"})])
    trash.move(database, who, [entry])
    records.save(database, who, [])

    assert conflict.status == "conflict"
    assert told(caplog) == []


def test_a_transaction_that_is_undone_is_no_deed(
    database: Db, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    who = signed_in(database)
    real = activity.record_many

    def fails_afterwards(*arguments: Any, **more: Any) -> None:
        real(*arguments, **more)
        raise ValueError("after everything was written")

    monkeypatch.setattr(activity, "record_many", fails_afterwards)
    with pytest.raises(ValueError, match="after everything"):
        records.add(database, who, {"Location": "A"})

    assert database["Equipment"].count_documents({}) == 0
    assert told(caplog) == []


def test_a_failed_deed_is_a_warning(database: Db, caplog: pytest.LogCaptureFixture) -> None:
    activity.record(database, Who("", "Ada", "192.0.2.1"), "sign_in.failed", "user:ada")
    activity.record(database, SYSTEM, "backup.auto.failed", "scheduled", note="Not enough disk space")

    assert [line.levelname for line in caplog.records] == ["WARNING", "WARNING"]
