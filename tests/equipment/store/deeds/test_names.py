"""What entries are about has names, of live records, of those in the trash and of those that are gone."""

from __future__ import annotations

from typing import Any

import pytest
from pymongo.database import Database

from equipment.store import activity
from equipment.store.access import Who
from equipment.store.deeds import names
from equipment.store.list import keys, records, trash
from tests.equipment.store.people import signed_in

Db = Database[dict[str, Any]]
EVE = Who("0" * 64, "eve")


def entry(target: str, before: Any = None, after: Any = None) -> dict[str, Any]:
    return {"target": target, "before": before, "after": after}


@pytest.mark.parametrize(("target", "name"), [
    ("column:Cost", "column Cost"), ("column:all", "all columns"), ("option:Vendor", "choices of Vendor"),
    ("view:Lab 1", "view Lab 1"), ("backup:2026-01-31_12-00", "backup 2026-01-31_12-00"), ("user:nobody", "nobody"),
    ("setting:sign_up", "self sign-up"), ("schedule", "schedules"), ("", ""),
    ("20260131_120000", "backup 20260131_120000"), ("odd: thing", "odd: thing"),
    ("record:65a000000000000000000000", "a record that is gone"),
    ("deed:65a000000000000000000000", "a change of many records"),
])
def test_without_anything_else(database: Db, target: str, name: str) -> None:
    assert names.names(database, [entry(target)]) == {target: name}


def test_records(database: Db) -> None:
    who = signed_in(database)
    live, trashed, gone = (records.add(database, who, {"Vendor": vendor, "Model": "X"}) for vendor in ("A", "B", "C"))
    trash.move(database, who, [trashed])
    targets = [keys.target(each.key) for each in (live, trashed, gone)]
    database.Equipment.delete_one({"ID": 3})

    called = names.names(database, [entry(targets[0]), entry(targets[1]),
                                    entry(targets[2], None, {"ID": 3, "Vendor": "C"})])

    assert [called[target] for target in targets] == ["ID 1 · A X", "ID 2 · B X (in the trash)", "ID 3 · C"]


def test_people(database: Db) -> None:
    signed_in(database, "user", "ada")
    database["equipment_users"].update_one({"_id": "ada"}, {"$set": {"name": "Ada L."}})

    assert names.names(database, [entry("user:ada")]) == {"user:ada": "Ada L."}


def test_a_record_is_found_wherever_it_is(database: Db) -> None:
    who = signed_in(database)
    made = [records.add(database, who, {"Vendor": "A"}) for _ in range(3)]
    trash.move(database, who, made[1:])
    trash.purge(database, who, [
        trashed.number for trashed in trash.entries(database) if trashed.entry.key == made[2].key])

    for number, each in enumerate(made, 1):
        assert names.keys_of(database, f" {number} ") == [keys.target(each.key)]
    assert names.keys_of(database, f"ID {1}") == [keys.target(made[0].key)]
    assert names.keys_of(database, made[0].key) == [keys.target(made[0].key)]
    assert names.keys_of(database, " ") == []


def test_a_hundred_names_are_a_few_questions(database: Db) -> None:
    who = signed_in(database)
    records.add_many(database, who, [{"Vendor": "A"}] * 100)
    entries = activity.find(database)

    called = names.names(database, entries)

    assert len(called) == 100 and called[entries[0]["target"]].startswith("ID ")
