"""The list in memory is what the database holds, however it changed."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from bson.objectid import ObjectId
from pymongo.database import Database
from pymongo.errors import OperationFailure

from equipment.index.sheet import Sheet
from equipment.store.list import listing, texts
from equipment.store.list.indexing import follower
from tests.server.running_app import wait_for

Db = Database[dict[str, Any]]


@pytest.fixture
def lab(database: Db) -> Db:
    database.Equipment.insert_many([{"_id": ObjectId(), "ID": number, "Room": "A"} for number in range(30)])
    return database


@pytest.fixture
def held(monkeypatch: pytest.MonkeyPatch) -> threading.Event:
    """Reading waits until this is set."""
    go_on, usual = threading.Event(), texts.columns

    def columns(documents: Any) -> Any:
        go_on.wait(20)
        return usual(documents)

    monkeypatch.setattr(texts, "columns", columns)
    return go_on


def rooms(db: Db) -> list[str]:
    sheet = listing.sheet(db)
    return sheet.texts("Room", sheet.rows())


def test_what_others_change_add_and_delete_is_there_at_the_next_look(lab: Db) -> None:
    assert rooms(lab) == ["A"] * 30
    lab.Equipment.update_one({"ID": 3}, {"$set": {"Room": "B"}})
    lab.Equipment.insert_one({"ID": 99, "Room": "C"})
    lab.Equipment.delete_one({"ID": 5})

    assert sorted(rooms(lab)) == ["A"] * 28 + ["B", "C"]


def test_many_changes_are_taken_in_a_part_at_a_time(lab: Db, monkeypatch: pytest.MonkeyPatch) -> None:
    assert rooms(lab) == ["A"] * 30
    monkeypatch.setattr(follower, "MANY", 4)
    lab.Equipment.update_many({"ID": {"$lt": 9}}, {"$set": {"Room": "B"}})

    assert sorted(rooms(lab)) == ["A"] * 21 + ["B"] * 9


@pytest.mark.parametrize("change", ["drop", "swap", "most"])
def test_what_changes_everything_is_read_anew(lab: Db, change: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert rooms(lab) == ["A"] * 30
    monkeypatch.setattr(follower, "MANY", 4)
    if change == "most":
        lab.Equipment.update_many({}, {"$set": {"Room": "B"}})
    else:
        lab.other.insert_many([{"Room": "B"}, {"Room": "B"}])
        lab.Equipment.drop()
    if change == "swap":
        lab.other.rename("Equipment")

    assert rooms(lab) == {"drop": [], "swap": ["B"] * 2, "most": ["B"] * 30}[change]


def test_a_list_is_read_beside_whoever_asks(lab: Db, held: threading.Event) -> None:
    assert not listing.ready(lab, 0)
    assert not listing.ready(lab, 0)

    held.set()

    wait_for(lambda: listing.ready(lab, 0.1), "the list to be read")
    assert listing.read(lab) == 30
    assert rooms(lab) == ["A"] * 30


def test_a_failure_beside_is_the_next_looks_to_raise(lab: Db, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_documents: Any) -> Any:
        raise OperationFailure("no")

    monkeypatch.setattr(texts, "columns", fail)

    assert listing.ready(lab, 20)
    with pytest.raises(OperationFailure):
        listing.sheet(lab)
    monkeypatch.undo()
    assert rooms(lab) == ["A"] * 30


@pytest.fixture
def behind(lab: Db, monkeypatch: pytest.MonkeyPatch) -> Db:
    """Nine records were changed by others, and a page takes in one of them at a time."""
    assert rooms(lab) == ["A"] * 30
    monkeypatch.setattr(follower, "LOOK_SECONDS", -1.0)
    lab.Equipment.update_many({"ID": {"$lt": 9}}, {"$set": {"Room": "B"}})
    return lab


def changed(sheet: Sheet) -> int:
    return sheet.texts("Room", sheet.rows()).count("B")


def test_a_page_does_not_wait_for_all_that_others_write(behind: Db) -> None:
    seen = [changed(listing.shown(behind)) for _ in range(10)]

    assert seen == [1, 2, 3, 4, 5, 6, 7, 8, 9, 9]


def test_who_decides_by_the_list_gets_all_that_was_written(behind: Db) -> None:
    assert changed(listing.shown(behind)) == 1
    assert changed(listing.sheet(behind)) == 9


def test_a_look_for_all_ends_though_others_go_on_writing(lab: Db, monkeypatch: pytest.MonkeyPatch) -> None:
    assert rooms(lab) == ["A"] * 30
    monkeypatch.setattr(follower, "LOOK_SECONDS", -1.0)
    written, usual = iter(range(1_000)), follower.keys.key_of_id

    def key_of_id(identity: Any) -> str:
        lab.Equipment.insert_one({"ID": 100 + next(written), "Room": "C"})
        return usual(identity)

    monkeypatch.setattr(follower.keys, "key_of_id", key_of_id)
    lab.Equipment.update_one({"ID": 3}, {"$set": {"Room": "B"}})

    assert changed(listing.sheet(lab)) == 1
    assert next(written) < 10


def test_after_ones_own_import_the_next_page_shows_all_of_it(behind: Db) -> None:
    listing.wrote(behind)

    assert changed(listing.shown(behind)) == 9
    behind.Equipment.update_many({"ID": {"$gt": 20}}, {"$set": {"Room": "B"}})
    assert changed(listing.shown(behind)) == 10
