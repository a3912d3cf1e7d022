"""One collection's index at every look, kept true by MongoDB's own change stream.

An index is derived and can be thrown away: it says which records match and in which order, and the records are then
read from the database. With a replica set every look first takes in what changed since the last one (about 2 ms); a
restore that swaps the collection ends the stream and the list is read anew. A long list has its index in files
(``files.py``): a process that starts maps them and takes in what changed since. Without change streams (a standalone
server, the in-memory demo) the list is read anew when this process wrote, and otherwise after ``PATIENCE`` seconds.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any, Final

import bson
import pyarrow as pa
from pymongo.change_stream import CollectionChangeStream
from pymongo.collection import Collection
from pymongo.errors import OperationFailure, PyMongoError

from equipment.domain.search import Columns
from equipment.index.compaction import compacted
from equipment.index.folder import discard
from equipment.index.sheet import Sheet
from equipment.store.list import keys, texts
from equipment.store.list.indexing.files import IndexFiles, Opened, Token
from equipment.store.list.indexing.forgiving import FORGIVING, forgiving

__all__ = ["LONG", "Listing", "keep_files"]

log = logging.getLogger(__name__)

PATIENCE: Final = 2.0
LOOK_SECONDS: Final = 0.1
"""For which a page reads what changed since the last one, about 3,000 records. While an import wrote 8,000 a second, a
page that read on until nothing more came took 6.3 s."""
BESIDE: Final = 3
"""Times as long as it took in changes beside the pages, a process leaves them alone: its lock is theirs, too."""
MANY: Final = 5_000
"""Changed records read at a time, and kept beside the base. When a third of the list changed, reading everything again
is cheaper."""
AT_ONCE: Final = 1_000
"""Records read and taken apart at a time."""
LONG: Final = 20_000
"""Records from which on a list has its index in files: fewer are read in less than half a second."""
COMPACT_SECONDS: Final = 1_800.0
TEND_SECONDS: Final = 2.0
PROVE_SECONDS: Final = 60.0
"""Between two proofs of the files because records were not what the index said, which an edit at that moment explains.
"""
_place: tuple[Path, int] | None = None


def keep_files(root: Path | None, at_least: int = LONG) -> None:
    """Say where the indexes of lists with so many records lie, and that they may lie in files at all."""
    global _place
    _place = (root, at_least) if root is not None else None
    if root is not None:
        # Arrow's usual pool keeps what it has given out once: with 8 people on 100,000 records 195 MiB instead of 127.
        pa.set_memory_pool(pa.system_memory_pool())


class Listing:
    """One collection's index, and the stream that keeps it true. Safe to use from many threads."""

    def __init__(self, collection: Collection[dict[str, Any]]) -> None:
        self._collection = forgiving(collection)
        self._lock = threading.Lock()
        self._sheet: Sheet | None = None
        self._stream: CollectionChangeStream[dict[str, Any]] | None = None
        self._read_at = 0.0
        self._touched: set[str] = set()
        self._starting = threading.Lock()
        self._ahead: threading.Thread | None = None
        self._files: IndexFiles | None = None
        self._opened: Opened | None = None
        self._next: Opened | None = None
        self._stale = False
        self._refused: str | None = None
        self._closed = threading.Event()
        self._tending: threading.Thread | None = None
        self._doubted, self._proven_at = False, -PROVE_SECONDS
        self._behind = self._wanted_whole = False
        self.read = 0
        """Records taken in by the reading under way, or by the last one."""

    def sheet(self) -> Sheet:
        """Give the sheet as it is when this is called, for who decides by it."""
        with self._lock:
            return self._current()

    def shown(self) -> Sheet:
        """Give the sheet for a page: while others write faster than it is read it may be some seconds behind them."""
        with self._lock:
            return self._current(in_short=not self._wanted_whole)

    def ready(self, seconds: float) -> bool:
        """Bring the sheet to what a page shows beside the caller; says whether that was done within ``seconds``."""
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

    def wrote(self) -> None:
        """Say that much was written that the next look is to show, whatever it takes."""
        with self._lock:
            self._wanted_whole = True
            if self._stream is None:  # nobody will tell what it was
                self._let_go()

    def doubt(self, shown: Iterable[str]) -> None:
        """Read these keys again at the next look, and prove the files beside."""
        self.touch(shown)
        self._doubted = True

    def forget(self) -> None:
        """Read everything at the next look, also that of a process that starts anew."""
        with self._lock:
            self._let_go()
            self._stale = True
            if self._files is not None:
                self._files.folder.withdraw()

    def scrub(self, seconds: float) -> bool:
        """Compact now, unless nothing has changed, and wait until nobody reads what was before."""
        until = time.monotonic() + seconds
        sheet = self.sheet()
        files, opened = self._files, self._opened
        if files is None or opened is None:
            return True
        if sheet.alive is not None or len(sheet.changed):
            while not self._compact() and time.monotonic() < until:
                self._closed.wait(TEND_SECONDS / 10)
            self.sheet()
        return files.folder.wait_for_readers(max(0.0, until - time.monotonic()))

    def close(self) -> None:
        """Stop listening."""
        self._closed.set()
        if self._files is not None:
            self._files.stop()
        with self._lock:
            self._let_go()

    def _current(self, *, in_short: bool = False) -> Sheet:
        if self._next is not None:
            following, self._next = self._next, None
            if self._stale or not self._adopt(following):
                following.close()
        changed = self._changed_keys(in_short=in_short)
        self._wanted_whole = False
        if self._sheet is None or changed is None or len(changed) > max(MANY, len(self._sheet) // 3):
            return self._read_all()
        self._take_in(changed)
        assert self._sheet is not None
        if self._opened is None and len(self._sheet.changed) > max(MANY, len(self._sheet.base) // 20):
            self._sheet = Sheet(compacted(self._sheet))
        return self._sheet

    def _take_in(self, changed: set[str]) -> None:
        assert self._sheet is not None
        for some in _several(changed):
            self._sheet = self._sheet.with_changes(*self._read(some))

    def _changed_keys(self, *, in_short: bool = False) -> set[str] | None:
        """Give what changed since the last look, or what of it is read ``in_short``; None when nobody can tell."""
        changed, self._touched = self._touched, set()
        if self._sheet is None:
            return None
        if self._stream is None:
            return changed if time.monotonic() - self._read_at < PATIENCE else None
        until, now, self._behind = time.monotonic() + LOOK_SECONDS, None, False
        try:
            while (event := self._stream.try_next()) is not None:
                if "documentKey" not in event:  # drop, rename, invalidate: this collection is no longer the list
                    return None
                changed.add(keys.key_of_id(event["documentKey"]["_id"]))
                if time.monotonic() > until:
                    if in_short:
                        self._behind = True
                        break
                    # What is written from now on is the next look's: it would go on as long as somebody writes.
                    now = now or self._collection.database.command("ping")["operationTime"]
                    if event["clusterTime"] >= now:
                        break
        except PyMongoError as error:
            log.info("the changes of the list cannot be followed: %s", type(error).__name__)
            return None
        return changed if self._stream.alive else None

    def _look(self) -> None:
        try:
            self.shown()
        except PyMongoError as error:
            log.warning("the list was not read ahead: %s", type(error).__name__)  # the page's own look says it there

    def _read_all(self) -> Sheet:
        self._let_go()
        self._files = self._find_files()
        if self._files is not None and self._from_files(self._files):
            assert self._sheet is not None
            return self._sheet
        # Before reading, so that what changes meanwhile is in the stream.
        self._stream = self._listen()
        self.read = 0  # should reading fail half-way, the next look starts it again
        self._sheet = Sheet.of(map(self._counted, _everything(self._collection)))
        self._read_at = time.monotonic()
        return self._sheet

    def _from_files(self, files: IndexFiles) -> bool:
        """Take what is in files, or make them; says whether the sheet is over them now."""
        if not self._stale and (opened := files.open()) is not None:
            if self._adopt(opened):
                return True
            opened.close()
        before = files.folder.current()
        with self._listen_now() as stream:
            stream.try_next()  # without it there may be no token yet
            token = stream.resume_token
        if token is None or not files.build(self._counted_batches(), dict(token), before):
            return False
        self._stale = False
        opened = files.open()
        if opened is None or self._adopt(opened):
            return opened is not None
        opened.close()
        return False

    def _adopt(self, opened: Opened) -> bool:
        """Go on with a generation, from where the stream has what it lacks; says whether that is possible."""
        self._let_go()
        try:
            self._stream = self._listen_now(opened.token)
        except OperationFailure as error:
            log.info("what changed since the index of the list was made is no longer known (code %s)", error.code)
            return False
        self._sheet = Sheet(opened.base)
        changed = self._changed_keys()
        if changed is None or len(changed) > max(MANY, len(self._sheet) // 3):
            self._let_go()
            return False
        self._take_in(changed)
        self._opened, self._read_at = opened, time.monotonic()
        self._tend()
        return True

    def _find_files(self) -> IndexFiles | None:
        place = _place
        if place is None or not isinstance(self._collection, Collection):
            return None
        if self._collection.estimated_document_count() < place[1]:
            discard(place[0], self._collection.database.name)
            return None
        try:
            self._listen_now().close()
            return IndexFiles.of(self._collection, place[0])
        except OperationFailure:
            return None

    def _tend(self) -> None:
        if self._tending is None or not self._tending.is_alive():
            self._tending = threading.Thread(target=self._tend_on, name="tend-list", daemon=True)
            self._tending.start()

    def _tend_on(self) -> None:
        while not self._closed.wait(TEND_SECONDS) and self._opened is not None:
            try:
                self._catch_up()
                self._tend_once()
            except PyMongoError as error:
                log.info("the index of the list was not looked after: %s", type(error).__name__)

    def _catch_up(self) -> None:
        """Take in what pages have left, a little at a time."""
        pause = 0.0
        while self._behind and not self._closed.wait(pause):
            begun = time.monotonic()
            self.shown()
            pause = BESIDE * (time.monotonic() - begun)

    def _tend_once(self) -> None:
        files, opened, sheet = self._files, self._opened, self._sheet
        if files is None or opened is None or sheet is None or self._stale:
            return
        current = files.folder.current()
        if current not in (None, opened.name):
            if self._next is None and current != self._refused:
                self._next = files.open()
                if self._next is None:
                    self._refused = current  # another release's, beside which this one goes on with its own
                else:
                    self.sheet()  # an idle process too lets go of what was before
            return
        if self._doubted and time.monotonic() - self._proven_at > PROVE_SECONDS:
            self._doubted, self._proven_at = False, time.monotonic()
            if not files.is_whole(opened.name):
                log.warning("the files of the index of the list are damaged; it is made anew")
                self.forget()
                return
        changes = len(sheet.changed) + (sheet.alive is not None)
        is_due = changes > MANY or (changes and time.monotonic() - self._read_at > COMPACT_SECONDS)
        if is_due or current is None:
            self._compact()

    def _compact(self) -> bool:
        """Make the next generation of this one and the changes, and go on with it."""
        with self._lock:
            sheet, files, opened = self._current(), self._files, self._opened
            token = self._stream.resume_token if self._stream is not None else None
        if files is None or opened is None or token is None:
            return False
        made = files.compact(sheet, dict(token), opened.name)
        if made is None:
            self.forget()
        if not made or (following := files.open()) is None:
            return False
        with self._lock:
            if self._next is not None:
                self._next.close()
            self._next = following
        return True

    def _counted(self, part: Columns) -> Columns:
        self.read += len(part[0])
        return part

    def _counted_batches(self) -> Iterator[bytes]:
        self.read = 0
        batches: Any = self._collection.find_raw_batches({}, batch_size=AT_ONCE)
        for batch in batches:
            self.read += AT_ONCE
            yield batch

    def _read(self, changed: set[str]) -> tuple[Columns, set[str]]:
        present = texts.columns(list(self._collection.find({"_id": {"$in": [keys.id_of(key) for key in changed]}})))
        return present, changed.difference(present[0])

    def _listen(self) -> CollectionChangeStream[dict[str, Any]] | None:
        if not isinstance(self._collection, Collection):
            return None
        try:
            return self._listen_now()
        except OperationFailure:
            return None

    def _listen_now(self, after: Token | None = None) -> CollectionChangeStream[dict[str, Any]]:
        only_ids = [{"$project": {"documentKey": 1, "operationType": 1, "clusterTime": 1}}]
        # With the server's default a look without news takes 1.0 s; so it takes 1 ms.
        return self._collection.watch(only_ids, max_await_time_ms=1, resume_after=after)

    def _let_go(self) -> None:
        self._stop_listening()
        for opened in (self._opened, self._next):
            if opened is not None:
                opened.close()
        self._sheet = self._opened = self._next = None

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
