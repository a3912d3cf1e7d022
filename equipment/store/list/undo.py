"""Deeds on the list that can be undone: of each record what it was before, and how it was left.

Undoing writes back only the records the deed touched, and only where they are still, byte for byte, what it left; the
others are named and stay. What it added goes to the trash, and what it moved to the trash comes back. It is no restore:
nothing else of the list changes. Whoever may do the deed may undo their own; another's takes the right to change many.

A deed is a document ``{_id, action, note, by, at, records, until, undone?}``, where ``_id`` is that of its first entry
in the activity log and ``undone`` is ``{by, at}``; each record it touched one ``{deed, key, before, after, until}``,
where ``before`` is the record as BSON (none: it was added) and ``after`` the SHA-256 of what was left, or ``{deed, key,
trashed, until}`` with the number of the entry in the trash. All are written in the transaction of the deed itself, and
forgotten by MongoDB after ``DAYS``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
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
from equipment.store.access import Account, Db, Who, inside, require
from equipment.store.list import keys, listing, records, trash
from equipment.store.list.listing import EQUIPMENT
from equipment.store.list.records import Entry

__all__ = ["DAYS", "UNDO", "Deed", "Undone", "begin", "deed", "deeds", "kept", "kept_moved", "may_undo", "prepare",
           "touched", "undo", "undone_by"]

UNDO: Final = "equipment_undo"
DAYS: Final = 30
"""Days after which MongoDB forgets what it takes to undo something."""
AT_ONCE: Final = 1_000
ACTION: Final = "records.undo"
OF_OTHERS: Final = "records.bulk_edit"
"""What it takes, beside the right for the deed, to undo somebody else's."""
OPEN: Final = {"action": {"$exists": True}, "records": {"$gte": 1}, "undone": {"$exists": False}}


@dataclass(frozen=True)
class Deed:
    """One deed: what, by whom, when, and how many records it touched."""

    number: str
    action: str
    note: str
    by: str
    at: datetime
    records: int


@dataclass
class Undone:
    """What came of it: how many records were written back, moved to the trash and brought back from it, and why others
    stay or have another ID now, by their keys."""

    written: int = 0
    trashed: int = 0
    back: int = 0
    left: list[tuple[str, str]] = field(default_factory=list)
    renumbered: list[tuple[str, str]] = field(default_factory=list)

    @property
    def done(self) -> int:
        """Count the records that were undone."""
        return self.written + self.trashed + self.back

    @property
    def message(self) -> str:
        """One sentence for people."""
        counts = {"written back": self.written, "added ones moved to the trash": self.trashed,
                  "brought back from the trash": self.back}
        parts = [f"{count:,} {what}" for what, count in counts.items() if count] or ["nothing"]
        few = len(self.left) == 1
        stay = f" {len(self.left):,} {'stays as it is' if few else 'stay as they are'}." if self.left else ""
        return f"Undone: {', '.join(parts)}.{stay}"


def prepare(db: Db) -> None:
    """Create the indexes: to find a deed's records, and to forget them."""
    db[UNDO].create_index([("deed", 1), ("_id", 1)])
    db[UNDO].create_index([("until", 1)], expireAfterSeconds=0)


def begin(db: Db, who: Who, action: str, note: str) -> str:
    """Note that a deed begins; gives its number for ``kept``. Within ``activity.one_deed`` it is that of the log."""
    number = activity.first_of(action)
    now = moments.now()
    db[UNDO].insert_one({"_id": number, "action": action, "note": note, "by": who.name, "at": now, "records": 0,
                         "until": now + timedelta(days=DAYS)})
    return str(number)


def kept(db: Db, number: str, also: Also) -> Also:
    """Give what writes, beside ``also``, what it takes to undo the changes, in the same transaction."""
    deed_id, until = ObjectId(number), moments.now() + timedelta(days=DAYS)

    def write(session: ClientSession | None, applied: list[Applied]) -> None:
        also(session, applied)
        _keep(db, deed_id, [_entry(deed_id, until, outcome) for outcome in applied if outcome.written], session)

    return write


def kept_moved(db: Db, number: str) -> Callable[[trash.Moved], None]:
    """Give what keeps the entries of the trash that a deed made, in the same transaction."""
    deed_id, until = ObjectId(number), moments.now() + timedelta(days=DAYS)

    def keep(moved: trash.Moved) -> None:
        _keep(db, deed_id, [{"deed": deed_id, "key": key, "trashed": entry, "until": until}
                            for key, entry in moved.numbers.items()], moved.session)

    return keep


def deed(db: Db, number: str) -> Deed | None:
    """Give a deed that can be undone, wholly or in part; None when it is undone, forgotten, or changed nothing."""
    found = db[UNDO].find_one({"_id": ObjectId(number), **OPEN})
    return None if found is None else _deed(found)


def undone_by(db: Db, number: str) -> tuple[str, datetime] | None:
    """Tell who has undone a deed, and when; None when nobody has, or it is forgotten."""
    found = db[UNDO].find_one({"_id": ObjectId(number), "undone": {"$exists": True}}, {"undone": 1})
    return None if found is None else (str(found["undone"]["by"]), moments.aware(found["undone"]["at"]))


def deeds(db: Db, limit: int = 20) -> list[Deed]:
    """Give the last deeds that can be undone, newest first."""
    return [*map(_deed, db[UNDO].find(OPEN).sort("_id", -1).limit(limit))]


def may_undo(account: Account, known: Deed) -> bool:
    """Tell whether the role allows to undo this deed (for showing or hiding; ``undo`` decides)."""
    return account.may(known.action) and (known.by == account.name or account.may(OF_OTHERS))


def touched(db: Db, number: str) -> list[str]:
    """Give the keys of the records that a deed touched and that were not written back."""
    return [entry["key"] for entry in db[UNDO].find({"deed": ObjectId(number)}, {"key": 1}).sort("_id", 1)]


def undo(
    db: Db, who: Who, number: str, watch: Watch = SILENT, *, also: Callable[[Also], Also] = lambda log: log
) -> Undone:
    """Undo a deed, once; ``also`` may add to what is written with the records that are written back.

    Raises ``BadInput`` when there is nothing to undo, ``PermissionDenied`` for whoever may not do the deed itself, or
    not change many records where it is another's, and ``Cancelled`` between two thousands: the rest can be undone
    later.
    """
    known = deed(db, number)
    if known is None:
        raise BadInput("There is nothing to undo: it was undone before, or it was more than "
                       f"{DAYS} days ago.", hint="Compare with a backup under Restore Data.")
    account = require(db, who, known.action)
    if known.by != account.name:
        require(db, who, OF_OTHERS)
    undone = Undone()
    # from the newest on: of a record touched twice the last change is undone first
    with activity.one_deed():
        for group in _groups(db, number):
            try:
                watch.step("Undoing", undone.done + len(undone.left), known.records)
            except Cancelled:
                count = number_of(undone.done, "record was", "records were")
                raise Cancelled(f"{count} undone before, the rest was not") from None
            before = len(undone.left)
            _write_back(db, who, known, [entry for entry in group if "trashed" not in entry], undone, also)
            _bring_back(db, who, known, [entry for entry in group if "trashed" in entry], undone)
            stay = [activity.Change(keys.target(key), note=f"stays as it is: {why}")
                    for key, why in undone.left[before:]]
            activity.record_many(db, who, ACTION, stay)
    # What stays is not kept to be undone later: a deed is undone once.
    db[UNDO].update_one({"_id": ObjectId(number)}, {"$set": {"undone": {"by": who.name, "at": moments.now()}}})
    db[UNDO].delete_many({"deed": ObjectId(number)})
    listing.wrote(db)
    return undone


def _deed(found: dict[str, Any]) -> Deed:
    return Deed(str(found["_id"]), found["action"], found["note"], found["by"], moments.aware(found["at"]),
                found["records"])


def _entry(deed_id: ObjectId, until: datetime, outcome: Applied) -> dict[str, Any]:
    change = outcome.change
    after = outcome.current if outcome.current is not None else change.after
    assert after is not None  # what goes to the trash is kept by kept_moved
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


def _write_back(
    db: Db, who: Who, known: Deed, group: Sequence[dict[str, Any]], undone: Undone, beside: Callable[[Also], Also]
) -> None:
    if not group:
        return
    stored = {entry.key: entry for entry in records.entries(db, [entry["key"] for entry in group])}
    plan = [(entry, change) for entry in group
            if (change := _back(entry, stored.get(entry["key"]), undone.left)) is not None]
    by_identity = {change.identity: entry for entry, change in plan}
    log = beside(records.log_changes(db, who, ACTION, known.note))

    def also(session: ClientSession | None, applied: list[Applied]) -> None:
        done = [outcome for outcome in applied if outcome.status in ("updated", "deleted", "unchanged")]
        trash.put(db, who, [outcome.change for outcome in done if outcome.status == "deleted"], session)
        log(session, applied)
        _forget(db, known, [by_identity[outcome.change.identity] for outcome in done], session)

    for outcome in apply(db[EQUIPMENT], [change for _, change in plan], also=also):
        undone.written += outcome.status == "updated"
        undone.trashed += outcome.status == "deleted"
        if outcome.status not in ("updated", "deleted", "unchanged"):
            undone.left.append((keys.key_of(outcome.change.before or b""), outcome.why))


def _bring_back(db: Db, who: Who, known: Deed, group: Sequence[dict[str, Any]], undone: Undone) -> None:
    if not group:
        return
    by_key = {str(entry["key"]): entry for entry in group}

    def forgetting(also: Also) -> Also:
        def write(session: ClientSession | None, applied: list[Applied]) -> None:
            also(session, applied)
            _forget(db, known, [by_key[keys.key_of(outcome.change.after or b"")] for outcome in applied
                                if outcome.status in ("inserted", "unchanged")], session)

        return write

    numbers = [str(entry["trashed"]) for entry in group]
    for saved in trash.bring_back(db, who, numbers, action=ACTION, also=forgetting):
        del by_key[saved.key]
        undone.back += saved.status == "inserted"
        if saved.status not in ("inserted", "unchanged"):
            undone.left.append((saved.key, saved.why))
        elif saved.why and saved.status == "inserted":
            undone.renumbered.append((saved.key, saved.why))
    undone.left += [(key, "it is no longer where it was put in the trash") for key in by_key]


def _keep(db: Db, deed_id: ObjectId, entries: Sequence[dict[str, Any]], session: ClientSession | None) -> None:
    if entries:
        db[UNDO].insert_many(entries, **inside(session))
        db[UNDO].update_one({"_id": deed_id}, {"$inc": {"records": len(entries)}}, **inside(session))


def _forget(db: Db, known: Deed, entries: Sequence[dict[str, Any]], session: ClientSession | None) -> None:
    db[UNDO].delete_many({"_id": {"$in": [entry["_id"] for entry in entries]}}, **inside(session))
    db[UNDO].update_one({"_id": ObjectId(known.number)}, {"$inc": {"records": -len(entries)}}, **inside(session))
