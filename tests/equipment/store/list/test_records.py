"""The list in MongoDB: pages, literal search, adding with free IDs, and saves that never overwrite unseen changes."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime
from typing import Any

import bson
import pytest
from bson.int64 import Int64
from bson.objectid import ObjectId
from pymongo.database import Database

from backup_engine.errors import BadInput, PermissionDenied
from equipment.domain import sample
from equipment.domain.query import Query
from equipment.domain.record import MISSING
from equipment.store import activity
from equipment.store.list import listing, records, trash
from equipment.store.list.records import Neighbours, Save
from tests.equipment.store.people import signed_in

Db = Database[dict[str, Any]]
TODAY = date(2026, 3, 2)


def texts(db: Db, query: Query, column: str = "Vendor") -> list[str]:
    return [entry.record.get(column, "") for entry in records.page(db, query, {}, TODAY).entries]


def test_a_page_gives_the_records_of_that_page_in_order_and_the_total(database: Db) -> None:
    database.Equipment.insert_many(sample.records(TODAY, count=60))

    page = records.page(database, Query(sort="ID"), {}, TODAY, number=2, size=25)

    assert page.total == 60
    assert len(page.entries) == 25


@pytest.mark.parametrize("term", ["(", ".*", "$where", "\\", "[a", "50 Ω", "x.y"])
def test_search_takes_every_character_literally(database: Db, term: str) -> None:
    database.Equipment.insert_many([{"Vendor": f"before {term} after"}, {"Vendor": "something else"}])

    assert texts(database, Query(text=term)) == [f"before {term} after"]


def test_search_finds_what_another_program_has_just_written(database: Db) -> None:
    assert texts(database, Query(text="fresh")) == []

    database.Equipment.insert_one({"Vendor": "Fresh & New"})

    assert texts(database, Query(text="fresh")) == ["Fresh & New"]


def test_a_collection_swapped_by_rename_is_read_anew(database: Db) -> None:
    database.Equipment.insert_one({"Vendor": "old"})
    assert texts(database, Query()) == ["old"]
    database.staging.insert_many([{"Vendor": "restored 1"}, {"Vendor": "restored 2"}])

    database.staging.rename("Equipment", dropTarget=True)

    assert texts(database, Query()) == ["restored 1", "restored 2"]


def test_saving_changes_only_the_bytes_of_the_edited_field(database: Db) -> None:
    who = signed_in(database, "technician")
    odd = {"_id": ObjectId(), "a.b": Int64(5), "n": float("nan"), "": -0.0, "when": datetime(2026, 1, 2, tzinfo=UTC),
           "$x": "007", "Vendor": "A"}
    database.Equipment.insert_one(odd)
    entry = records.page(database, Query(), {}, TODAY).entries[0]

    [saved] = records.save(database, who, [Save(entry, {"Vendor": "B"})])

    assert saved.status == "updated" and saved.entry is not None
    assert saved.entry.raw == entry.raw.replace(b"\x02\x00\x00\x00A\x00", b"\x02\x00\x00\x00B\x00")
    assert saved.entry.raw == bson.encode({**odd, "Vendor": "B"})


def test_saving_what_someone_else_changed_meanwhile_is_a_conflict(database: Db) -> None:
    who = signed_in(database, "technician")
    database.Equipment.insert_one({"ID": 1, "Location": "Lab 1"})
    seen = records.page(database, Query(), {}, TODAY).entries[0]
    database.Equipment.update_one({}, {"$set": {"Location": "Lab 9"}})

    [saved] = records.save(database, who, [Save(seen, {"Location": "Lab 2"})])

    assert saved.status == "conflict"
    assert saved.entry is not None and saved.entry.record["Location"] == "Lab 9"


def test_a_save_is_in_the_activity_log_with_old_and_new(database: Db) -> None:
    who = signed_in(database, "technician")
    entry = records.add(database, who, {"Vendor": "A", "Model": "M"})

    records.save(database, who, [Save(entry, {"Vendor": "B", "Model": MISSING})])

    newest = activity.of_target(database, f"record:{entry.key}")[0]
    assert newest["before"] == {"Vendor": "A", "Model": "M"}
    assert newest["after"] == {"Vendor": "B"}


def test_new_records_fill_the_lowest_gap_that_neither_list_nor_trash_uses(database: Db) -> None:
    who = signed_in(database, "manager")
    database.Equipment.insert_many([{"ID": 1}, {"ID": "2"}, {"ID": 4.0}, {"ID": 6}])
    third = records.add(database, who, {"Vendor": "x"})
    trash.move(database, who, [third])

    added = [records.add(database, who, {}).record["ID"] for _ in range(2)]

    assert third.record["ID"] == 3
    assert added == [5, 7]


def test_twenty_people_adding_at_once_never_share_an_id(database: Db) -> None:
    who = signed_in(database, "technician")
    database.Equipment.insert_many([{"ID": 1}, {"ID": 3}])

    with ThreadPoolExecutor(20) as pool:
        numbers = list(pool.map(lambda _: records.add(database, who, {}).record["ID"], range(40)))

    assert len(set(numbers)) == 40
    assert sorted(numbers) == [2, *range(4, 43)]


def test_a_new_record_has_a_uuid_and_its_text_stays_as_typed(database: Db) -> None:
    who = signed_in(database, "technician")

    entry = records.add(database, who, {"Purchase Value": "3,000", "Last Cal Date": "6.8.2013 "})

    stored = database.Equipment.find_one({}, {"_id": 0})
    assert stored == entry.record
    assert stored["Purchase Value"] == "3,000" and stored["Last Cal Date"] == "6.8.2013 "
    assert len(stored["uuid"]) == 36


@pytest.mark.parametrize("role", ["user"])
def test_readers_cannot_write(database: Db, role: Any) -> None:
    who = signed_in(database, role)
    database.Equipment.insert_one({"ID": 1})
    entry = records.page(database, Query(), {}, TODAY).entries[0]

    for write in (lambda: records.add(database, who, {}), lambda: records.save(database, who, [Save(entry, {"ID": 2})]),
                  lambda: trash.move(database, who, [entry])):
        with pytest.raises(PermissionDenied):
            write()
    assert database.Equipment.count_documents({}) == 1
    assert database.equipment_activity.count_documents({"action": {"$regex": "^records"}}) == 0


@pytest.mark.parametrize("name", ["_id", "a\0b"])
def test_names_no_field_can_have_are_refused(database: Db, name: str) -> None:
    with pytest.raises(BadInput):
        records.add(database, signed_in(database, "technician"), {name: "x"})


def test_forgetting_the_sheet_reads_everything_again(database: Db) -> None:
    database.Equipment.insert_one({"Vendor": "A"})
    before = listing.sheet(database)

    listing.forget(database)

    assert listing.sheet(database) is not before
    assert len(listing.sheet(database)) == 1


def test_the_neighbours_of_a_record_follow_filters_and_order(database: Db) -> None:
    database.Equipment.insert_many([{"_id": f"k{n}", "ID": n, "Vendor": "Even" if n % 2 == 0 else "Odd"}
                                    for n in range(1, 8)])
    key = {entry.record["ID"]: entry.key for entry in records.page(database, Query(sort="ID"), {}, TODAY).entries}
    odd = Query(sort="ID", descending=True, choices={"Vendor": ("Odd",)})

    assert records.neighbours(database, odd, {}, TODAY, key[5]) == Neighbours(1, 4, key[7], key[3])
    assert records.neighbours(database, odd, {}, TODAY, key[7]) == Neighbours(0, 4, "", key[5])
    assert records.neighbours(database, odd, {}, TODAY, key[1]) == Neighbours(3, 4, key[3], "")
    assert records.neighbours(database, odd, {}, TODAY, key[2]) is None
    assert records.neighbours(database, odd, {}, TODAY, "gone") is None
