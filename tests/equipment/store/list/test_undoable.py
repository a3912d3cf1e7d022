"""Saves and moves to the trash are undone: the same bytes, the same IDs where they are free, and once."""

from __future__ import annotations

from typing import Any

import pytest

from backup_engine.errors import BadInput, PermissionDenied
from equipment.store.access import Who
from equipment.store.activity import Filter
from equipment.store.deeds import finding
from equipment.store.list import records, trash, undo, undoable
from equipment.store.list.keys import key_of_id
from equipment.store.list.records import Entry, Save
from tests.equipment.store.list.small_list import LIST, Db, filled
from tests.equipment.store.people import signed_in


@pytest.fixture
def manager(database: Db) -> Who:
    return filled(database)


def now(db: Db) -> list[dict[str, Any]]:
    return list(db["Equipment"].find(sort=[("_id", 1)]))


def seen(db: Db, *numbers: int) -> list[Entry]:
    return records.entries(db, [key_of_id(number) for number in numbers])


def shape(db: Db) -> list[tuple[str, int]]:
    return [(deed.entry["action"], deed.entries) for deed in finding.page(db, Filter()).deeds]


def test_a_save_is_undone_to_the_byte_and_only_what_it_touched(database: Db, manager: Who) -> None:
    number, _ = undoable.save(database, manager, [
        Save(entry, {"Vendor": "New", "Room": "7"}) for entry in seen(database, 1, 2)])
    database["Equipment"].update_one({"_id": 3}, {"$set": {"Vendor": "Mine"}})

    undone = undo.undo(database, manager, number)

    assert (undone.written, undone.left) == (2, [])
    assert now(database) == [*LIST[:2], {**LIST[2], "Vendor": "Mine"}]
    assert shape(database) == [("records.undo", 2), ("records.edit", 2)]
    assert finding.page(database, Filter()).deeds[0].entry["note"] == "4 edits in 2 records"


def test_a_record_saved_again_since_stays(database: Db, manager: Who) -> None:
    number, [saved, _] = undoable.save(database, manager, [
        Save(entry, {"Vendor": "New"}) for entry in seen(database, 1, 2)])
    assert saved.entry is not None
    records.save(database, manager, [Save(saved.entry, {"Room": "7"})])

    undone = undo.undo(database, manager, number)

    assert (undone.written, undone.left) == (1, [(key_of_id(1), "it was changed since")])
    assert [record["Vendor"] for record in now(database)] == ["New", "Ohm", "Volt"]


def test_what_went_to_the_trash_comes_back_with_its_id_and_once(database: Db, manager: Who) -> None:
    number, _ = undoable.move_to_trash(database, manager, seen(database, 1, 2))
    assert now(database) == LIST[2:]

    undone = undo.undo(database, manager, number)

    assert (undone.back, undone.left, undone.renumbered) == (2, [], [])
    assert now(database) == LIST and trash.count(database) == 0
    assert shape(database) == [("records.undo", 2), ("records.delete", 2)]
    with pytest.raises(BadInput, match="nothing to undo"):
        undo.undo(database, manager, number)
    assert shape(database) == [("records.undo", 2), ("records.delete", 2)]


def test_one_whose_id_was_given_away_comes_back_with_a_free_one(database: Db, manager: Who) -> None:
    number, _ = undoable.move_to_trash(database, manager, seen(database, 1, 2))
    records.add(database, manager, {"ID": 2, "Vendor": "Other"})

    undone = undo.undo(database, manager, number)

    assert undone.back == 2
    assert undone.renumbered == [(key_of_id(2), "ID 2 is in use: it has ID 4 now.")]
    assert {record["ID"]: record["Vendor"] for record in now(database)} == {1: "Acme", 2: "Other", 3: "Volt", 4: "Ohm"}


def test_what_others_did_with_it_in_the_trash_stays(database: Db, manager: Who) -> None:
    number, _ = undoable.move_to_trash(database, manager, seen(database, 1, 2, 3))
    by_id = {entry.entry.record["ID"]: entry.number for entry in trash.entries(database)}
    trash.bring_back(database, manager, [by_id[1]])
    trash.bring_back(database, manager, [by_id[2]])
    trash.move(database, manager, seen(database, 2))  # a later deed, and not this one's to take back
    trash.purge(database, signed_in(database, "admin"), [by_id[3]])

    undone = undo.undo(database, manager, number)

    assert undone.back == 0
    assert sorted(key for key, _ in undone.left) == [key_of_id(each) for each in (1, 2, 3)]
    assert now(database) == LIST[:1]
    assert trash.count(database) == 1


def test_who_may_not_delete_cannot_undo_a_deletion(database: Db, manager: Who) -> None:
    number, _ = undoable.move_to_trash(database, manager, seen(database, 1))
    technician = signed_in(database, "technician")

    with pytest.raises(PermissionDenied):
        undo.undo(database, technician, number)
    with pytest.raises(PermissionDenied):
        undoable.move_to_trash(database, technician, seen(database, 2))
    assert now(database) == LIST[1:]
