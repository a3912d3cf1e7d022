"""Imports and bulk edits that can be undone: of each record what it was before, and how it was left.

Undoing writes back only the records the deed touched, and only where they are still, byte for byte, what it left; the
others are named and stay. What it added goes to the trash. It is no restore: nothing else of the list changes, and
whoever may do the deed may undo it.

A deed is a document ``{_id, action, note, by, at, records, until}``; each record it touched one ``{deed, key, before,
after, until}``, where ``before`` is the record as BSON (none: it was added) and ``after`` the SHA-256 of what was left.
Both are written in the transaction of the deed itself, and forgotten by MongoDB after ``DAYS``.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from itertools import islice
from typing import Any, Final

from bson import Binary, ObjectId
from pymongo.client_session import ClientSession

from backup_engine.errors import BadInput, Cancelled
from backup_engine.model import SILENT, Watch
from backup_engine.mongo.guarded import Also, apply
from backup_engine.records.changes import Applied, Change
from equipment.domain.counting import number_of
from equipment.store import activity, moments
from equipment.store.access import Db, Who, inside, require
from equipment.store.list import keys, listing, records, trash
from equipment.store.list.listing import EQUIPMENT
from equipment.store.list.records import Entry

__all__ = ["DAYS", "UNDO", "Deed", "Undone", "begin", "deed", "deeds", "kept", "prepare", "touched", "undo"]

UNDO: Final = "equipment_undo"
DAYS: Final = 30
"""Days after which MongoDB forgets what it takes to undo something."""
AT_ONCE: Final = 1_000


@dataclass(frozen=True)
class Deed:
    """One import or bulk edit: what, by whom, when, and how many records it touched."""

    number: str
    action: str
    note: str
    by: str
    at: datetime
    records: int


@dataclass(frozen=True)
class Undone:
    """What came of it: records written back, moved to the trash, and why others stay, by their keys."""

    written: int
    trashed: int
    left: tuple[tuple[str, str], ...]

    @property
    def message(self) -> str:
        """One sentence for people."""
        parts = [f"{self.written:,} written back", f"{self.trashed:,} added ones moved to the trash"]
        stay = f" {len(self.left):,} stay as they are, because they were changed since." if self.left else ""
        return f"Undone: {', '.join(parts)}.{stay}"


def prepare(db: Db) -> None:
    """Create the indexes: to find a deed's records, and to forget them."""
    db[UNDO].create_index([("deed", 1), ("_id", 1)])
    db[UNDO].create_index([("until", 1)], expireAfterSeconds=0)


def begin(db: Db, who: Who, action: str, note: str) -> str:
    """Note that a deed begins; gives its number for ``kept``."""
    number = ObjectId()
    now = moments.now()
    db[UNDO].insert_one({"_id": number, "action": action, "note": note, "by": who.name, "at": now, "records": 0,
                         "until": now + timedelta(days=DAYS)})
    return str(number)


def kept(db: Db, number: str, also: Also) -> Also:
    """Give what writes, beside ``also``, what it takes to undo the changes, in the same transaction."""
    deed_id, until = ObjectId(number), moments.now() + timedelta(days=DAYS)

    def write(session: ClientSession | None, applied: list[Applied]) -> None:
        also(session, applied)
        entries = [_entry(deed_id, until, outcome) for outcome in applied if outcome.written]
        if entries:
            db[UNDO].insert_many(entries, **inside(session))
            db[UNDO].update_one({"_id": deed_id}, {"$inc": {"records": len(entries)}}, **inside(session))

    return write


def deed(db: Db, number: str) -> Deed | None:
    """Give a deed that can be undone, wholly or in part; None when it is undone, forgotten, or changed nothing."""
    found = db[UNDO].find_one({"_id": ObjectId(number), "action": {"$exists": True}})
    return None if found is None or found["records"] < 1 else _deed(found)


def deeds(db: Db, limit: int = 20) -> list[Deed]:
    """Give the last deeds that can be undone, newest first."""
    found = db[UNDO].find({"action": {"$exists": True}, "records": {"$gte": 1}}).sort("_id", -1).limit(limit)
    return [*map(_deed, found)]


def touched(db: Db, number: str) -> list[str]:
    """Give the keys of the records that a deed touched and that were not written back."""
    return [entry["key"] for entry in db[UNDO].find({"deed": ObjectId(number)}, {"key": 1}).sort("_id", 1)]


def undo(db: Db, who: Who, number: str, watch: Watch = SILENT) -> Undone:
    """Undo a deed. Raises ``BadInput`` when there is nothing to undo, ``PermissionDenied`` for whoever may not do the
    deed itself, and ``Cancelled`` between two thousands: the rest can be undone later."""
    known = deed(db, number)
    if known is None:
        raise BadInput("There is nothing to undo: it was undone before, or it was more than "
                       f"{DAYS} days ago.", hint="Compare with a backup under Restore Data.")
    require(db, who, known.action)
    written = trashed = 0
    left: list[tuple[str, str]] = []
    # from the newest on: of a record touched twice the last change is undone first
    with activity.one_deed():
        for group in _groups(db, number):
            try:
                watch.step("Undoing", written + trashed + len(left), known.records)
            except Cancelled:
                done = written + trashed
                undone = number_of(done, "record was", "records were")
                raise Cancelled(f"{undone} undone before, the rest was not") from None
            stored = {entry.key: entry for entry in records.entries(db, [entry["key"] for entry in group])}
            plan = [(entry, change) for entry in group
                    if (change := _back(entry, stored.get(entry["key"]), left)) is not None]
            for outcome in _written(db, who, known, plan):
                written += outcome.status == "updated"
                trashed += outcome.status == "deleted"
                if outcome.status not in ("updated", "deleted", "unchanged"):
                    left.append((keys.key_of(outcome.change.before or b""), outcome.why))
    activity.record(db, who, "records.undo", f"deed:{number}",
                    note=f"{known.note}: {written} written back, {trashed} to the trash, {len(left)} left")
    listing.wrote(db)
    return Undone(written, trashed, tuple(left))


def _deed(found: dict[str, Any]) -> Deed:
    return Deed(str(found["_id"]), found["action"], found["note"], found["by"], moments.aware(found["at"]),
                found["records"])


def _entry(deed_id: ObjectId, until: datetime, outcome: Applied) -> dict[str, Any]:
    change = outcome.change
    after = outcome.current if outcome.current is not None else change.after
    assert after is not None  # neither an import nor a bulk edit deletes
    return {"deed": deed_id, "key": keys.key_of(after), "before": Binary(change.before) if change.before else None,
            "after": Binary(sha256(after).digest()), "until": until}


def _groups(db: Db, number: str) -> Iterator[list[dict[str, Any]]]:
    newest = db[UNDO].find({"deed": ObjectId(number)}).sort("_id", -1)
    while group := list(islice(newest, AT_ONCE)):
        yield group


def _back(entry: dict[str, Any], stored: Entry | None, left: list[tuple[str, str]]) -> Change | None:
    if stored is None:
        left.append((entry["key"], "it is no longer in the list"))
        return None
    if sha256(stored.raw).digest() != bytes(entry["after"]):
        left.append((entry["key"], "it was changed since"))
        return None
    return Change(stored.raw, bytes(entry["before"]) if entry["before"] is not None else None)


def _written(
    db: Db, who: Who, known: Deed, plan: Sequence[tuple[dict[str, Any], Change]]
) -> list[Applied]:
    by_identity = {change.identity: entry for entry, change in plan}
    log = records.log_changes(db, who, "records.undo", known.note)

    def also(session: ClientSession | None, applied: list[Applied]) -> None:
        done = [outcome for outcome in applied if outcome.status in ("updated", "deleted", "unchanged")]
        trash.put(db, who, [outcome.change for outcome in done if outcome.status == "deleted"], session)
        log(session, applied)
        gone = [by_identity[outcome.change.identity]["_id"] for outcome in done]
        db[UNDO].delete_many({"_id": {"$in": gone}}, **inside(session))
        db[UNDO].update_one({"_id": ObjectId(known.number)}, {"$inc": {"records": -len(gone)}}, **inside(session))

    return apply(db[EQUIPMENT], [change for _, change in plan], also=also)
