"""The trash: records taken from the list, whole and exact, until they are brought back or an administrator purges them.

An entry is ``{_id, record, by, at}`` where ``record`` is the document byte for byte. Moving there and back are single
transactions with the list, so a record is always in exactly one of the two.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final

import bson
from bson.objectid import ObjectId
from bson.raw_bson import RawBSONDocument
from pymongo.client_session import ClientSession
from pymongo.collection import Collection

from backup_engine.errors import BadInput, HeldByOthers
from backup_engine.mongo.guarded import Also, apply
from backup_engine.records import raw
from backup_engine.records.changes import Applied, Change
from equipment.domain.counting import number_of
from equipment.store import activity, moments
from equipment.store.access import Db, Who, inside, require
from equipment.store.list import column_values, keys, listing, returning
from equipment.store.list.ids import TRASH
from equipment.store.list.listing import EQUIPMENT
from equipment.store.list.records import Entry, Saved

__all__ = ["TRASH", "Deletion", "Moved", "Trashed", "bring_back", "count", "documents", "entries", "last_deletion",
           "move", "purge", "put"]

WORD: Final = "DELETE"
"""What an administrator types to purge."""
BRING_BACK: Final = "records.bring_back"
TRIES: Final = 20
SCRUB_SECONDS: Final = 120.0
"""For the next generation of the list's index, 8 s with 1,000,000 records, and for others to go on with it."""


GAP = timedelta(seconds=10)
"""Between two entries of one deletion: bulk work moves a thousand records at a time, each thousand within 2 s."""
MOST = 10_000
"""Records of one deletion that are looked at."""


class _Gone(Exception):
    """An entry is not in the trash any more: the transaction is undone and done again without it."""


@dataclass(frozen=True)
class Trashed:
    """One record in the trash: ``number`` names the entry, ``entry`` is the record."""

    number: str
    entry: Entry
    by: str
    at: datetime
    is_live: bool = False
    """Whether the list has the record again, in another version: it cannot come back beside that."""


@dataclass(frozen=True)
class Moved:
    """Entries that were made in the trash, by the keys of their records, and the transaction that made them."""

    numbers: Mapping[str, ObjectId]
    session: ClientSession | None


@dataclass(frozen=True)
class Deletion:
    """Records that somebody moved to the trash in one go, named by their entries."""

    numbers: tuple[str, ...]
    by: str
    at: datetime


def last_deletion(db: Db) -> Deletion | None:
    """Give the last one, without records that the list has again; None when nothing of it is left."""
    found: list[tuple[str, Any, str, datetime]] = []
    for entry in db[TRASH].find({}, {"by": 1, "at": 1, "record._id": 1}, sort=[("at", -1), ("_id", -1)], limit=MOST):
        number, by, at = str(entry["_id"]), str(entry["by"]), moments.aware(entry["at"])
        if found and (by != found[-1][2] or found[-1][3] - at > GAP):
            break
        found.append((number, entry["record"]["_id"], by, at))
    if not found:
        return None
    wanted = {"_id": {"$in": [identity for _, identity, _, _ in found]}}
    there = {bson.encode(document) for document in db[EQUIPMENT].find(wanted, {"_id": 1})}  # an _id may be a document
    gone = tuple(number for number, identity, _, _ in found if bson.encode({"_id": identity}) not in there)
    return Deletion(gone, found[0][2], found[0][3]) if gone else None


def move(
    db: Db, who: Who, seen: Sequence[Entry], *, note: str = "", keep: Callable[[Moved], None] = lambda _: None
) -> list[Saved]:
    """Move records to the trash; what someone changed since it was seen stays in the list as a conflict.

    ``keep`` is told of each thousand in the transaction that moves it.
    """
    require(db, who, "records.delete")

    def also(session: ClientSession | None, applied: list[Applied]) -> None:
        gone = [outcome.change for outcome in applied if outcome.status == "deleted"]
        numbers = put(db, who, gone, session)
        keep(Moved({keys.key_of(change.before or b""): number for change, number in zip(gone, numbers, strict=True)},
                   session))
        entries_of_log = [activity.Change(keys.target(keys.key_of(change.before or b"")), note=note) for change in gone]
        activity.record_many(db, who, "records.delete", entries_of_log, session=session)

    with activity.one_deed():
        applied = apply(db[EQUIPMENT], [Change(entry.raw, None) for entry in seen], also=also)
    activity.told(who, "records.delete", [keys.target(entry.key) for entry, outcome in zip(seen, applied, strict=True)
                                          if outcome.status == "deleted"], note)
    listing.touch(db, [entry.key for entry in seen])
    return [Saved(entry.key, outcome.status, None if outcome.status == "deleted" else entry, outcome.why)
            for entry, outcome in zip(seen, applied, strict=True)]


def put(db: Db, who: Who, gone: Sequence[Change], session: ClientSession | None) -> list[ObjectId]:
    """Add records to the trash that leave the list in the same transaction; gives the numbers of the entries."""
    entries = [_to_entry(db, change, who) for change in gone]
    if entries:
        db[TRASH].insert_many(entries, **inside(session))
    return [entry["_id"] for entry in entries]


def entries(db: Db, *, limit: int = 500, skip: int = 0) -> list[Trashed]:
    """Give what is in the trash, last moved first. What the list has again byte for byte is not shown."""
    again = returning.again(db)
    where: dict[str, Any] = {"_id": {"$nin": list(again.same)}} if again.same else {}
    found = [_from_entry(document) for document in _raw(db, where, limit=limit, skip=skip)]
    return [replace(trashed, is_live=trashed.number in again.otherwise) for trashed in found]


def documents(db: Db) -> Iterator[bytes]:
    """Give every record in the trash as raw BSON."""
    # [1:]: an element begins with the byte of its type.
    return (dict(raw.elements(document))[b"record"][1:] for document in _raw(db, {}))


def count(db: Db) -> int:
    """Count what ``entries`` shows."""
    return int(db[TRASH].count_documents({})) - len(returning.again(db).same)


def bring_back(
    db: Db, who: Who, numbers: Sequence[str], *, action: str = BRING_BACK,
    also: Callable[[Also], Also] = lambda log: log
) -> list[Saved]:
    """Put records back into the list exactly as they were, and with them what a column brought back has for them.

    One whose ID another record has by now gets a free one, and says so. A record whose ``_id`` is in the list again (a
    restore may have brought it) stays in the trash as a conflict. What somebody else has brought back or purged at this
    moment is left out. Raises ``HeldByOthers`` when others take numbers for new records all the time. ``action`` is
    what the activity log says; ``also`` may add to what is written with it.
    """
    require(db, who, "records.delete")
    for _ in range(TRIES):
        try:
            return _bring_back(db, who, _chosen(db, numbers), action, also)
        except _Gone:
            continue
    raise BadInput("Others are bringing back the same records.", hint="Look at the trash again.")


def _bring_back(
    db: Db, who: Who, wanted: Sequence[Trashed], action: str, also: Callable[[Also], Also]
) -> list[Saved]:
    by_identity = {raw.id_of(trashed.entry.raw): trashed for trashed in wanted}

    def write(session: ClientSession | None, applied: list[Applied]) -> None:
        # "unchanged": the list has the very same record again.
        back = [by_identity[outcome.change.identity] for outcome in applied
                if outcome.status in ("inserted", "unchanged")]
        numbers = [ObjectId(trashed.number) for trashed in back]
        # An entry read a moment ago may have gone to the list and come back under another number: putting its record
        # into the list once more left it in both, in 9 of 75 backups beside three writers.
        if db[TRASH].delete_many({"_id": {"$in": numbers}}, **inside(session)).deleted_count != len(back):
            raise _Gone
        column_values.arrived(db, [raw.id_of(trashed.entry.raw) for trashed in back], session)
        activity.record_many(db, who, action, _log_of(back, coming.said), session=session)

    completed = column_values.completed(db, [trashed.entry.raw for trashed in wanted])
    live = returning.there(db, completed)
    with returning.numbered(db, completed, live) as coming, activity.one_deed():
        changes = [Change(None, document) for document in coming.documents]
        applied = apply(db[EQUIPMENT], changes, also=coming.guarding(also(write)))
    activity.told(who, action, [
        keys.target(trashed.entry.key) for trashed, outcome in zip(wanted, applied, strict=True)
        if outcome.status in ("inserted", "unchanged")])
    listing.touch(db, [trashed.entry.key for trashed in wanted])
    return [Saved(trashed.entry.key, outcome.status, trashed.entry, _why(outcome, coming.said))
            for trashed, outcome in zip(wanted, applied, strict=True)]


def _why(outcome: Applied, said: Mapping[bytes, str]) -> str:
    if outcome.status == "unchanged":
        return "It is in the list already, as it was here."
    if outcome.status == "conflict":
        return "It is in the list already, in another version."
    return said.get(outcome.change.identity, outcome.why)


def purge(db: Db, who: Who, numbers: Sequence[str]) -> int:
    """Delete records from the trash for good; the activity log keeps what they held. Give how many went.

    Raises ``HeldByOthers`` when they went and files of the list's index, which hold texts of records that were in the
    list some time ago, are still read by another process.
    """
    require(db, who, "records.purge")
    wanted = _chosen(db, numbers)
    logged = [activity.Change(keys.target(trashed.entry.key), trashed.entry.record) for trashed in wanted]
    # Before the deletion: a crash in between must not lose what the records held.
    activity.record_many(db, who, "records.purge", logged)
    gone = int(db[TRASH].delete_many({"_id": {"$in": [ObjectId(trashed.number) for trashed in wanted]}}).deleted_count)
    if not listing.scrub(db, SCRUB_SECONDS):
        raise HeldByOthers(f"{number_of(gone, 'record is', 'records are')} deleted for good, and not yet out of the "
                           "files of the list's index: another process of this machine still reads them.",
                           hint="They go within half an hour, or when it ends.")
    return gone


def _chosen(db: Db, numbers: Sequence[str]) -> list[Trashed]:
    chosen = {"_id": {"$in": [ObjectId(number) for number in numbers]}}
    newest_first = [_from_entry(document) for document in _raw(db, chosen)]
    # From the oldest on, so that of two entries of one record the last moved stays.
    return list({trashed.entry.key: trashed for trashed in reversed(newest_first)}.values())


def _log_of(back: Sequence[Trashed], said: Mapping[bytes, str]) -> list[activity.Change]:
    return [activity.Change(keys.target(trashed.entry.key), note=" ".join(filter(None, (
        f"moved to the trash by {trashed.by}.", said.get(raw.id_of(trashed.entry.raw), ""))))) for trashed in back]


def _to_entry(db: Db, change: Change, who: Who) -> dict[str, Any]:
    assert change.before is not None
    exact = isinstance(db[TRASH], Collection)
    record: Any = RawBSONDocument(change.before) if exact else bson.decode(change.before)
    return {"_id": ObjectId(), "record": record, "by": who.name, "at": moments.now()}


def _from_entry(document: bytes) -> Trashed:
    fields = dict(raw.elements(document))
    record = fields[b"record"][1:]
    number, by, at = (raw.value_of(fields[name]) for name in (b"_id", b"by", b"at"))
    return Trashed(str(number), Entry(keys.key_of(record), record), by, moments.aware(at))


def _raw(db: Db, where: dict[str, Any], *, limit: int = 0, skip: int = 0) -> list[bytes]:
    newest: list[tuple[str, int]] = [("at", -1), ("_id", -1)]
    if isinstance(db[TRASH], Collection):
        batches: Any = db[TRASH].find_raw_batches(where, sort=newest, limit=limit, skip=skip)
        return [document for batch in batches for document in raw.documents_of(batch)]
    return [bson.encode(document) for document in db[TRASH].find(where, sort=newest, limit=limit, skip=skip)]

