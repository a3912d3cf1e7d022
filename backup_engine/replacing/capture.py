"""Everything that is written to the live collections while they are being replaced, from one change stream.

The stream covers the database and lets three kinds of events through: writes to the live collections, the rename that
puts a staging collection in place (and whatever else moves a live collection), and updates of the restore's journal
entry. The last are fences: when the number written by ``journal.fence`` comes by, everything acknowledged before it
has come by, and its cluster time names that instant exactly.

A thread reads all the time, so that a small oplog cannot roll over the stream while millions of documents are staged.
While nobody waits it looks twice a second: reading without a pause cost a third of the loading speed.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bson import Timestamp
from bson.raw_bson import RawBSONDocument
from pymongo.change_stream import DatabaseChangeStream
from pymongo.database import Database
from pymongo.errors import PyMongoError

from backup_engine.errors import BackupError, RestoreStopped
from backup_engine.mongo.capabilities import database_errors, named
from backup_engine.records import raw
from backup_engine.replacing import journal
from backup_engine.replacing.journal import Swap

__all__ = ["Capture", "Event"]

PAUSE = 0.5
AWAIT_MS = 50
PATIENCE = 60.0
"""Seconds the stream may lag behind before the restore gives up."""
Doc = dict[str, Any]


@dataclass(frozen=True)
class Event:
    """One acknowledged write to a live collection."""

    key: str
    time: Timestamp
    identity: bytes
    """The element of ``_id``."""
    kind: str
    """insert, update, replace or delete."""
    document: bytes | None = None
    update: bytes | None = None


class Capture:
    """An open change stream and what has come through it. Use it as a context manager."""

    def __init__(
        self, database: Database[Doc], swaps: Sequence[Swap], entry_id: str, *, since: Timestamp | None = None
    ) -> None:
        self._database = database
        self._entry_id = entry_id
        self._keys = {swap.live: swap.key for swap in swaps}
        self._staging = {swap.staging: swap.key for swap in swaps}
        self._whole = since is not None
        """Whether documents are kept with the events, or only identities: before the first fence these suffice."""
        self._events: list[Event] = []
        self._fences: dict[int, Timestamp] = {}
        self._swapped: dict[str, Timestamp] = {}
        self._failure: BackupError | None = None
        self._news = threading.Condition()
        self._hurry = threading.Event()
        self._closing = False
        names = list(self._keys)
        wanted = {"$match": {"$or": [
            {"ns.coll": {"$in": names}}, {"operationType": "rename", "to.coll": {"$in": names}},
            {"ns.coll": journal.COLLECTION, "documentKey._id": entry_id, "operationType": "update"},
        ]}}
        with database_errors(database):
            self._stream: DatabaseChangeStream[Any] = database.with_options(codec_options=raw.RAW).watch(
                [wanted], max_await_time_ms=AWAIT_MS, start_at_operation_time=since)
        self._thread = threading.Thread(target=self._read, name="capture", daemon=True)
        self._thread.start()

    @property
    def token(self) -> Doc:
        """Where the stream stands, for the journal."""
        token: Any = self._stream.resume_token
        return {"_data": token["_data"]}

    @property
    def swapped(self) -> frozenset[str]:
        """Keys of the collections whose swap has come through."""
        with self._news:
            return frozenset(self._swapped)

    def swapped_at(self, key: str) -> Timestamp | None:
        """Cluster time of the swap of a collection, once it has come through."""
        with self._news:
            return self._swapped.get(key)

    def __enter__(self) -> Capture:
        return self

    def __exit__(self, *_: object) -> None:
        self._closing = True
        self._hurry.set()
        self._thread.join(timeout=10)

    def fence(self) -> Timestamp:
        """Wait until everything acknowledged so far has come through; gives the cluster time of that instant."""
        self._whole = True
        self._hurry.set()
        number = journal.fence(self._database, self._entry_id)
        try:
            self._await(lambda: number in self._fences, "the change stream does not keep up")
        finally:
            self._hurry.clear()
        return self._fences.pop(number)

    def await_swaps(self, keys: Iterable[str]) -> None:
        """Wait until the renames of these collections have come through."""
        wanted = set(keys)
        self._hurry.set()
        self._await(lambda: wanted <= self._swapped.keys(), "the change stream does not show the swap")

    def take(self, until: Timestamp | None = None) -> list[Event]:
        """Give and forget the events up to an instant, or all."""
        with self._news:
            taken = [event for event in self._events if until is None or event.time <= until]
            self._events = self._events[len(taken):]  # events come in the order of their time
        return taken

    def _await(self, ready: Any, complaint: str) -> None:
        deadline = time.monotonic() + PATIENCE
        with self._news:
            while not ready():
                if self._failure is not None:
                    raise self._failure
                if not self._news.wait(max(0.0, deadline - time.monotonic())):
                    raise RestoreStopped(complaint, hint="Try again when the server is less busy.")

    def _read(self) -> None:
        try:
            while not self._closing:
                event = self._stream.try_next()
                if event is not None:
                    self._note(event)
                elif not self._hurry.is_set():
                    self._hurry.wait(PAUSE)
            self._stream.close()
        except PyMongoError as problem:
            self._fail(_why(problem, self._database))
        except BackupError as problem:
            self._fail(problem)

    def _fail(self, problem: BackupError) -> None:
        with self._news:
            self._failure = problem
            self._news.notify_all()

    def _note(self, change: RawBSONDocument) -> None:
        kind, name, when = change["operationType"], change["ns"]["coll"], change["clusterTime"]
        with self._news:
            if name == journal.COLLECTION:
                self._note_fence(change, when)
            elif kind == "rename" and name in self._staging:
                self._swapped[self._staging[name]] = when
            elif kind in ("insert", "update", "replace", "delete"):
                self._note_write(change, kind, name, when)
            elif self._keys.get(name) not in self._swapped:  # no key: something else was renamed onto a live collection
                raise RestoreStopped(f"{name} was dropped or renamed by someone else meanwhile")
            self._news.notify_all()

    def _note_fence(self, change: RawBSONDocument, when: Timestamp) -> None:
        number = change["updateDescription"]["updatedFields"].get("fence")
        if number is not None:  # other updates of the entry come by as well
            self._fences[int(number)] = when

    def _note_write(self, change: RawBSONDocument, kind: str, name: str, when: Timestamp) -> None:
        key = self._keys[name]
        if key in self._swapped:
            return  # a write to the new collection
        identity = raw.id_of(change["documentKey"].raw)
        document = change["fullDocument"].raw if self._whole and kind in ("insert", "replace") else None
        update = change["updateDescription"].raw if self._whole and kind == "update" else None
        self._events.append(Event(key, when, identity, kind, document, update))


def _why(problem: PyMongoError, database: Database[Doc]) -> BackupError:
    details: Mapping[str, Any] = getattr(problem, "details", None) or {}
    if details.get("codeName") in ("ChangeStreamHistoryLost", "CappedPositionLost"):
        return RestoreStopped("the server's operation log is too small to follow what others write meanwhile",
                              hint="Make the oplog larger, or restore when nobody works.")
    return named(problem, database)
