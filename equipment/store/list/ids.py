"""The lowest free ID, without two people ever getting the same one.

A number is taken by inserting a small document whose ``_id`` it is; MongoDB lets only one insert succeed. Then the
list and the trash are asked once more, because someone may have used the number just before. IDs in the trash count
as taken, so that a record can come back under its own, and so do those of records that were purged: the label of one
may still stick on something.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any, Final

from pymongo.errors import DuplicateKeyError

from backup_engine.records.live_profile import key_text
from equipment.domain.record import ID
from equipment.store import activity, moments
from equipment.store.access import Db
from equipment.store.list import listing
from equipment.store.list.listing import EQUIPMENT

RESERVED: Final = "equipment_reserved_ids"
TRASH: Final = "Equipment_trash"
ABANDONED: Final = timedelta(minutes=2)
"""A reservation as old as this was left by a process that died."""


@contextmanager
def reserve(db: Db, count: int, besides: Iterable[str] = ()) -> Iterator[list[int]]:
    """Hold the ``count`` lowest free IDs while records with them are added, and others that bring those ``besides``."""
    held: list[int] = []
    try:
        if count:
            _take(db, count, held, _numbers_in(besides))
        yield held
    finally:
        if held:
            db[RESERVED].delete_many({"_id": {"$in": held}})


def held(db: Db, wanted: Container[str]) -> set[str]:
    """Give those of some IDs, written as ``live_profile.key_text`` does, that records of the list or the trash have."""
    shown = listing.sheet(db).texts(ID).to_pylist()
    trashed = (str(entry.get("record", {}).get(ID, "")) for entry in db[TRASH].find({}, {f"record.{ID}": 1}))
    return {text for each in (*shown, *trashed) if (text := key_text(each)) in wanted}


def _take(db: Db, count: int, held: list[int], besides: set[int]) -> None:
    db[RESERVED].delete_many({"at": {"$lt": moments.now() - ABANDONED}})
    taken = _taken(db) | besides
    candidate = 0
    while len(held) < count:
        while len(held) < count:
            candidate += 1
            if candidate not in taken and _hold(db, candidate):
                held.append(candidate)
        for number in _used_meanwhile(db, held):
            held.remove(number)
            db[RESERVED].delete_one({"_id": number})


def _hold(db: Db, number: int) -> bool:
    try:
        db[RESERVED].insert_one({"_id": number, "at": moments.now()})
    except DuplicateKeyError:
        return False
    return True


def _taken(db: Db) -> set[int]:
    shown = listing.sheet(db).texts(ID).to_pylist()
    trashed = (str(entry.get("record", {}).get(ID, "")) for entry in db[TRASH].find({}, {f"record.{ID}": 1}))
    purged = (str(entry.get("before", {}).get(ID, ""))
              for entry in db[activity.ACTIVITY].find({"action": activity.PURGED}, {f"before.{ID}": 1}))
    return _numbers_in((*shown, *trashed, *purged))


def _numbers_in(texts: Iterable[str]) -> set[int]:
    return {int(text) for text in texts if text.isascii() and text.strip().isdigit()}


def _used_meanwhile(db: Db, numbers: list[int]) -> set[int]:
    spelled: list[Any] = [*numbers, *map(str, numbers)]
    holders = [*db[EQUIPMENT].find({ID: {"$in": spelled}}, {ID: 1}),
               *(entry["record"] for entry in db[TRASH].find({f"record.{ID}": {"$in": spelled}}, {f"record.{ID}": 1}))]
    return {int(record[ID]) for record in holders} & set(numbers)
