"""The activity log: who changed what, when and from where. Entries are added and read, never changed.

Only MongoDB itself removes entries, by a TTL index, and only when an installation sets a retention.

One deed may leave many entries: one a record. The first says so (``begins``), and all others carry ``follows``, its
``_id``, so that an index finds, counts and pages deeds without looking at what followed. Entries from before have
neither.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

import bson
from bson import ObjectId
from bson.errors import BSONError
from pymongo import ASCENDING, DESCENDING
from pymongo.client_session import ClientSession
from pymongo.errors import OperationFailure

from backup_engine.records.folding import fold, pattern
from equipment.logs import deeds
from equipment.store import moments
from equipment.store.access import Db, Who, inside, require

ACTIVITY: Final = "equipment_activity"
BEGINS: Final = "begins"
FOLLOWS: Final = "follows"
RETENTION_INDEX: Final = "retention"
ABOUT_ACCOUNTS: Final = ("user.", "sign_in", "sign_out", "settings.")
PURGED: Final = "records.purge"
LARGEST_ENTRY: Final = 8 * 1024 * 1024
"""Before and after together; half of what one document may hold."""
_running: ContextVar[dict[str, ObjectId] | None] = ContextVar("deed", default=None)
"""The first entry of each action of the deed that runs."""


@dataclass(frozen=True)
class Change:
    """One thing that changed, for ``record_many``."""

    target: str
    before: Any = None
    after: Any = None
    note: str = ""


@dataclass(frozen=True)
class Filter:
    """What to show of the log; empty parts do not filter. *actions* are beginnings such as ``records.``."""

    names: tuple[str, ...] = ()
    actions: tuple[str, ...] = ()
    without: tuple[str, ...] = ()
    """Beginnings of actions to leave out."""
    exactly: tuple[str, ...] = ()
    """Whole actions, besides the beginnings."""
    target: str = ""
    targets: tuple[str, ...] | None = None
    """Any of these; none of them finds nothing, ``None`` does not filter."""
    text: str = ""
    since: datetime | None = None
    until: datetime | None = None

    def query(self) -> dict[str, Any]:
        """Give the filter as MongoDB understands it."""
        query: dict[str, Any] = {}
        if self.names:
            query["who"] = {"$in": list(self.names)}
        if self.actions or self.exactly:
            query["action"] = {"$regex": _beginning(self.actions, self.exactly)}
        if self.without:
            query.setdefault("action", {})["$not"] = re.compile(_beginning(self.without))
        if self.target:
            query["target"] = self.target
        elif self.targets is not None:
            query["target"] = {"$in": list(self.targets)}
        if self.since or self.until:
            query["at"] = {"$gte": self.since} if self.since else {}
            query["at"] |= {"$lt": self.until} if self.until else {}
        if self.text:
            containing = {"$regex": pattern(self.text), "$options": "i"}
            query["$or"] = [{name: containing} for name in ("who", "action", "target", "note")]
        return query


def readable(db: Db, who: Who, chosen: Filter) -> Filter:
    """Narrow *chosen* to what *who* may read: only who manages accounts reads of sign-ins and accounts.

    Raises ``PermissionDenied`` for somebody who may not read the log at all.
    """
    account = require(db, who, "activity.read")
    return chosen if account.may("users.manage") else replace(chosen, without=ABOUT_ACCOUNTS)


def record(
    db: Db, who: Who, action: str, target: str, *,
    before: Any = None, after: Any = None, note: str = "", session: ClientSession | None = None,
) -> None:
    """Add one entry and a line of the log. With *session* it becomes part of the caller's transaction: see ``told``."""
    record_many(db, who, action, [Change(target, before, after, note)], session=session)


def record_many(
    db: Db, who: Who, action: str, changes: Iterable[Change], *, session: ClientSession | None = None
) -> None:
    """Add one entry for each of *changes*, all with the same instant, person and action, and one line of the log.

    They are one deed, and so is all that is recorded within ``one_deed`` under the same action.
    """
    at, changes = moments.now(), list(changes)
    entries = [_entry(at, who, action, change) for change in changes]
    if entries:
        _bind(db, action, entries, session)
        db[ACTIVITY].insert_many(entries, **inside(session))
        if session is None:
            told(who, action, [change.target for change in changes], changes[0].note)


@contextmanager
def one_deed() -> Iterator[None]:
    """Let all that is recorded in this block be one deed, though it is written in many transactions."""
    if _running.get() is not None:
        yield
        return
    token = _running.set({})
    try:
        yield
    finally:
        _running.reset(token)


def first_of(action: str) -> ObjectId:
    """Give the ``_id`` that the first entry of the deed that runs will have; a new one outside of ``one_deed``."""
    running = _running.get()
    return ObjectId() if running is None else running.setdefault(action, ObjectId())


def told(who: Who, action: str, targets: Sequence[str], note: str = "") -> None:
    """Write the line of the log; for what was recorded inside a transaction, after it: it may be tried again, or fail.

    Nothing of what changed stands there: records are in the database and the backups only.
    """
    if targets:
        deeds.tell(action, who.name, who.address, targets[0], note, len(targets))


def of_target(db: Db, target: str, *, limit: int = 1000) -> list[dict[str, Any]]:
    """Give the entries about *target*, newest first."""
    return find(db, Filter(target=target), limit=limit)


def find(db: Db, chosen: Filter = Filter(), *, limit: int = 100, skip: int = 0) -> list[dict[str, Any]]:
    """Give entries newest first."""
    return list(stream(db, chosen, limit=limit, skip=skip))


def stream(db: Db, chosen: Filter, *, limit: int, skip: int = 0) -> Iterator[dict[str, Any]]:
    """Give entries newest first, one after the other."""
    cursor = db[ACTIVITY].find(chosen.query()).sort([("at", DESCENDING), ("_id", DESCENDING)])
    # Without a size MongoDB sends 16 MiB at once, which are 130 MB as dictionaries.
    for entry in cursor.skip(skip).limit(limit).batch_size(1_000):
        yield entry | {"at": moments.aware(entry["at"])}


def count(db: Db, chosen: Filter = Filter()) -> int:
    """Count the entries *chosen* lets through."""
    return db[ACTIVITY].count_documents(chosen.query())


def names(db: Db, chosen: Filter = Filter()) -> list[str]:
    """Give everybody who is in the entries *chosen* lets through, sorted."""
    # Of 1,000,000 entries each name is one step in the index; asked together with the filter it is all of them.
    found = [name for name in db[ACTIVITY].distinct("who")
             if not chosen.query() or db[ACTIVITY].find_one(chosen.query() | {"who": name}, {"_id": 1})]
    return sorted(map(str, found), key=lambda name: (fold(name), name))


def prepare(db: Db, *, retention_days: int = 0) -> None:
    """Create the log's indexes; *retention_days* above 0 lets MongoDB forget older entries, 0 keeps them all."""
    log = db[ACTIVITY]
    log.create_index([("target", ASCENDING), ("at", DESCENDING)])
    log.create_index([("who", ASCENDING), ("at", DESCENDING)])
    log.create_index([(FOLLOWS, ASCENDING), ("at", DESCENDING), ("_id", DESCENDING)], name="deeds")
    log.create_index([("before.ID", ASCENDING)], name="purged", partialFilterExpression={"action": PURGED})
    if log.index_information().get(RETENTION_INDEX, {}).get("expireAfterSeconds") != (retention_days * 86400 or None):
        _drop_retention(db)  # MongoDB refuses to create an index again with another span
    if retention_days > 0:
        log.create_index([("at", ASCENDING)], name=RETENTION_INDEX, expireAfterSeconds=retention_days * 86400)
    else:
        log.create_index([("at", DESCENDING), ("_id", DESCENDING)])


def _drop_retention(db: Db) -> None:
    try:
        db[ACTIVITY].drop_index(RETENTION_INDEX)
    except OperationFailure as error:
        if error.code != 27:  # IndexNotFound
            raise


def _entry(at: datetime, who: Who, action: str, change: Change) -> dict[str, Any]:
    before, after = _storable(change.before), _storable(change.after)
    if _size(before) + _size(after) > LARGEST_ENTRY:
        before, after = _stand_in(before), _stand_in(after)
    return {"at": at, "who": who.name, "address": who.address, "action": action, "target": change.target,
            "before": before, "after": after, "note": change.note}


def _bind(db: Db, action: str, entries: list[dict[str, Any]], session: ClientSession | None) -> None:
    """Name the first entry of the deed in all others of it."""
    running, first = _running.get(), first_of(action)
    # Asked of the database: a transaction that is tried again has taken its first entry back.
    begun = running is not None and db[ACTIVITY].find_one({"_id": first}, {"_id": 1}, **inside(session)) is not None
    for entry in entries if begun else entries[1:]:
        entry[FOLLOWS] = first
    if not begun:
        entries[0] |= {"_id": first, BEGINS: True}


def _beginning(words: tuple[str, ...], exactly: tuple[str, ...] = ()) -> str:
    return "^(" + "|".join([*map(re.escape, words), *(re.escape(word) + "$" for word in exactly)]) + ")"


def _storable(value: Any) -> Any:
    # A raw document is stored as it is: decoding could lose what makes it exact.
    return dict(value) if isinstance(value, Mapping) and not hasattr(value, "raw") else value


def _size(value: Any) -> int:
    if value is None:
        return 0
    try:
        return len(bson.encode({"v": value}))
    except BSONError:
        return LARGEST_ENTRY + 1


def _stand_in(value: Any) -> Any:
    """A change too large to keep twice is still noted; the record itself is in the backups."""
    return None if value is None else {"not kept": "too large for the log", "bytes": _size(value)}
