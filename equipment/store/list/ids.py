"""The lowest free IDs, without two records ever getting the same one.

Numbers are held in ranges, all in one document, which is only written as it was seen: of two who want the same ones
the later looks again. 100,000 numbers are one entry; one document for each took 700 s. Then the list and the trash are
asked once more, because someone may have used a number just before. IDs in the trash count as taken, so that a record
can come back under its own, and so do those of purged records: the label of one may still stick on something.

Who holds numbers says so again every 30 s. After two minutes without it, as of a process that died, others may have
them; so each batch of records is written together with the question whether its numbers are still held, in one
transaction. A process that was stopped for an hour writes nothing any more.
"""

from __future__ import annotations

import threading
from collections.abc import Container, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final

from bson import ObjectId
from pymongo.client_session import ClientSession
from pymongo.errors import DuplicateKeyError, PyMongoError

from backup_engine.errors import Busy
from backup_engine.mongo.guarded import Also
from backup_engine.records.changes import Applied
from backup_engine.records.live_profile import key_text
from equipment.domain.record import ID
from equipment.store import activity, moments
from equipment.store.access import Db, inside
from equipment.store.list import listing
from equipment.store.list.listing import EQUIPMENT

__all__ = ["ABANDONED", "RESERVED", "TRASH", "Reserved", "held", "reserve"]

RESERVED: Final = "equipment_reserved_ids"
RANGES: Final = "ranges"
TRASH: Final = "Equipment_trash"
ABANDONED: Final = timedelta(minutes=2)
"""Numbers for which nobody has said for so long that they are held were left by a process that died."""
RENEWED_SECONDS: Final = 30.0
TRIES: Final = 100
AT_ONCE: Final = 10_000
Ranges = list[list[int]]
"""Pairs of a first and a last number."""


@dataclass(frozen=True)
class Reserved:
    """Numbers that nobody else gets while they are held."""

    db: Db
    numbers: list[int]
    token: ObjectId = field(default_factory=ObjectId)

    def __iter__(self) -> Iterator[int]:
        return iter(self.numbers)

    def guarding(self, also: Also) -> Also:
        """Give what asks in the transaction of the records, after ``also``, whether the numbers are still held; it
        raises ``Busy`` when they are not, and the batch is taken back."""

        def write(session: ClientSession | None, applied: list[Applied]) -> None:
            also(session, applied)
            # last, because others who want numbers wait for the transaction from here on
            if self.numbers and not _renew(self.db, self.token, session):
                raise Busy("the numbers that were held for these records were given to others, because this process "
                           "stood still for more than two minutes", hint="Do it again: what was written stays.")

        return write


@contextmanager
def reserve(db: Db, count: int, besides: Iterable[str] = ()) -> Iterator[Reserved]:
    """Hold the ``count`` lowest free IDs while records with them are added, and others that bring those ``besides``.

    Raises ``Busy`` when others take numbers all the time.
    """
    reserved = Reserved(db, [])
    if not count:
        yield reserved
        return
    _take(reserved, count, _numbers_in(besides))
    over = threading.Event()
    threading.Thread(target=_keep, args=(reserved, over), name="reserved-ids", daemon=True).start()
    try:
        yield reserved
    finally:
        over.set()
        _release(db, reserved.token)


def held(db: Db, wanted: Container[str]) -> set[str]:
    """Give those of some IDs, written as ``live_profile.key_text`` does, that records of the list or the trash have."""
    return {text for each in (*listing.sheet(db).values(ID), *_in_trash(db)) if (text := key_text(each)) in wanted}


def _take(reserved: Reserved, count: int, besides: set[int]) -> None:
    """Hold the lowest free ones, and again lower or higher ones for those that somebody used at this moment."""
    taken = _taken(reserved.db) | besides
    for _ in range(TRIES):
        if not _hold(reserved, count, taken):
            continue
        used = _used_meanwhile(reserved.db, reserved.numbers)
        if not used:
            return
        taken |= used
    _release(reserved.db, reserved.token)
    raise Busy("others take numbers for new records all the time", hint="Try again.")


def _hold(reserved: Reserved, count: int, taken: set[int]) -> bool:
    """Write down that the numbers are held; False when somebody else wrote down theirs at this moment."""
    document = reserved.db[RESERVED].find_one({"_id": RANGES}) or {}
    now = moments.now()
    others = [entry for entry in document.get("held", ())
              if entry["token"] != reserved.token and moments.aware(entry["at"]) >= moments.aware(now) - ABANDONED]
    elsewhere = (range(first, last + 1) for entry in others for first, last in entry["ranges"])
    numbers = _lowest(count, taken.union(*elsewhere))
    entry = {"token": reserved.token, "ranges": _ranges(numbers), "at": now}
    version = document.get("version")
    change = {"$set": {"held": [*others, entry], "version": (version or 0) + 1}}
    try:
        done = reserved.db[RESERVED].update_one({"_id": RANGES, "version": version}, change, upsert=version is None)
    except DuplicateKeyError:  # somebody made the document at this moment
        return False
    if not (done.matched_count or done.upserted_id is not None):
        return False
    reserved.numbers[:] = numbers
    return True


def _renew(db: Db, token: ObjectId, session: ClientSession | None = None) -> bool:
    """Say that the numbers are still held; False when they are not."""
    found = db[RESERVED].update_one({"_id": RANGES, "held.token": token}, {"$set": {"held.$.at": moments.now()}},
                                    **inside(session))
    return bool(found.matched_count)


def _keep(reserved: Reserved, over: threading.Event) -> None:
    while not over.wait(RENEWED_SECONDS):
        try:
            _renew(reserved.db, reserved.token)
        except PyMongoError:  # the next time, or the write itself, will tell
            continue


def _release(db: Db, token: ObjectId) -> None:
    db[RESERVED].update_one({"_id": RANGES}, {"$pull": {"held": {"token": token}}, "$inc": {"version": 1}})


def _lowest(count: int, unfree: set[int]) -> list[int]:
    numbers: list[int] = []
    candidate = 0
    while len(numbers) < count:
        candidate += 1
        if candidate not in unfree:
            numbers.append(candidate)
    return numbers


def _ranges(numbers: list[int]) -> Ranges:
    ranges: Ranges = []
    for number in numbers:
        if ranges and ranges[-1][1] == number - 1:
            ranges[-1][1] = number
        else:
            ranges.append([number, number])
    return ranges


def _taken(db: Db) -> set[int]:
    purged = (str(entry.get("before", {}).get(ID, ""))
              for entry in db[activity.ACTIVITY].find({"action": activity.PURGED}, {f"before.{ID}": 1}))
    return {*listing.sheet(db).whole_numbers(ID).tolist(), *_numbers_in((*_in_trash(db), *purged))}


def _in_trash(db: Db) -> Iterator[str]:
    yield from (str(entry.get("record", {}).get(ID, "")) for entry in db[TRASH].find({}, {f"record.{ID}": 1}))


def _numbers_in(texts: Iterable[str]) -> set[int]:
    return {int(text) for text in texts if text.isascii() and text.strip().isdigit()}


def _used_meanwhile(db: Db, numbers: list[int]) -> set[int]:
    used: set[int] = set()
    for start in range(0, len(numbers), AT_ONCE):
        some = numbers[start:start + AT_ONCE]
        spelled: list[Any] = [*some, *map(str, some)]
        used |= {int(record[ID]) for record in db[EQUIPMENT].find({ID: {"$in": spelled}}, {ID: 1})}
        used |= {int(entry["record"][ID])
                 for entry in db[TRASH].find({f"record.{ID}": {"$in": spelled}}, {f"record.{ID}": 1})}
    return used & set(numbers)
