"""The list held in memory, one sheet per database and process, kept true by MongoDB's own change stream.

A sheet is derived and can be thrown away: it says which records match and in which order, and the records are then
read from the database. With a replica set every look first takes in what changed since the last one (about 2 ms); a
restore that swaps the collection ends the stream and the sheet is read anew. Without change streams (a standalone
server, the in-memory demo) it is read anew when this process wrote, and otherwise after ``PATIENCE`` seconds.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any, Final

import bson
from bson.codec_options import CodecOptions, DatetimeConversion
from pymongo.change_stream import CollectionChangeStream
from pymongo.collection import Collection
from pymongo.errors import OperationFailure, PyMongoError

from equipment.domain.search import Columns
from equipment.index.compaction import compacted
from equipment.index.sheet import Sheet
from equipment.store.access import Db
from equipment.store.list import keys, texts

log = logging.getLogger(__name__)

EQUIPMENT: Final = "Equipment"
PATIENCE: Final = 2.0
MANY: Final = 5_000
"""Changed records read at a time. When a third of the list changed, reading everything again is cheaper."""
AT_ONCE: Final = 1_000
"""Records read and taken apart at a time."""
KEPT: Final = 4
"""Lists kept in memory; the one not looked at for longest goes first."""
FORGIVING: Final[CodecOptions[dict[str, Any]]] = CodecOptions(
    datetime_conversion=DatetimeConversion.DATETIME_AUTO, unicode_decode_error_handler="replace")
"""Reads every document there can be; what it replaces is only shown, never written back."""


def forgiving(collection: Collection[dict[str, Any]]) -> Collection[dict[str, Any]]:
    """Give the collection reading with ``FORGIVING``; the in-memory demo, where nothing is unreadable, as it is."""
    return collection.with_options(codec_options=FORGIVING) if isinstance(collection, Collection) else collection


_listings: dict[tuple[int, str, str], Listing] = {}
_listings_lock = threading.Lock()


def sheet(db: Db, collection: str = EQUIPMENT) -> Sheet:
    """Give the list as it is now."""
    return _of(db, collection).sheet()


def ready(db: Db, seconds: float) -> bool:
    """Bring the list up to date beside the caller; says whether a look is quick now. ``read`` tells how far it is.

    Failures are the next look's to raise.
    """
    return _of(db, EQUIPMENT).ready(seconds)


def read(db: Db) -> int:
    """Give how many records the reading under way has taken in."""
    return _of(db, EQUIPMENT).read


def touch(db: Db, changed: Iterable[str], collection: str = EQUIPMENT) -> None:
    """Say that this process has written these keys, so that its next look shows them whatever the stream does."""
    _of(db, collection).touch(changed)


def forget(db: Db, collection: str = EQUIPMENT) -> None:
    """Throw the sheet away; the next look reads everything."""
    with _listings_lock:
        listing = _listings.pop((id(db.client), db.name, collection), None)
    if listing is not None:
        listing.close()


def _of(db: Db, collection: str) -> Listing:
    place = (id(db.client), db.name, collection)
    with _listings_lock:
        listing = _listings.pop(place, None) or Listing(db[collection])
        _listings[place] = listing  # taken out and put in again, it is the last of the dict: the first is the oldest
        for old in list(_listings)[:-KEPT]:
            _listings.pop(old).close()
    return listing


class Listing:
    """One collection's sheet, and the stream that keeps it true. Safe to use from many threads."""

    def __init__(self, collection: Collection[dict[str, Any]]) -> None:
        self._collection = forgiving(collection)
        self._lock = threading.Lock()
        self._sheet: Sheet | None = None
        self._stream: CollectionChangeStream[dict[str, Any]] | None = None
        self._read_at = 0.0
        self._touched: set[str] = set()
        self._starting = threading.Lock()
        self._ahead: threading.Thread | None = None
        self.read = 0
        """Records taken in by the reading under way, or by the last one."""

    def sheet(self) -> Sheet:
        """Give the sheet, up to date."""
        with self._lock:
            changed = self._changed_keys()
            if self._sheet is None or changed is None or len(changed) > max(MANY, len(self._sheet) // 3):
                return self._read_all()
            for some in _several(changed):
                self._sheet = self._sheet.with_changes(*self._read(some))
                if len(self._sheet.changed) > max(MANY, len(self._sheet.base) // 20):
                    self._sheet = Sheet(compacted(self._sheet))
            return self._sheet

    def ready(self, seconds: float) -> bool:
        """Bring the sheet up to date beside the caller; says whether that was done within ``seconds``."""
        with self._starting:
            if self._ahead is None or not self._ahead.is_alive():
                self._ahead = threading.Thread(target=self._look, name="read-list", daemon=True)
                self._ahead.start()
            ahead = self._ahead
        ahead.join(seconds)
        return not ahead.is_alive()

    def touch(self, changed: Iterable[str]) -> None:
        """Read these keys again at the next look."""
        self._touched.update(changed)

    def close(self) -> None:
        """Stop listening."""
        with self._lock:
            self._stop_listening()

    def _changed_keys(self) -> set[str] | None:
        """Give what changed since the last look; None when nobody can tell."""
        changed, self._touched = self._touched, set()
        if self._sheet is None:
            return None
        if self._stream is None:
            return changed if time.monotonic() - self._read_at < PATIENCE else None
        try:
            while (event := self._stream.try_next()) is not None:
                if "documentKey" not in event:  # drop, rename, invalidate: this collection is no longer the list
                    return None
                changed.add(keys.key_of_id(event["documentKey"]["_id"]))
        except PyMongoError:
            return None
        return changed if self._stream.alive else None

    def _look(self) -> None:
        try:
            self.sheet()
        except PyMongoError as error:
            log.warning("the list was not read ahead: %s", type(error).__name__)  # the page's own look says it there

    def _read_all(self) -> Sheet:
        self._stop_listening()
        # Before reading, so that what changes meanwhile is in the stream.
        self._stream = self._listen()
        self._sheet, self.read = None, 0  # should reading fail half-way, the next look starts it again
        self._sheet = Sheet.of(map(self._counted, _everything(self._collection)))
        self._read_at = time.monotonic()
        return self._sheet

    def _counted(self, part: Columns) -> Columns:
        self.read += len(part[0])
        return part

    def _read(self, changed: set[str]) -> tuple[Columns, set[str]]:
        present = texts.columns(list(self._collection.find({"_id": {"$in": [keys.id_of(key) for key in changed]}})))
        return present, changed.difference(present[0])

    def _listen(self) -> CollectionChangeStream[dict[str, Any]] | None:
        if not isinstance(self._collection, Collection):
            return None
        only_ids = [{"$project": {"documentKey": 1, "operationType": 1}}]
        try:
            # With the server's default a look without news takes 1.0 s; so it takes 1 ms.
            return self._collection.watch(only_ids, max_await_time_ms=1)
        except OperationFailure:
            return None

    def _stop_listening(self) -> None:
        if self._stream is not None:
            self._stream.close()
            self._stream = None


def _everything(collection: Collection[dict[str, Any]]) -> Iterator[Columns]:
    if not isinstance(collection, Collection):
        yield texts.columns(list(collection.find({})))
        return
    batches: Any = collection.find_raw_batches({}, batch_size=AT_ONCE)
    for batch in batches:
        yield texts.columns(bson.decode_all(batch, FORGIVING))


def _several(changed: set[str]) -> Iterator[set[str]]:
    rest = iter(changed)
    while some := set(islice(rest, MANY)):
        yield some
