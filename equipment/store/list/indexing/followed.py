"""One collection's index at every look, kept true by MongoDB's own change stream.

An index is derived and can be thrown away: it says which records match and in which order, and the records are then
read from the database. With a replica set every look first takes in what changed since the last one (about 2 ms); a
restore that swaps the collection ends the stream and the list is read anew. A long list has its index in files
(``files.py``): a process that starts maps them and takes in what changed since. Without change streams (a standalone
server, the in-memory demo) the list is read anew when this process wrote, and otherwise after two seconds.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Final

import bson
import pyarrow as pa
from pymongo.change_stream import CollectionChangeStream
from pymongo.collection import Collection
from pymongo.errors import OperationFailure, PyMongoError

from equipment.domain.search import Columns
from equipment.index.folder import discard
from equipment.index.sheet import Sheet
from equipment.store.list import texts
from equipment.store.list.indexing import follower
from equipment.store.list.indexing.files import IndexFiles, Opened
from equipment.store.list.indexing.follower import Follower, listen
from equipment.store.list.indexing.forgiving import FORGIVING, forgiving

__all__ = ["LONG", "Listing", "keep_files"]

log = logging.getLogger(__name__)

BESIDE: Final = 3
"""Times as long as it took in changes beside the pages, a process leaves them alone: its lock is theirs, too."""
AT_ONCE: Final = 1_000
"""Records read and taken apart at a time."""
LONG: Final = 20_000
"""Records from which on a list has its index in files: fewer are read in less than half a second."""
COMPACT_SECONDS: Final = 1_800.0
TEND_SECONDS: Final = 2.0
NEARING: Final = 10
"""Looks in which the next generation catches up before it is taken as it is: while others write all the time, each is
shorter than the last."""
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
    """One collection's index, and what keeps it true. Safe to use from many threads."""

    def __init__(self, collection: Collection[dict[str, Any]]) -> None:
        self._collection = forgiving(collection)
        self._lock = threading.Lock()
        self._follower: Follower | None = None
        self._next: Follower | None = None
        self._touched: set[str] = set()
        self._starting = threading.Lock()
        self._ahead: threading.Thread | None = None
        self._ahead_since = 0.0
        self._files: IndexFiles | None = None
        self._stale = False
        self._refused: str | None = None
        self._closed = threading.Event()
        self._tending: threading.Thread | None = None
        self._doubted, self._proven_at = False, -PROVE_SECONDS
        self._wanted_whole = False
        self.read = 0
        """Records taken in by the reading under way, or by the last one."""

    def sheet(self) -> Sheet:
        """Give the sheet as it is when this is called, for who decides by it."""
        with self._lock:
            return self._current()

    def shown(self) -> Sheet:
        """Give the sheet for a page: while others write faster than it is read it may be some seconds behind them."""
        held = self._follower
        if held is not None and held.behind and self._is_tended and not (self._touched or self._wanted_whole):
            return held.sheet
        with self._lock:
            return self._current(in_short=True)

    def ready(self, seconds: float) -> bool:
        """Bring the sheet to what a page shows beside the caller; says whether that was done within ``seconds``."""
        with self._starting:
            if self._ahead is None or not self._ahead.is_alive():
                self._ahead = threading.Thread(target=self._look, name="read-list", daemon=True)
                self._ahead_since = time.monotonic()
                self._ahead.start()
            ahead = self._ahead
        ahead.join(seconds)
        return not ahead.is_alive()

    @property
    def waited(self) -> float:
        """Seconds that the look beside whoever asked ``ready`` has been under way, or since the last one began."""
        return time.monotonic() - self._ahead_since

    def touch(self, changed: Iterable[str]) -> None:
        """Read these keys again at the next look."""
        self._touched.update(changed)

    def wrote(self) -> None:
        """Say that much was written that the next look is to show, whatever it takes."""
        with self._lock:
            self._wanted_whole = True
            if self._follower is not None and not self._follower.is_told:
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
        files = self._files
        if files is None or self.opened is None:
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

    @property
    def opened(self) -> Opened | None:
        """The files in use, if the index is in files."""
        return self._follower.opened if self._follower is not None else None

    @property
    def _is_tended(self) -> bool:
        return self._tending is not None and self._tending.is_alive()

    def _current(self, *, in_short: bool = False) -> Sheet:
        touched, self._touched = self._touched, set()
        if self._next is not None:
            self._take_next(set(touched))
        in_short, self._wanted_whole = in_short and not self._wanted_whole, False
        if self._follower is None or not self._follower.look(touched, in_short=in_short):
            self._read_all()
        assert self._follower is not None
        return self._follower.sheet

    def _take_next(self, touched: set[str]) -> None:
        assert self._next is not None
        following, self._next, is_taken = self._next, None, False
        try:
            # To the end: what is in the sheet of before must not be gone from a page again.
            is_taken = not self._stale and following.look(touched)
        finally:
            if not is_taken:
                following.close()
        if is_taken:
            self._go_on_with(following)

    def _look(self) -> None:
        try:
            self.shown()
        except PyMongoError as error:
            log.warning("the list was not read ahead: %s", type(error).__name__)  # the page's own look says it there

    def _read_all(self) -> None:
        self._let_go()
        self._files = self._find_files()
        if self._files is not None and (found := self._from_files(self._files)) is not None:
            self._go_on_with(found)
            return
        # Before reading, so that what changes meanwhile is in the stream.
        stream = self._listen()
        self.read = 0
        try:
            sheet = Sheet.of(map(self._counted, _everything(self._collection)))
        except BaseException:
            if stream is not None:
                stream.close()
            raise
        self._follower = Follower(self._collection, sheet, stream)

    def _from_files(self, files: IndexFiles) -> Follower | None:
        """Take what is in files, or make them; None where that is not possible."""
        if not self._stale and (opened := files.open()) is not None and (found := self._over(opened)) is not None:
            return found
        before = files.folder.current()
        with listen(self._collection) as stream:
            stream.try_next()  # without it there may be no token yet
            token = stream.resume_token
        if token is None or not files.build(self._counted_batches(), dict(token), before):
            return None
        self._stale = False
        opened = files.open()
        return None if opened is None else self._over(opened)

    def _over(self, opened: Opened) -> Follower | None:
        """Go on with a generation, from where the stream has what it lacks; None when that is no longer possible."""
        try:
            stream = listen(self._collection, opened.token)
        except OperationFailure as error:
            log.info("what changed since the index of the list was made is no longer known (code %s)", error.code)
            opened.close()
            return None
        found = Follower(self._collection, Sheet(opened.base), stream, opened)
        try:
            if found.look(set()):
                return found
        except BaseException:
            found.close()
            raise
        found.close()
        return None

    def _go_on_with(self, found: Follower) -> None:
        if self._follower is not None:
            self._follower.close()
        self._follower = found
        if not self._is_tended:
            self._tending = threading.Thread(target=self._tend_on, name="tend-list", daemon=True)
            self._tending.start()

    def _find_files(self) -> IndexFiles | None:
        place = _place
        if place is None or not isinstance(self._collection, Collection):
            return None
        if self._collection.estimated_document_count() < place[1]:
            discard(place[0], self._collection.database.name)
            return None
        try:
            listen(self._collection).close()
            return IndexFiles.of(self._collection, place[0])
        except OperationFailure:
            return None

    def _tend_on(self) -> None:
        while not self._closed.wait(TEND_SECONDS) and self.opened is not None:
            try:
                self._catch_up()
                self._tend_once()
            except PyMongoError as error:
                log.info("the index of the list was not looked after: %s", type(error).__name__)

    def _catch_up(self) -> None:
        """Take in what pages have left, a little at a time."""
        pause = 0.0
        while (held := self._follower) is not None and held.behind and not self._closed.wait(pause):
            begun = time.monotonic()
            with self._lock:
                self._current(in_short=True)
            pause = BESIDE * (time.monotonic() - begun)

    def _tend_once(self) -> None:
        files, held = self._files, self._follower
        if files is None or held is None or held.opened is None or self._stale:
            return
        current = files.folder.current()
        if current not in (None, held.opened.name):
            if self._next is None and current != self._refused:
                if self._prepare(files):
                    self.shown()  # an idle process too lets go of what was before
                else:
                    self._refused = current  # another release's, beside which this one goes on with its own
            return
        if self._doubted and time.monotonic() - self._proven_at > PROVE_SECONDS:
            self._doubted, self._proven_at = False, time.monotonic()
            if not files.is_whole(held.opened.name):
                log.warning("the files of the index of the list are damaged; it is made anew")
                self.forget()
                return
        changes = len(held.sheet.changed) + (held.sheet.alive is not None)
        is_due = changes > follower.MANY or (changes and time.monotonic() - held.read_at > COMPACT_SECONDS)
        if (is_due or current is None) and self._compact():
            self.shown()

    def _prepare(self, files: IndexFiles) -> bool:
        """Open the generation that counts and bring it near to what is true, while pages go on with the one of before;
        the next look takes it. Says whether it can be used."""
        opened = files.open()
        following = self._over(opened) if opened is not None else None
        if following is None:
            return False
        for _ in range(NEARING):
            begun = time.monotonic()
            if not following.look(set()):
                following.close()
                return False
            if time.monotonic() - begun < follower.LOOK_SECONDS:
                break
        with self._lock:
            if self._next is not None:
                self._next.close()
            self._next = following
            if self._closed.is_set():
                self._let_go()
        return True

    def _compact(self) -> bool:
        """Make the next generation of this one and the changes, and go on with it."""
        with self._lock:
            sheet, files, held = self._current(in_short=True), self._files, self._follower
            token = held.token if held is not None else None
        if files is None or held is None or held.opened is None or token is None:
            return False
        made = files.compact(sheet, token, held.opened.name)
        if made is None:
            self.forget()
        return bool(made) and self._prepare(files)

    def _counted(self, part: Columns) -> Columns:
        self.read += len(part[0])
        return part

    def _counted_batches(self) -> Iterator[bytes]:
        self.read = 0
        batches: Any = self._collection.find_raw_batches({}, batch_size=AT_ONCE)
        for batch in batches:
            self.read += AT_ONCE
            yield batch

    def _listen(self) -> CollectionChangeStream[dict[str, Any]] | None:
        if not isinstance(self._collection, Collection):
            return None
        try:
            return listen(self._collection)
        except OperationFailure:
            return None

    def _let_go(self) -> None:
        for each in (self._follower, self._next):
            if each is not None:
                each.close()
        self._follower = self._next = None


def _everything(collection: Collection[dict[str, Any]]) -> Iterator[Columns]:
    if not isinstance(collection, Collection):
        yield texts.columns(list(collection.find({})))
        return
    batches: Any = collection.find_raw_batches({}, batch_size=AT_ONCE)
    for batch in batches:
        yield texts.columns(bson.decode_all(batch, FORGIVING))
