"""Undo of an import or a bulk edit: only what it touched, only where nobody changed it since."""

from __future__ import annotations

from typing import Any

import bson
import pytest

from backup_engine.errors import BadInput, Cancelled, PermissionDenied
from backup_engine.model import Progress, Watch
from equipment.domain.bulk import BulkEdit
from equipment.exchange import importing
from equipment.store.access import Who
from equipment.store.activity import Filter
from equipment.store.deeds import finding
from equipment.store.list import bulk, trash, undo
from equipment.store.list.keys import key_of_id
from tests.equipment.store.list.small_list import LIST, Db, filled
from tests.equipment.store.people import signed_in


@pytest.fixture
def manager(database: Db) -> Who:
    return filled(database)


def now(db: Db) -> list[dict[str, Any]]:
    return list(db["Equipment"].find(sort=[("ID", 1)]))


def take_in(db: Db, who: Who) -> importing.Imported:
    rows = [{"ID": "1", "Vendor": "New"}, {"ID": "2", "Vendor": "New"}, {"ID": "9", "Vendor": "New"}]
    return importing.run(db, who, importing.plan(db, rows, ("ID",), clear_empty=False), note="from list.csv")


def test_an_import_is_undone_to_the_byte_and_what_it_added_is_in_the_trash(database: Db, manager: Who) -> None:
    done = take_in(database, manager)
    added = now(database)[3]

    undone = undo.undo(database, manager, done.deed)

    assert (undone.written, undone.trashed, undone.left) == (2, 1, [])
    assert now(database) == LIST
    assert [bson.decode(document) for document in trash.documents(database)] == [added]
    assert undo.deed(database, done.deed) is None
    with pytest.raises(BadInput, match="nothing to undo"):
        undo.undo(database, manager, done.deed)


def test_what_somebody_changed_since_stays_and_is_named(database: Db, manager: Who) -> None:
    done = take_in(database, manager)
    database["Equipment"].update_one({"_id": 2}, {"$set": {"Vendor": "Mine"}})
    database["Equipment"].delete_one({"ID": 9})
    database["Equipment"].update_one({"_id": 3}, {"$set": {"Vendor": "Also mine"}})

    undone = undo.undo(database, manager, done.deed)

    assert (undone.written, undone.trashed) == (1, 0)
    assert sorted(why for _, why in undone.left) == ["it is no longer in the list", "it was changed since"]
    assert key_of_id(2) in dict(undone.left)
    assert [record["Vendor"] for record in now(database)] == ["Acme", "Mine", "Also mine"]
    assert "2 stay as they are" in undone.message
    told = finding.page(database, Filter(actions=("records.undo",))).deeds
    assert [deed.entries for deed in told] == [3]  # one deed, with what stayed and why
    assert undo.deed(database, done.deed) is None
    with pytest.raises(BadInput, match="nothing to undo"):
        undo.undo(database, manager, done.deed)


def test_a_bulk_edit_is_undone(database: Db, manager: Who) -> None:
    edit = BulkEdit("set", "Vendor", "Same")
    done = bulk.apply(database, manager, edit, bulk.preview(database, edit))
    assert {record["Vendor"] for record in now(database)} == {"Same"}

    assert undo.undo(database, manager, done.deed).written == 3
    assert now(database) == LIST
    newest, deed_itself = finding.page(database, Filter()).deeds
    assert (newest.entry["action"], newest.entries, newest.entry["note"]) == ("records.undo", 3, edit.words())
    assert str(deed_itself.entry["_id"]) == done.deed  # so that Activity finds the way back
    assert undo.undone_by(database, done.deed) is not None


def test_the_right_for_the_deed_is_what_it_takes(database: Db, manager: Who) -> None:
    technician, reader = signed_in(database, "technician"), signed_in(database, "user")
    done = take_in(database, technician)
    with pytest.raises(PermissionDenied):
        undo.undo(database, reader, done.deed)
    edit = BulkEdit("set", "Vendor", "Same")
    by_manager = bulk.apply(database, manager, edit, bulk.preview(database, edit))
    with pytest.raises(PermissionDenied):
        undo.undo(database, technician, by_manager.deed)

    undo.undo(database, manager, by_manager.deed)
    assert undo.undo(database, technician, done.deed).written == 2
    assert now(database) == LIST


def test_what_another_did_takes_the_right_to_change_many(database: Db, manager: Who) -> None:
    done = take_in(database, manager)

    with pytest.raises(PermissionDenied):
        undo.undo(database, signed_in(database, "technician"), done.deed)
    assert now(database)[0]["Vendor"] == "New"
    assert undo.undo(database, signed_in(database, "manager", "Ada"), done.deed).written == 2


def test_an_import_of_more_than_a_hundred_changes_takes_the_right_for_bulk_edits(database: Db, manager: Who) -> None:
    database["Equipment"].insert_many([{"ID": number, "Vendor": "x"} for number in range(10, 111)])
    technician = signed_in(database, "technician")
    rows = [{"ID": str(number), "Vendor": "y"} for number in range(10, 111)]
    planned = importing.plan(database, rows, ("ID",), clear_empty=False)

    with pytest.raises(PermissionDenied):
        importing.run(database, technician, planned)
    assert database["Equipment"].count_documents({"Vendor": "y"}) == 0
    some = importing.plan(database, rows[:100], ("ID",), clear_empty=False)
    assert importing.run(database, technician, some).updated == 100
    assert importing.run(database, manager, planned).updated == 1


def test_what_was_stopped_half_way_is_undone_later(
    database: Db, manager: Who, monkeypatch: pytest.MonkeyPatch
) -> None:
    done = take_in(database, manager)
    monkeypatch.setattr(undo, "AT_ONCE", 1)
    steps: list[Progress] = []

    with pytest.raises(Cancelled, match="1 record was undone before"):
        undo.undo(database, manager, done.deed, Watch(steps.append, lambda: len(steps) > 0))
    left = undo.deed(database, done.deed)
    assert left is not None and left.records == 2
    undo.undo(database, manager, done.deed)
    assert now(database) == LIST


def test_nothing_is_kept_of_what_changed_nothing(database: Db, manager: Who) -> None:
    rows = [{"ID": "1", "Vendor": "Acme"}]

    assert importing.run(database, manager, importing.plan(database, rows, ("ID",), clear_empty=False)).deed == ""
    assert database[undo.UNDO].count_documents({}) == 0


def test_mongodb_forgets_it_by_itself(database: Db, manager: Who) -> None:
    done = take_in(database, manager)

    assert any(index.get("expireAfterSeconds") == 0 for index in database[undo.UNDO].index_information().values())
    span = undo.DAYS * 86_400
    for document in database[undo.UNDO].find():
        made = document["_id"].generation_time.replace(tzinfo=None)
        assert abs((document["until"] - made).total_seconds() - span) < 5
    assert undo.touched(database, done.deed) == [key_of_id(1), key_of_id(2), key_of_id(now(database)[3]["_id"])]
