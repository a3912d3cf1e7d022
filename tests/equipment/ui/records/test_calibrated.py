"""*Calibrated today*: what is written, in which form, and for whom."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import pytest
from pymongo.database import Database
from streamlit.testing.v1 import AppTest

from equipment.domain.calibration import CERTIFICATE
from equipment.domain.life.plan import Rhythm
from equipment.domain.values.fields import DATES
from equipment.store.access import SYSTEM
from equipment.store.life import events, plans, servicing
from equipment.store.list import records
from equipment.ui.records import calibrated
from tests.equipment.store.people import signed_in

Db = Database[dict[str, Any]]


def _script(database, who, keys):  # without types: it runs as a script of its own
    from equipment.settings import Settings
    from equipment.store.access import identify
    from equipment.store.list import records
    from equipment.ui.context import App
    from equipment.ui.records import calibrated

    account = identify(database, who)
    assert account is not None
    calibrated.dialog(App(Settings(), database, who, account), records.entries(database, keys), 1)


@pytest.fixture
def keys(database: Db) -> list[str]:
    """Two records: one with an interval of half a year, one without any date."""
    database.Equipment.insert_many([
        {"ID": 1, "Vendor": "Acme", "Last Cal Date": "1.2.2025", "Next Cal Date": "1.8.2025"},
        {"ID": 2, "Vendor": "Other", "Next Cal Date": ""},
    ])
    return records.matching_keys(database, records.Query(), {}, date.today())


def opened(database: Db, keys: list[str], role: Any = "technician") -> AppTest:
    return AppTest.from_function(_script, args=(database, signed_in(database, role), keys), default_timeout=60).run()


def press(test: AppTest, label: str) -> AppTest:
    return next(button for button in test.button if button.label == label).click().run()


def test_the_next_date_follows_each_records_own_interval(
    database: Db, keys: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(calibrated.state, "today", lambda: date(2026, 11, 28))

    test = press(opened(database, keys), "Save 2 records")

    assert not test.exception and not test.error
    first, second = database.Equipment.find(sort=[("ID", 1)])
    assert (first["Last Cal Date"], first["Next Cal Date"]) == ("2026-11-28", "2027-05-28")
    assert (second["Last Cal Date"], second["Next Cal Date"]) == ("2026-11-28", "2027-11-28")
    assert CERTIFICATE not in first
    notes = {entry["note"] for entry in database.equipment_activity.find({"action": "records.edit"})}
    assert notes == {"calibrated today"}


def test_cancel_writes_nothing(database: Db, keys: list[str]) -> None:
    before = list(database.Equipment.find())

    press(opened(database, keys), "Cancel")

    assert list(database.Equipment.find()) == before


def test_a_certificate_is_written_where_one_was_typed_and_a_date_stays_a_date(database: Db, keys: list[str]) -> None:
    entries = records.entries(database, keys)
    entries[0].record["Last Cal Date"] = datetime(2025, 2, 1)
    rows = {entry.key: {"Last": "2026-11-28", "Next": "2027-11-28", "Certificate": number}
            for entry, number in zip(entries, (" C-17 ", ""), strict=True)}

    first, second = calibrated.wanted(entries, rows, (DATES[""], DATES[""]))

    assert first.fields == {"Last Cal Date": datetime(2026, 11, 28), "Next Cal Date": "2027-11-28", CERTIFICATE: "C-17"}
    assert CERTIFICATE not in second.fields
    assert (first.done.certificate, first.done.next_due, second.done.certificate) == ("C-17", date(2027, 11, 28), "")


def test_words_for_no_date_are_written_and_name_no_day(database: Db, keys: list[str]) -> None:
    [entry] = records.entries(database, keys[:1])
    rows = {entry.key: {"Last": "2026-11-28", "Next": "NO CAL NEEDED", "Certificate": ""}}

    [only] = calibrated.wanted([entry], rows, (DATES[""], DATES[""]))

    assert only.fields is not None and only.fields["Next Cal Date"] == "NO CAL NEEDED" and only.done.next_due is None


def test_one_event_a_record_is_written_and_undone_with_the_dates(database: Db, keys: list[str]) -> None:
    before = list(database.Equipment.find(sort=[("ID", 1)]))

    test = press(opened(database, keys), "Save 2 records")

    written = [event for key in keys for event in events.of_thing(database, key)]
    assert [(event.done.kind, event.done.day, event.by) for event in written] == [
        ("calibration", date.today(), "some technician")] * 2
    offered = test.session_state["undo_offer"]
    assert offered.words == "Calibrated today: 2 records."
    servicing.take_back(database, SYSTEM, offered.number)
    assert list(database.Equipment.find(sort=[("ID", 1)])) == before
    assert all(event.struck for key in keys for event in events.of_thing(database, key))


def test_a_plan_says_the_interval_before_the_dates_do(
    database: Db, keys: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(calibrated.state, "today", lambda: date(2026, 11, 30))
    database.Equipment.update_many({}, {"$set": {"Category": "Meter"}})
    for rhythm in (Rhythm("calibration", 24, "months", date(2026, 1, 1), category="METER"),
                   Rhythm("calibration", 3, "months", date(2026, 1, 1), thing=keys[0]),
                   Rhythm("maintenance", 1, "days", date(2026, 1, 1), thing=keys[0])):
        plans.add(database, SYSTEM, rhythm)

    press(opened(database, keys), "Save 2 records")

    assert [record["Next Cal Date"] for record in database.Equipment.find(sort=[("ID", 1)])] == [
        "2027-02-28", "2028-11-30"]


def test_a_reader_cannot_save(database: Db, keys: list[str]) -> None:
    before = list(database.Equipment.find())

    test = press(opened(database, keys, "user"), "Save 2 records")

    assert test.error
    assert list(database.Equipment.find()) == before


def test_no_more_at_once_than_a_technician_may_import(
    database: Db, keys: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(calibrated, "MOST", 1)

    test = opened(database, keys)

    assert "At most 1 at once" in test.warning[0].value and not test.button
