"""Deeds are found, counted and paged by MongoDB, and what is written over many transactions is one."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pymongo.database import Database

from equipment.domain.bulk import BulkEdit
from equipment.store import activity
from equipment.store.access import Who
from equipment.store.activity import ACTIVITY, FOLLOWS, Change, Filter
from equipment.store.deeds import finding
from equipment.store.list import bulk, records, trash
from tests.equipment.store.people import signed_in

Db = Database[dict[str, Any]]
EVE = Who("0" * 64, "eve", "192.0.2.7")
THEN = datetime(2024, 5, 1, 12, tzinfo=UTC)


def of_before(db: Db, count: int, *, at: datetime = THEN, action: str = "records.import") -> None:
    """Write entries as they were written before: none names the first of its deed."""
    db[ACTIVITY].insert_many([
        {"at": at, "who": "eve", "address": "", "action": action, "target": f"record:{n}", "before": None,
         "after": None, "note": "old"} for n in range(count)])


def shape(found: finding.Found) -> list[tuple[str, int]]:
    """Give what is in the rows: action and entries."""
    return [(deed.entry["action"], deed.entries) for deed in found.deeds]


def test_a_deed_is_one_row_and_opens_to_its_entries(database: Db) -> None:
    activity.prepare(database)
    activity.record_many(database, EVE, "records.import", [Change(f"record:{n}") for n in range(430)])
    activity.record(database, EVE, "sign_in", "user:eve")

    found = finding.page(database, Filter())

    assert shape(found) == [("sign_in", 1), ("records.import", 430)]
    assert (found.total, found.more) == (2, False)
    first = found.deeds[1].entry
    assert finding.size(database, first) == 430
    assert [entry["target"] for entry in finding.parts(database, first, skip=400, limit=50)] == [
        f"record:{n}" for n in range(400, 430)]


def test_entries_of_before_are_deeds_as_well(database: Db) -> None:
    activity.prepare(database)
    of_before(database, 430)
    of_before(database, 1, at=THEN + timedelta(seconds=1), action="records.edit")

    found = finding.page(database, Filter())

    assert shape(found) == [("records.edit", 1), ("records.import", 430)]
    first = found.deeds[1].entry
    assert finding.size(database, first) == 430
    assert len(finding.parts(database, first, limit=500)) == 430
    assert finding.size(database, found.deeds[0].entry) == 1


def test_what_many_transactions_write_is_one_deed(database: Db) -> None:
    who = signed_in(database, "admin", "ada")
    records.add_many(database, who, [{"Vendor": "Acme"}] * 2_300)
    bulk.apply(database, who, edit := BulkEdit("set", "Vendor", "Ohm"), bulk.preview(database, edit))

    assert shape(finding.page(database, Filter(names=("ada",)))) == [
        ("records.bulk_edit", 2_300), ("records.add", 2_300)]
    assert database[ACTIVITY].count_documents({FOLLOWS: None}) == 2


def test_two_deeds_of_one_kind_stay_two(database: Db) -> None:
    who = signed_in(database, "admin", "ada")
    made = records.add_many(database, who, [{"Vendor": "Acme"}] * 4)
    for two in (made[:2], made[2:]):
        trash.move(database, who, two)

    assert shape(finding.page(database, Filter()))[:2] == [("records.delete", 2)] * 2


def test_filters_by_record_and_text_find_deeds_by_what_followed(database: Db) -> None:
    activity.record_many(database, EVE, "records.import", [Change(f"record:{n}", note=f"n{n}") for n in range(5)])
    activity.record(database, EVE, "records.edit", "record:3")

    assert shape(finding.page(database, Filter(targets=("record:3",)))) == [("records.edit", 1), ("records.import", 1)]
    by_text = finding.page(database, Filter(text="n4"))
    assert shape(by_text) == [("records.import", 1)]
    assert by_text.deeds[0].entry["target"] == "record:0"
    assert finding.page(database, Filter(targets=())).total == 0


def test_pages(database: Db) -> None:
    for number in range(25):
        activity.record_many(database, EVE, "records.edit", [Change(f"record:{number}"), Change("x")])

    found = finding.page(database, Filter(), number=3, size=10)

    assert [deed.entry["target"] for deed in found.deeds] == [f"record:{n}" for n in range(4, -1, -1)]
    assert (found.total, [deed.entries for deed in found.deeds]) == (25, [2] * 5)


def test_one_look_is_bounded_and_older_ones_are_found_by_their_time(
    database: Db, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(finding, "MOST", 10)
    for number in range(12):
        of_before(database, 1, at=THEN + timedelta(hours=number))

    found = finding.page(database, Filter())
    assert (found.total, found.more) == (10, True)
    older = finding.page(database, Filter(until=THEN + timedelta(hours=2)))
    assert (older.total, older.more) == (2, False)


@pytest.mark.parametrize("chosen", [Filter(), Filter(since=THEN), Filter(targets=("record:1",))])
def test_an_index_finds_them(database: Db, chosen: Filter) -> None:
    activity.prepare(database)
    of_before(database, 300)
    activity.record_many(database, EVE, "records.import", [Change(f"record:{n}") for n in range(3_000)])

    where = chosen.query() | ({} if chosen.targets else {FOLLOWS: None})
    plan = database.command("explain", {"aggregate": ACTIVITY, "cursor": {}, "pipeline": [
        {"$match": where}, {"$sort": dict(finding.NEWEST_FIRST)}, {"$limit": finding.MOST}]},
        verbosity="executionStats")

    stats = plan.get("executionStats") or plan["stages"][0]["$cursor"]["executionStats"]
    assert "COLLSCAN" not in str(plan)
    assert stats["totalDocsExamined"] <= 301, "what follows the first entry of a deed is not read"
