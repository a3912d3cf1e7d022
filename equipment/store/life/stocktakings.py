"""Stocktakings as documents: one place each, what was seen there, and applying what was found.

``{_id, place, state, by, begun, seen: [{key, by, at}], ended, ended_by}``; one of a place is open at a time, which a
unique index on ``open`` says. Several people may see things at once: each adds to ``seen``, and a thing counts once.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from bson.objectid import ObjectId
from pymongo import ASCENDING
from pymongo.errors import DuplicateKeyError

from backup_engine.errors import BadInput
from backup_engine.records.folding import fold
from equipment.domain.counting import number_of
from equipment.domain.life import status
from equipment.domain.life.stocktaking import LOCATION, MOST_SEEN, Result, compared, scanned
from equipment.domain.record import MISSING, read
from equipment.store import activity, moments
from equipment.store.access import Db, Who, require
from equipment.store.list import listing, records, undoable
from equipment.store.list.records import Entry, Save, Saved

__all__ = ["STOCKTAKINGS", "Stocktaking", "apply", "begin", "drop", "find_code", "opened", "over", "prepare", "result",
           "see", "unsee"]

STOCKTAKINGS: Final = "equipment_stocktakings"
RIGHT: Final = "records.edit"
LONGEST_PLACE: Final = 200


@dataclass(frozen=True)
class Stocktaking:
    """One stocktaking; ``seen`` are keys of records in the order in which they were seen."""

    number: str
    place: str
    by: str
    begun: datetime
    seen: tuple[str, ...]


def prepare(db: Db) -> None:
    """Create the index that lets one of a place be open."""
    db[STOCKTAKINGS].create_index([("open", ASCENDING)], unique=True, sparse=True)


def opened(db: Db) -> list[Stocktaking]:
    """Give those that are open, the oldest first."""
    found = db[STOCKTAKINGS].find({"state": "open"}).sort("_id", ASCENDING)
    return [_stocktaking(each) for each in found]


def begin(db: Db, who: Who, place: str) -> Stocktaking:
    """Begin one; the open one of that place goes on. Raises ``BadInput`` for a place without a name."""
    account = require(db, who, RIGHT)
    name = place.strip()
    if not name or len(name) > LONGEST_PLACE:
        raise BadInput("Say which place.", hint=f"A name of 1 to {LONGEST_PLACE} characters, as in Location.")
    document = {"_id": ObjectId(), "place": name, "state": "open", "open": fold(name), "by": account.name,
                "begun": moments.now(), "seen": []}
    try:
        db[STOCKTAKINGS].insert_one(document)
    except DuplicateKeyError:
        found = db[STOCKTAKINGS].find_one({"open": fold(name)})
        if found is None:  # it ended at this very moment
            return begin(db, who, place)
        return _stocktaking(found)
    activity.record(db, who, "stocktaking.begin", f"place:{name}")
    return _stocktaking(document)


def find_code(db: Db, code: str) -> list[Entry]:
    """Give the records that a scanned code or a typed ID names; several records may have one ID."""
    key, number = scanned(code)
    if key:
        entry = records.get(db, key)
        return [entry] if entry else []
    return records.entries(db, records.named(db, number)) if number else []


def see(db: Db, who: Who, number: str, key: str) -> bool:
    """Note that a thing is there; False when it was noted before.

    Raises ``BadInput`` when the stocktaking has ended, or holds as many things as it can.
    """
    account = require(db, who, RIGHT)
    seen = {"key": key, "by": account.name, "at": moments.now()}
    where = {"_id": _id(number), "state": "open", "seen.key": {"$ne": key}, f"seen.{MOST_SEEN - 1}": {"$exists": False}}
    if db[STOCKTAKINGS].update_one(where, {"$push": {"seen": seen}}).modified_count:
        return True
    if len(_open(db, number).seen) >= MOST_SEEN:
        raise BadInput(f"A stocktaking holds {number_of(MOST_SEEN, 'thing')}.", hint="Apply it, and begin another one.")
    return False


def unsee(db: Db, who: Who, number: str, key: str) -> None:
    """Take back that a thing is there."""
    require(db, who, RIGHT)
    db[STOCKTAKINGS].update_one({"_id": _id(number), "state": "open"}, {"$pull": {"seen": {"key": key}}})


def result(db: Db, number: str) -> tuple[Stocktaking, Result]:
    """Compare what was seen with the list as it is now. Raises ``BadInput`` when it has ended."""
    stocktaking = _open(db, number)
    sheet = listing.sheet(db)
    expected = sheet.keys(sheet.rows_alike(LOCATION, stocktaking.place))
    rows = sheet.rows_of(list(stocktaking.seen))
    places = dict(zip(sheet.keys(rows), sheet.texts(LOCATION, rows), strict=True))
    return stocktaking, compared(stocktaking.place, expected, stocktaking.seen, places)


def apply(db: Db, who: Who, number: str, lost: Collection[str] = ()) -> tuple[str, list[Saved]]:
    """Write what was found as one deed, and end it: what was misplaced belongs here now, and ``lost`` are lost.

    Gives the number by which that is undone, empty when nothing was to be written, and what became of each record.
    """
    require(db, who, RIGHT)
    stocktaking, found = result(db, number)
    wanted: Mapping[str, Mapping[str, str]] = {
        **{key: {LOCATION: stocktaking.place} for key in found.misplaced},
        **{key: {status.COLUMN: "Lost"} for key in found.missing if key in set(lost)}}
    saves = [Save(entry, {name: read(words, entry.record.get(name, MISSING))
                          for name, words in wanted[entry.key].items()})
             for entry in records.entries(db, list(wanted))]
    note = f"Stocktaking of {stocktaking.place}"
    undo, done = undoable.save(db, who, saves, note=note) if saves else ("", [])
    _end(db, who, stocktaking, "applied",
         f"{number_of(len(found.there), 'thing')} there, {len(found.missing):,} missing, {len(found.misplaced):,} "
         "from elsewhere")
    return undo, done


def drop(db: Db, who: Who, number: str) -> None:
    """End one without writing anything."""
    require(db, who, RIGHT)
    _end(db, who, _open(db, number), "dropped", "")


def over(document: Mapping[str, Any]) -> dict[str, Any]:
    """Give one from a backup as it comes back beside another one of its place: as one that has ended."""
    ended = {name: value for name, value in document.items() if name != "open"}
    return ended | {"state": "dropped", "ended": moments.now(), "ended_by": ""}


def _end(db: Db, who: Who, stocktaking: Stocktaking, state: str, note: str) -> None:
    end = {"$set": {"state": state, "ended": moments.now(), "ended_by": who.name}, "$unset": {"open": ""}}
    if db[STOCKTAKINGS].update_one({"_id": _id(stocktaking.number), "state": "open"}, end).modified_count:
        activity.record(db, who, f"stocktaking.{state}", f"place:{stocktaking.place}", note=note)


def _open(db: Db, number: str) -> Stocktaking:
    found = db[STOCKTAKINGS].find_one({"_id": _id(number), "state": "open"})
    if found is None:
        raise BadInput("This stocktaking has ended.", hint="Begin another one.")
    return _stocktaking(found)


def _id(number: str) -> ObjectId | None:
    return ObjectId(number) if ObjectId.is_valid(number) else None


def _stocktaking(document: Mapping[str, Any]) -> Stocktaking:
    return Stocktaking(str(document["_id"]), document["place"], document["by"], moments.aware(document["begun"]),
                       tuple(seen["key"] for seen in document["seen"]))
