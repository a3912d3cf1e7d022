"""Stocktakings: one of a place at a time, seen by several at once, and applied as one deed that can be undone."""

from __future__ import annotations

import threading
from typing import Any
from urllib.parse import quote

import pytest
from pymongo.database import Database

from backup_engine.errors import BadInput, PermissionDenied
from backup_engine.model import SILENT
from equipment.domain.life import stocktaking as rules
from equipment.store.access import Who
from equipment.store.life import stocktakings
from equipment.store.list import keys, undo
from tests.equipment.store.people import signed_in

Db = Database[dict[str, Any]]


@pytest.fixture
def who(database: Db) -> Who:
    stocktakings.prepare(database)
    undo.prepare(database)
    database["Equipment"].insert_many([
        {"_id": 1, "ID": 1, "Location": "Lab 3"}, {"_id": 2, "ID": 2, "Location": "lab 3 "},
        {"_id": 3, "ID": 3, "Location": "Lab 1"}, {"_id": 4, "ID": 4}, {"_id": 5, "ID": 5, "Location": "Lab 3"}])
    return signed_in(database, "manager", "tom")


def key(number: int) -> str:
    return keys.key_of_id(number)


def test_what_was_found_is_written_as_one_deed_and_undone(database: Db, who: Who) -> None:
    number = stocktakings.begin(database, who, "Lab 3").number
    before = list(database.Equipment.find(sort=[("_id", 1)]))
    for seen in (1, 3, 4):
        assert stocktakings.see(database, who, number, key(seen))
    assert not stocktakings.see(database, who, number, key(3))
    _, found = stocktakings.result(database, number)
    assert (found.there, found.missing, found.misplaced) == ((key(1),), (key(2), key(5)), (key(3), key(4)))

    deed, done = stocktakings.apply(database, who, number, [key(5)])

    assert [saved.status for saved in done] == ["updated"] * 3
    assert {each["ID"]: (each.get("Location"), each.get("Status")) for each in database.Equipment.find()} == {
        1: ("Lab 3", None), 2: ("lab 3 ", None), 3: ("Lab 3", None), 4: ("Lab 3", None), 5: ("Lab 3", "Lost")}
    undo.undo(database, who, deed, SILENT)
    assert list(database.Equipment.find(sort=[("_id", 1)])) == before
    assert stocktakings.opened(database) == []


def test_one_of_a_place_is_open_and_the_next_goes_on_with_it(database: Db, who: Who) -> None:
    first = stocktakings.begin(database, who, "Lab 3")
    stocktakings.see(database, who, first.number, key(1))

    again = stocktakings.begin(database, who, " LAB 3")

    assert (again.number, again.seen) == (first.number, (key(1),))
    stocktakings.drop(database, who, first.number)
    assert stocktakings.begin(database, who, "Lab 3").number != first.number


def test_two_people_see_at_once_and_each_thing_counts_once(database: Db, who: Who) -> None:
    number, start = stocktakings.begin(database, who, "Lab 3").number, threading.Barrier(4)

    def walk() -> None:
        start.wait()
        for thing in range(1, 6):
            stocktakings.see(database, who, number, key(thing))

    threads = [threading.Thread(target=walk) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    [open_one] = stocktakings.opened(database)
    assert sorted(open_one.seen) == sorted(key(thing) for thing in range(1, 6))


def test_what_ended_takes_nothing_more(database: Db, who: Who) -> None:
    number = stocktakings.begin(database, who, "Lab 3").number
    stocktakings.drop(database, who, number)

    for deed in (lambda: stocktakings.see(database, who, number, key(1)), lambda: stocktakings.result(database, number),
                 lambda: stocktakings.apply(database, who, number), lambda: stocktakings.see(database, who, "x", "1")):
        with pytest.raises(BadInput, match="has ended"):
            deed()


@pytest.mark.parametrize("place", ["", "  ", "x" * 201])
def test_a_place_has_a_name(database: Db, who: Who, place: str) -> None:
    with pytest.raises(BadInput, match="which place"):
        stocktakings.begin(database, who, place)


def test_a_place_of_more_things_than_it_holds_says_so(
    database: Db, who: Who, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stocktakings, "MOST_SEEN", 2)
    number = stocktakings.begin(database, who, "Lab 3").number
    assert stocktakings.see(database, who, number, key(1)) and stocktakings.see(database, who, number, key(2))

    with pytest.raises(BadInput, match="holds 2 things"):
        stocktakings.see(database, who, number, key(3))
    assert rules.MOST_SEEN == 10_000


def test_a_label_and_an_id_name_a_thing(database: Db, who: Who) -> None:
    assert [entry.key for entry in stocktakings.find_code(database, f"https://x.org/?id={quote(key(3))}")] == [key(3)]
    assert [entry.key for entry in stocktakings.find_code(database, "4")] == [key(4)]
    assert stocktakings.find_code(database, "99") == [] and stocktakings.find_code(database, "") == []


def test_who_may_not_edit_takes_no_stock(database: Db, who: Who) -> None:
    number = stocktakings.begin(database, who, "Lab 3").number
    user = signed_in(database, "user", "ada")

    for deed in (lambda: stocktakings.begin(database, user, "Lab 1"),
                 lambda: stocktakings.see(database, user, number, key(1)),
                 lambda: stocktakings.unsee(database, user, number, key(1)),
                 lambda: stocktakings.apply(database, user, number), lambda: stocktakings.drop(database, user, number)):
        with pytest.raises(PermissionDenied):
            deed()
