"""A sheet and the place in the change stream up to which it is true: each look takes in what came since.

Not safe to use from many threads.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from itertools import islice
from typing import Any, Final

from pymongo.change_stream import CollectionChangeStream
from pymongo.collection import Collection
from pymongo.errors import PyMongoError

from equipment.domain.search import Columns
from equipment.index.compaction import compacted
from equipment.index.sheet import Sheet
from equipment.store.list import keys, texts
from equipment.store.list.indexing.files import Opened, Token

__all__ = ["Follower", "listen"]

log = logging.getLogger(__name__)

PATIENCE: Final = 2.0
"""Seconds for which a list is taken to be what it was where nobody tells what changed."""
LOOK_SECONDS: Final = 0.1
"""For which a page reads what changed since the last one, about 3,000 records. While an import wrote 8,000 a second, a
page that read on until nothing more came took 6.3 s."""
MANY: Final = 5_000
"""Changed records read at a time, and kept beside the base. When a third of the list changed, reading everything again
is cheaper."""


def listen(
    collection: Collection[dict[str, Any]], after: Token | None = None
) -> CollectionChangeStream[dict[str, Any]]:
    """Open the change stream of a collection, of which only the identities of the records are read. Raises
    ``OperationFailure`` where there is none, or none any more from there."""
    only = [{"$project": {"documentKey": 1, "operationType": 1, "clusterTime": 1}}]
    # With the server's default a look without news takes 1.0 s; so it takes 1 ms.
    return collection.watch(only, max_await_time_ms=1, resume_after=after)


class Follower:
    """``sheet`` is what the last look took in; ``opened`` the files it is over, if it is over files. ``stream`` is
    taken over with them; without one nobody tells what changed."""

    def __init__(
        self, collection: Collection[dict[str, Any]], sheet: Sheet,
        stream: CollectionChangeStream[dict[str, Any]] | None, opened: Opened | None = None,
    ) -> None:
        self._collection, self._stream = collection, stream
        self.sheet, self.opened = sheet, opened
        self.read_at = time.monotonic()
        self.behind = False
        """Whether the last look was ``in_short`` and left some."""

    @property
    def is_told(self) -> bool:
        """Whether somebody tells what changed."""
        return self._stream is not None

    @property
    def token(self) -> Token | None:
        """The place in the change stream."""
        told = self._stream.resume_token if self._stream is not None else None
        return None if told is None else dict(told)

    def look(self, touched: set[str], *, in_short: bool = False) -> bool:
        """Take in what changed, and what was ``touched``; says whether that is still the way: not when nobody can tell,
        and not when so much changed that reading everything is quicker."""
        changed = self._changed(touched, in_short=in_short)
        if changed is None or len(changed) > max(MANY, len(self.sheet) // 3):
            return False
        for some in _several(changed):
            self.sheet = self.sheet.with_changes(*self._read(some))
        if self.opened is None and len(self.sheet.changed) > max(MANY, len(self.sheet.base) // 20):
            self.sheet = Sheet(compacted(self.sheet))
        return True

    def close(self) -> None:
        """Let go of the stream and of the files."""
        if self._stream is not None:
            self._stream.close()
        if self.opened is not None:
            self.opened.close()

    def _changed(self, changed: set[str], *, in_short: bool) -> set[str] | None:
        """Give what changed since the last look, or what of it is read ``in_short``; None when nobody can tell."""
        if self._stream is None:
            return changed if time.monotonic() - self.read_at < PATIENCE else None
        until, now, self.behind = time.monotonic() + LOOK_SECONDS, None, False
        try:
            while (event := self._stream.try_next()) is not None:
                if "documentKey" not in event:  # drop, rename, invalidate: this collection is no longer the list
                    return None
                changed.add(keys.key_of_id(event["documentKey"]["_id"]))
                if time.monotonic() > until:
                    if in_short:
                        self.behind = True
                        break
                    # What is written from now on is the next look's: it would go on as long as somebody writes.
                    now = now or self._collection.database.command("ping")["operationTime"]
                    if event["clusterTime"] >= now:
                        break
        except PyMongoError as error:
            log.info("the changes of the list cannot be followed: %s", type(error).__name__)
            return None
        return changed if self._stream.alive else None

    def _read(self, changed: set[str]) -> tuple[Columns, set[str]]:
        present = texts.columns(list(self._collection.find({"_id": {"$in": [keys.id_of(key) for key in changed]}})))
        return present, changed.difference(present[0])


def _several(changed: set[str]) -> Iterator[set[str]]:
    rest = iter(changed)
    while some := set(islice(rest, MANY)):
        yield some
