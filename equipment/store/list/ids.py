"""The lowest free IDs, without two records ever getting the same one.

Numbers are held in ranges, all in one document, which is only written as it was seen: of two who want the same ones
the later looks again. 100,000 numbers are one entry; one document for each took 700 s. Then the list and the trash are
asked once more, because someone may have used a number just before. IDs in the trash count as taken, so that a record
can come back under its own, and so do those of purged records: the label of one may still stick on something.
Who brings numbers, in a file or typed, holds these too, or somebody would be given the same before both are written.

Who holds numbers says so again every 30 s. After two minutes without it, as of a process that died, others may have
them; so each batch of records is written together with the question whether its numbers are still held, in one
transaction. A process that was stopped for an hour writes nothing under them any more: it takes others for what is
left. When that was is told by the server's clock and not by those of the processes, which may differ; should that one
jump, numbers change hands once more and still no two records get the same.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Set
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from bson import ObjectId
from pymongo import MongoClient
from pymongo.client_session import ClientSession
from pymongo.errors import DuplicateKeyError, PyMongoError

from backup_engine.errors import HeldByOthers
from backup_engine.mongo.guarded import Also
from backup_engine.records.changes import Applied
from backup_engine.records.live_profile import key_text
from equipment.domain.record import ID, text
from equipment.store import activity, moments
from equipment.store.access import Db, inside
from equipment.store.list import listing
from equipment.store.list.indexing.forgiving import forgiving
from equipment.store.list.listing import EQUIPMENT

__all__ = ["ABANDONED", "RESERVED", "TRASH", "Lost", "Reserved", "held", "reserve"]

RESERVED: Final = "equipment_reserved_ids"
RANGES: Final = "ranges"
TRASH: Final = "Equipment_trash"
ABANDONED: Final = timedelta(minutes=2)
"""Numbers for which nobody has said for so long that they are held were left by a process that died."""
RENEWED_SECONDS: Final = 30.0
TRIES: Final = 100
MANY: Final = 1_000
"""Numbers for which the collections are read whole, 0.15 s for 100,000 records: a question for each thousand of them
reads as much, since IDs have no index. For fewer the list in memory is asked, which the processes of pages have."""
MOST_RANGES: Final = 10_000
"""Of one who holds: about 300 KB of the one document, which may have 16 MB."""
Ranges = list[list[int]]
"""Pairs of a first and a last number."""
_GIVEN_AWAY: Final = ("The numbers that were held for these records were given to others, because this process stood "
                      "still for more than two minutes.")


class Lost(HeldByOthers):
    """The numbers are no longer held and nothing was written under them: ``Reserved.take_again`` gives others."""


@dataclass(frozen=True)
class Reserved:
    """Numbers that nobody else gets while they are held."""

    db: Db
    numbers: list[int]
    token: ObjectId = field(default_factory=ObjectId)
    besides: frozenset[int] = frozenset()

    def __iter__(self) -> Iterator[int]:
        """Give the numbers. Raises ``Lost`` when they are no longer held, asked before each ``MANY``: a server without
        transactions can ask only before and after it writes."""
        for place, number in enumerate(self.numbers):
            if place and place % MANY == 0 and not _renew(self.db, self.token):
                raise Lost(_GIVEN_AWAY)
            yield number

    def take_again(self, count: int) -> None:
        """Hold the ``count`` lowest free ones in place of those that were lost. Raises what ``reserve`` raises."""
        _take(self, count)

    def guarding(self, also: Also) -> Also:
        """Give what asks in the transaction of the records, after ``also``, whether the numbers are still held; it
        raises ``Lost`` when they are not, and the batch is taken back. Where there are no transactions nothing is, and
        it raises ``HeldByOthers``: to write the batch again would double it."""

        def write(session: ClientSession | None, applied: list[Applied]) -> None:
            also(session, applied)
            # last, because others who want numbers wait for the transaction from here on
            if (self.numbers or self.besides) and not _renew(self.db, self.token, session):
                raise (Lost if session else HeldByOthers)(_GIVEN_AWAY, hint="Do it again: what was written stays.")

        return write


@contextmanager
def reserve(db: Db, count: int, besides: Iterable[str] = ()) -> Iterator[Reserved]:
    """Hold the ``count`` lowest free IDs while records with them are added, and those ``besides`` that others bring.

    Raises ``HeldByOthers`` when others take numbers all the time, or hold one of those ``besides``.
    """
    reserved = Reserved(db, [], besides=frozenset(_numbers_in(besides)))
    if not count and not reserved.besides:
        yield reserved
        return
    _take(reserved, count)
    over = threading.Event()
    threading.Thread(target=_keep, args=(reserved, over), name="reserved-ids", daemon=True).start()
    try:
        yield reserved
    finally:
        over.set()
        _release(db, reserved.token)


def held(db: Db, wanted: Set[str]) -> set[str]:
    """Give those of some IDs, written as ``live_profile.key_text`` does, that records of the list or the trash have, or
    that somebody holds who is adding records."""
    elsewhere = _elsewhere(_others(_document(db), _now(db))) if wanted else set[int]()
    return {known for each in _in_use(db, len(wanted)) if (known := key_text(each)) in wanted} | {
        each for each in wanted if _numbers_in((each,)) & elsewhere}


def _take(reserved: Reserved, count: int) -> None:
    """Hold the lowest free ones, and again lower or higher ones for those that somebody used at this moment."""
    taken = _taken(reserved.db, count) if count else set[int]()
    for _ in range(TRIES):
        if not _hold(reserved, count, taken):
            continue
        used = _used_meanwhile(reserved.db, reserved.numbers)
        if not used:
            return
        taken |= used
    _release(reserved.db, reserved.token)
    raise HeldByOthers("Others take numbers for new records all the time.", hint="Try again.")


def _hold(reserved: Reserved, count: int, taken: set[int]) -> bool:
    """Write down that the numbers are held; False when somebody else wrote down theirs at this moment."""
    document, now = _document(reserved.db), _now(reserved.db)
    others = [entry for entry in _others(document, now) if entry["token"] != reserved.token]
    elsewhere = _elsewhere(others)
    if clash := reserved.besides & elsewhere:
        raise HeldByOthers(f"The ID {min(clash)} is held by somebody who is adding records at this moment.",
                           hint="Try again.")
    numbers = _lowest(count, taken.union(elsewhere, reserved.besides))
    entry = {"token": reserved.token, "ranges": _ranges(sorted(reserved.besides.union(numbers))), "at": now}
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


def _document(db: Db) -> dict[str, Any]:
    return db[RESERVED].find_one({"_id": RANGES}) or {}


def _others(document: dict[str, Any], now: datetime) -> list[dict[str, Any]]:
    """Give what is held by those who have said so lately."""
    since = moments.aware(now) - ABANDONED
    return [entry for entry in document.get("held", ()) if moments.aware(entry["at"]) >= since]


def _elsewhere(entries: Iterable[dict[str, Any]]) -> set[int]:
    return set[int]().union(*(range(first, last + 1) for entry in entries for first, last in entry["ranges"]))


def _renew(db: Db, token: ObjectId, session: ClientSession | None = None) -> bool:
    """Say that the numbers are still held; False when they are not."""
    found = db[RESERVED].update_one({"_id": RANGES, "held.token": token}, {"$set": {"held.$.at": _now(db)}},
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
    """Write ascending numbers as ranges, with more and more of the gaps between them where these are too many."""
    gap = 1
    while len(ranges := _joined(numbers, gap)) > MOST_RANGES:
        gap *= 2
    return ranges


def _joined(numbers: list[int], gap: int) -> Ranges:
    ranges: Ranges = []
    for number in numbers:
        if ranges and number - ranges[-1][1] <= gap:
            ranges[-1][1] = number
        else:
            ranges.append([number, number])
    return ranges


def _now(db: Db) -> datetime:
    """Give the server's time; the stand-in in memory has none of its own."""
    if not isinstance(db.client, MongoClient):
        return moments.now()
    told: datetime = db.client.admin.command("hello")["localTime"]
    return told


def _taken(db: Db, count: int) -> set[int]:
    purged = (str(entry.get("before", {}).get(ID, ""))
              for entry in db[activity.ACTIVITY].find({"action": activity.PURGED}, {f"before.{ID}": 1}))
    listed = _numbers_in(_stored(db)) if count > MANY else {*listing.sheet(db).whole_numbers(ID).tolist()}
    return {*listed, *_numbers_in((*_in_trash(db), *purged))}


def _in_use(db: Db, count: int) -> Iterator[str]:
    """Give the IDs of the records in the list and in the trash, as texts, for whoever looks for ``count`` of them."""
    yield from _stored(db) if count > MANY else listing.sheet(db).values(ID)
    yield from _in_trash(db)


def _in_trash(db: Db) -> Iterator[str]:
    yield from (str(entry.get("record", {}).get(ID, "")) for entry in db[TRASH].find({}, {f"record.{ID}": 1}))


def _stored(db: Db) -> Iterator[str]:
    """Read the IDs of the list from the server, as the list in memory has them."""
    equipment = forgiving(db[EQUIPMENT])
    return (text(record.get(ID)) for record in equipment.find({}, {ID: 1, "_id": 0}))


def _numbers_in(texts: Iterable[str]) -> set[int]:
    return {int(each) for each in texts if each.isascii() and each.strip().isdigit()}


def _used_meanwhile(db: Db, numbers: list[int]) -> set[int]:
    if len(numbers) > MANY:
        return _numbers_in(_in_use(db, len(numbers))) & set(numbers)
    spelled: list[Any] = [*numbers, *map(str, numbers)]
    used = {int(record[ID]) for record in db[EQUIPMENT].find({ID: {"$in": spelled}}, {ID: 1})}
    trashed = db[TRASH].find({f"record.{ID}": {"$in": spelled}}, {f"record.{ID}": 1})
    used |= {int(entry["record"][ID]) for entry in trashed}
    return used & set(numbers)
