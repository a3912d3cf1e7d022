"""What a restore or a drill is doing, written down in MongoDB before it is done.

One document per operation in ``backup_restore_journal``, always with majority and journal write concern. After a
crash ``recovery`` reads the running ones: which collections were made, which were to replace which, what was saved.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any, Literal

from bson import Timestamp
from pymongo import ReturnDocument, WriteConcern
from pymongo.collection import Collection
from pymongo.database import Database
from pymongo.read_concern import ReadConcern

from backup_engine.mongo.capabilities import answers_commands, database_errors
from backup_engine.records.raw import PYTHON

__all__ = ["COLLECTION", "Entry", "Swap", "advance", "beat", "changes", "close", "exists", "fence", "last_changed",
           "new_id", "note", "running", "start"]

COLLECTION = "backup_restore_journal"
DURABLE = WriteConcern(w="majority", j=True, wtimeout=15_000)
KEPT = 200
"""Finished entries that stay, for the audit trail, for the table of restores and for Undo."""

Status = Literal["running", "done", "stopped"]
Doc = dict[str, Any]


@dataclass(frozen=True)
class Swap:
    """One collection to be replaced: the live name, the staging name, and from R5 on both UUIDs."""

    key: str
    live: str
    staging: str
    live_uuid: bytes | None = None
    staging_uuid: bytes | None = None


@dataclass(frozen=True)
class Entry:
    """One operation. ``changed`` says whether live data is not what it was."""

    id: str
    kind: Literal["replace", "merge", "undo", "drill"]
    backup_id: str
    label: str
    actor: str
    started: datetime
    swaps: tuple[Swap, ...] = ()
    step: str = "R2"
    status: Status = "running"
    safety: str = ""
    """``backup_id`` of the safety set: the full one, or the differential over it that holds late writes too."""
    as_of: Timestamp | None = None
    """Cluster time of which the safety set is the state of the collections."""
    token: Mapping[str, Any] | None = None
    changed: bool = False
    problem: str = ""
    election: str = ""
    """The primary's term of office at R2: while it lasts, nothing acknowledged since then can have been taken back."""
    proven: Mapping[str, Mapping[str, Any]] | None = None
    """By key, from R5 on: ``records`` and ``content_sha256`` of what was staged and is to be live."""
    number: int = 0
    """Counts the operations; their order, whatever clocks say."""
    counted: Mapping[str, Mapping[str, int]] | None = None
    """By key: how many records it ``added``, ``removed`` and ``changed``, where somebody counted them."""

    @property
    def keys(self) -> tuple[str, ...]:
        """Keys of the collections concerned."""
        return tuple(swap.key for swap in self.swaps)


def new_id() -> str:
    """Give a name for an operation."""
    return secrets.token_hex(6)


def start(database: Database[Doc], entry: Entry) -> Entry:
    """Write a new entry under the next number. The caller holds the locks."""
    with database_errors(database):
        last = list(_journal(database).find({}, {"number": 1}).sort("number", -1).limit(1))
        entry = replace(entry, number=1 + (last[0]["number"] if last else 0))
        _journal(database).insert_one(_document(entry))
    _trim(database)
    return entry


def advance(database: Database[Doc], entry: Entry, **changes: Any) -> Entry:
    """Write down that the operation has come further; gives the entry as it now is."""
    after = replace(entry, **changes)
    document = _document(after)
    with database_errors(database):
        _journal(database).update_one({"_id": entry.id}, {"$set": {name: document[name] for name in changes}})
    return after


def close(database: Database[Doc], entry: Entry, status: Status, **changes: Any) -> Entry:
    """Write down the end of the operation."""
    return advance(database, entry, status=status, **changes)


def note(
    database: Database[Doc], *, kind: Literal["merge"], keys: Mapping[str, str], backup_id: str, label: str,
    safety: str, actor: str, now: datetime,
) -> Entry:
    """Write down an operation that is over and that Undo can take back; ``keys``: key → live collection."""
    swaps = tuple(Swap(key, live, "") for key, live in keys.items())
    return start(database, Entry(new_id(), kind, backup_id, label, actor, now, swaps, step="", status="done",
                                 safety=safety, changed=True))


def beat(database: Database[Doc], entry_id: str) -> None:
    """Write into the entry and wait for a majority: what was written before it cannot be taken back any more."""
    with database_errors(database):
        _journal(database).update_one({"_id": entry_id}, {"$inc": {"beats": 1}})


def fence(database: Database[Doc], entry_id: str) -> int:
    """Write a number into the entry; who reads a change stream knows where it is when the number comes by."""
    with database_errors(database):
        after = _journal(database).find_one_and_update(
            {"_id": entry_id}, {"$inc": {"fence": 1}}, projection={"fence": 1}, return_document=ReturnDocument.AFTER)
    return int(after["fence"]) if after else 0


def running(database: Database[Doc]) -> list[Entry]:
    """Give the entries no one has closed, oldest first."""
    with database_errors(database):
        return [_entry(document) for document in _journal(database).find({"status": "running"}).sort("number", 1)]


def last_changed(database: Database[Doc]) -> Entry | None:
    """Give the last operation that changed live data: what Undo takes back."""
    with database_errors(database):
        last = list(_journal(database).find({"changed": True}).sort("number", -1).limit(1))
    return _entry(last[0]) if last else None


def changes(database: Database[Doc]) -> list[Entry]:
    """Give the operations that changed live data, the last one first."""
    with database_errors(database):
        return [_entry(document) for document in _journal(database).find({"changed": True}).sort("number", -1)]


def exists(database: Database[Doc]) -> bool:
    """Whether anything was ever written down in this database."""
    with database_errors(database):
        return _journal(database).find_one({}, {"_id": 1}) is not None


def _journal(database: Database[Doc]) -> Collection[Doc]:
    if not answers_commands(database):
        return database[COLLECTION]
    return database.get_collection(COLLECTION, codec_options=PYTHON, write_concern=DURABLE,
                                   read_concern=ReadConcern("majority"))


def _trim(database: Database[Doc]) -> None:
    with database_errors(database):
        journal = _journal(database)
        finished = journal.find({"status": {"$ne": "running"}}, {"_id": 1}).sort("number", -1)
        old = [document["_id"] for document in finished.skip(KEPT)]
        if old:
            journal.delete_many({"_id": {"$in": old}})


def _document(entry: Entry) -> Doc:
    document = asdict(entry)
    document["_id"] = document.pop("id")
    document["swaps"] = [asdict(swap) for swap in entry.swaps]
    document["token"] = dict(entry.token) if entry.token else None
    document["proven"] = {key: dict(content) for key, content in entry.proven.items()} if entry.proven else None
    return document


def _entry(document: Doc) -> Entry:
    # the document holds more than the entry, such as the number of the last fence
    known = {name: document[name] for name in Entry.__dataclass_fields__ if name in document and name != "swaps"}
    return Entry(**{**known, "id": document["_id"], "swaps": _swaps(document.get("swaps", ()))})


def _swaps(documents: Iterable[Doc]) -> tuple[Swap, ...]:
    return tuple(Swap(**document) for document in documents)
