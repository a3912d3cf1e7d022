"""Events as documents: where they are kept, and how they are read.

One document an event: ``{_id, thing, name, kind, day, done_by, result, cost, certificate, note, next_due, plan, file?,
by, at, deed?, struck?, struck_by?, why?}``, days as ``YYYY-MM-DD``; ``deed`` is the number by which what it changed of
the record is undone. An event is never changed but by being struck out, and never deleted.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any, Final

from bson.objectid import ObjectId
from pymongo import ASCENDING, DESCENDING

from equipment.domain.life.event import Done, Event
from equipment.domain.life.plan import Last
from equipment.store import moments
from equipment.store.access import Db

__all__ = ["COUNTS", "EVENTS", "document", "event_of", "find", "lasts", "of_thing", "prepare"]

EVENTS: Final = "equipment_events"
ORDER: Final = ("thing", "kind", "plan", "day", "_id")
"""In which ``lasts`` groups them, by an index: a million of them are too many for MongoDB to sort in memory."""
COUNTS: Final[Mapping[str, Any]] = {"struck": None}
"""Finds what is not struck out."""


def prepare(db: Db) -> None:
    """Create the indexes."""
    events = db[EVENTS]
    events.create_index([(name, ASCENDING) for name in ORDER])
    events.create_index([("thing", ASCENDING), ("day", DESCENDING), ("_id", DESCENDING)])
    events.create_index([("deed", ASCENDING)], sparse=True)


def of_thing(db: Db, thing: str, *, limit: int = 200) -> list[Event]:
    """Give the events of a thing, struck out ones as well, the newest day first."""
    newest = db[EVENTS].find({"thing": thing}).sort([("day", DESCENDING), ("_id", DESCENDING)])
    return [event_of(found) for found in newest.limit(limit)]


def find(db: Db, number: str) -> Event | None:
    """Give one event; None when there is none of that number."""
    if not ObjectId.is_valid(number):
        return None
    found = db[EVENTS].find_one({"_id": ObjectId(number)})
    return event_of(found) if found else None


def lasts(db: Db, things: Iterable[str] | None = None) -> list[Last]:
    """Give the last event of each thing, kind and plan that counts, of these things or of all."""
    where = dict(COUNTS) if things is None else {**COUNTS, "thing": {"$in": list(things)}}
    found = db[EVENTS].aggregate([
        {"$match": where}, {"$sort": dict.fromkeys(ORDER, 1)},
        {"$group": {"_id": {"thing": "$thing", "kind": "$kind", "plan": "$plan"}, "day": {"$last": "$day"},
                    "next_due": {"$last": "$next_due"}}}])
    return [Last(each["_id"]["thing"], each["_id"]["kind"], each["_id"]["plan"], date.fromisoformat(each["day"]),
                 _day(each["next_due"])) for each in found]


def document(thing: str, name: str, done: Done, by: str) -> dict[str, Any]:
    """Give the document of a new event."""
    return {"_id": ObjectId(), "thing": thing, "name": name, "kind": done.kind, "day": done.day.isoformat(),
            "done_by": done.by, "result": done.result, "cost": done.cost, "certificate": done.certificate,
            "note": done.note, "next_due": done.next_due.isoformat() if done.next_due else None, "plan": done.plan,
            "by": by, "at": moments.now()} | ({"file": done.file} if done.file else {})


def event_of(found: Mapping[str, Any]) -> Event:
    """Read a document."""
    done = Done(found["kind"], date.fromisoformat(found["day"]), found["done_by"], found["result"], found["cost"],
                found["certificate"], found["note"], _day(found["next_due"]), found["plan"], found.get("file", ""))
    struck = found.get("struck")
    return Event(str(found["_id"]), found["thing"], found["name"], done, found["by"], moments.aware(found["at"]),
                 moments.aware(struck) if struck else None, found.get("struck_by", ""), found.get("why", ""))


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None
