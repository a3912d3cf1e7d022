"""Nothing leaves the list without lying in the trash, byte for byte, and everything can come back."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import bson
import pytest
from bson import ObjectId
from bson.raw_bson import RawBSONDocument
from pymongo.database import Database

from backup_engine.errors import AdminOnly
from equipment.domain import sample
from equipment.domain.query import Query
from equipment.domain.record import ID
from equipment.store import activity
from equipment.store.list import records, trash
from tests.equipment.store.people import signed_in

Db = Database[dict[str, Any]]
TODAY = date(2026, 3, 2)


def everything(db: Db) -> list[bytes]:
    return [entry.raw for entry in records.page(db, Query(sort="ID"), {}, TODAY, size=1000).entries]


def test_ten_records_go_and_come_back_exactly(database: Db) -> None:
    who = signed_in(database, "manager")
    database.Equipment.insert_many(sample.records(TODAY, count=30))
    before = everything(database)
    some = records.page(database, Query(sort="ID"), {}, TODAY).entries[5:15]

    moved = trash.move(database, who, some)
    left = everything(database)
    back = trash.bring_back(database, who, [trashed.number for trashed in trash.entries(database)])

    assert {saved.status for saved in moved} == {"deleted"}
    assert len(left) == 20
    assert {saved.status for saved in back} == {"inserted"}
    assert everything(database) == before
    assert trash.count(database) == 0


def test_the_trash_says_who_and_when(database: Db) -> None:
    who = signed_in(database, "manager")
    trash.move(database, who, [records.add(database, who, {"Vendor": "A"})])

    [trashed] = trash.entries(database)

    assert trashed.by == who.name
    assert trashed.at.tzinfo is not None
    assert trashed.entry.record["Vendor"] == "A"


def test_a_record_changed_since_it_was_seen_stays_in_the_list(database: Db) -> None:
    who = signed_in(database, "manager")
    entry = records.add(database, who, {"Vendor": "A"})
    database.Equipment.update_one({}, {"$set": {"Vendor": "B"}})

    [moved] = trash.move(database, who, [entry])

    assert moved.status == "conflict"
    assert database.Equipment.count_documents({}) == 1
    assert trash.count(database) == 0


def test_a_record_that_is_in_the_list_again_is_not_overwritten(database: Db) -> None:
    who = signed_in(database, "manager")
    entry = records.add(database, who, {"Vendor": "A"})
    trash.move(database, who, [entry])
    database.Equipment.insert_one(RawBSONDocument(entry.raw))
    database.Equipment.update_one({}, {"$set": {"Vendor": "restored"}})

    [back] = trash.bring_back(database, who, [trashed.number for trashed in trash.entries(database)])

    assert back.status == "conflict"
    assert trash.count(database) == 1


def test_the_number_of_a_purged_record_is_not_given_again(database: Db) -> None:
    admin = signed_in(database, "admin")
    database.Equipment.insert_many([{"ID": number} for number in (1, 2)])
    trash.move(database, admin, records.page(database, Query(text="2"), {}, TODAY).entries)
    trash.purge(database, admin, [trashed.number for trashed in trash.entries(database)])

    assert records.add(database, admin, {"Vendor": "new"}).record["ID"] == 3


def test_only_an_administrator_purges_and_the_log_keeps_the_record(database: Db) -> None:
    manager, admin = signed_in(database, "manager"), signed_in(database, "admin")
    trash.move(database, manager, [records.add(database, manager, {"Vendor": "last trace"})])
    numbers = [trashed.number for trashed in trash.entries(database)]
    with pytest.raises(AdminOnly):
        trash.purge(database, manager, numbers)

    gone = trash.purge(database, admin, numbers)

    assert gone == 1
    assert trash.count(database) == 0
    assert database.equipment_activity.find_one({"action": "records.purge"})["before"]["Vendor"] == "last trace"


def test_an_entry_that_went_and_came_back_meanwhile_does_not_put_its_record_into_the_list(
    database: Db, monkeypatch: pytest.MonkeyPatch
) -> None:
    who = signed_in(database, "manager")
    added = [records.add(database, who, {"Vendor": "A"}), records.add(database, who, {"Vendor": "B"})]
    trash.move(database, who, added)
    seen = trash.entries(database)
    [first] = [trashed for trashed in seen if trashed.entry.key == added[0].key]
    choose, looks = trash._chosen, []

    def stale(db: Db, numbers: list[str]) -> list[trash.Trashed]:
        looks.append(choose(db, numbers))
        if len(looks) == 1:  # somebody else, between the look and the transaction
            monkeypatch.setattr(trash, "_chosen", choose)
            trash.bring_back(database, who, [first.number])
            trash.move(database, who, [entry for entry in records.page(
                database, Query(), {}, TODAY).entries if entry.key == first.entry.key])
            monkeypatch.setattr(trash, "_chosen", stale)
        return looks[-1]

    monkeypatch.setattr(trash, "_chosen", stale)
    back = trash.bring_back(database, who, [trashed.number for trashed in seen])

    assert [saved.key for saved in back] == [added[1].key]
    assert database.Equipment.count_documents({}) == trash.count(database) == 1
    assert trash.entries(database)[0].entry.key == first.entry.key


def test_the_last_deletion_is_what_one_person_moved_in_one_go(database: Db) -> None:
    manager, admin = signed_in(database, "manager"), signed_in(database, "admin")
    database.Equipment.insert_many(sample.records(TODAY, count=10))
    entries = records.page(database, Query(sort="ID"), {}, TODAY).entries
    assert trash.last_deletion(database) is None
    trash.move(database, admin, entries[:2])
    trash.move(database, manager, entries[2:4])
    trash.move(database, admin, entries[4:9])

    last = trash.last_deletion(database)
    assert last is not None and (last.by, len(last.numbers)) == (admin.name, 5)

    database[trash.TRASH].update_many({}, {"$set": {"by": admin.name}})
    oldest = trash.entries(database)[-1]
    database[trash.TRASH].update_one({"_id": ObjectId(oldest.number)}, {"$set": {"at": datetime(2020, 1, 1)}})
    last = trash.last_deletion(database)
    assert last is not None and len(last.numbers) == 8, "those of another day are another deletion"

    database.Equipment.insert_one(bson.decode(entries[8].raw))
    last = trash.last_deletion(database)
    assert last is not None and len(last.numbers) == 7, "what the list has again need not come back"


def test_what_a_restore_brought_back_leaves_the_trash_until_an_undo(database: Db) -> None:
    who = signed_in(database, "manager")
    database.Equipment.insert_many(sample.records(TODAY, count=6))
    entries = records.page(database, Query(sort="ID"), {}, TODAY).entries
    trash.move(database, who, entries[:3])
    database.Equipment.insert_many([RawBSONDocument(entries[0].raw), {**bson.decode(entries[1].raw), "Vendor": "new"}])

    shown = trash.entries(database)

    assert {(trashed.entry.key, trashed.is_live) for trashed in shown} == {
        (entries[1].key, True), (entries[2].key, False)}
    assert trash.count(database) == 2 and database[trash.TRASH].count_documents({}) == 3, "hidden, and nothing is lost"
    database.Equipment.delete_one({"_id": bson.decode(entries[0].raw)["_id"]})
    assert trash.count(database) == 3


def test_one_that_is_in_the_list_says_so(database: Db) -> None:
    who = signed_in(database, "manager")
    database.Equipment.insert_many(sample.records(TODAY, count=2))
    entries = records.page(database, Query(sort="ID"), {}, TODAY).entries
    trash.move(database, who, entries)
    numbers = [trashed.number for trashed in trash.entries(database)]
    database.Equipment.insert_many([RawBSONDocument(entries[0].raw), {**bson.decode(entries[1].raw), "Vendor": "new"}])

    done = {saved.key: (saved.status, saved.why) for saved in trash.bring_back(database, who, numbers)}

    assert done == {entries[0].key: ("unchanged", "It is in the list already, as it was here."),
                    entries[1].key: ("conflict", "It is in the list already, in another version.")}
    assert database.Equipment.count_documents({}) == 2


@pytest.mark.parametrize(("stored", "given"), [("7", "1"), (7, 1)])
def test_an_id_that_is_in_use_is_given_anew_and_said(database: Db, stored: str | int, given: str | int) -> None:
    who = signed_in(database, "admin")
    seven = records.add(database, who, {ID: stored, "Vendor": "old", "Price": "3,000"})
    free = records.add(database, who, {ID: 8})
    trash.move(database, who, [seven, free])
    database.Equipment.insert_one({"_id": "import", ID: "7"})

    done = trash.bring_back(database, who, [trashed.number for trashed in trash.entries(database)])

    assert {saved.status for saved in done} == {"inserted"}
    assert {saved.why for saved in done} == {"", f"ID 7 is in use: it has ID {given} now."}
    back = database.Equipment.find_one({"Vendor": "old"})
    assert back == {**bson.decode(seven.raw), ID: given} and trash.count(database) == 0
    assert sorted(str(record[ID]) for record in database.Equipment.find()) == ["1", "7", "8"]
    log = [entry["note"] for entry in activity.find(database, activity.Filter(actions=("records.bring_back",)))]
    assert any(f"it has ID {given} now" in note for note in log)


def test_an_id_that_is_no_number_stays(database: Db) -> None:
    who = signed_in(database, "manager")
    scope = records.add(database, who, {ID: "SCOPE-1"})
    trash.move(database, who, [scope])
    database.Equipment.insert_one({"_id": "import", ID: "SCOPE-1"})

    [done] = trash.bring_back(database, who, [trash.entries(database)[0].number])

    assert (done.status, done.why) == ("inserted", "")
    assert database.Equipment.count_documents({ID: "SCOPE-1"}) == 2
