"""Backups of remotes that were fetched into the work folder, kept there while somebody works with them.

A preview, a comparison and the restore after it read the same set: it is fetched once. It goes when nobody has read it
for ten minutes, when another one is fetched, and when the server stops; what a killed process leaves, the engine clears
away after two days.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace

from backup_engine import api
from backup_engine.api import BackupSet, Watch, Workspace

__all__ = ["IDLE_SECONDS", "FetchedSets"]

IDLE_SECONDS = 600.0
TURN_SECONDS = 0.2
Key = tuple[str, str]


@dataclass(eq=False)
class _Kept:
    """One set: nothing yet, or fetched."""

    fetching: threading.Lock = field(default_factory=threading.Lock)
    found: tuple[Workspace, BackupSet] | None = None
    files: ExitStack = field(default_factory=ExitStack)
    """Takes the files away."""
    readers: int = 0
    left: float = 0.0
    """When the last reader was done."""


class FetchedSets:
    """The fetched sets of one process, by remote and ``backup_id``. Safe to share between threads."""

    def __init__(self, *, idle_seconds: float = IDLE_SECONDS, clock: Callable[[], float] = time.monotonic) -> None:
        self._idle_seconds = idle_seconds
        self._clock = clock
        self._lock = threading.Lock()
        self._kept: dict[Key, _Kept] = {}
        self._sweeping = False
        """Whether a sweep will come."""

    @contextmanager
    def reading(
        self, ws: Workspace, name: str, backup_id: str, *, watch: Watch
    ) -> Iterator[tuple[Workspace, BackupSet]]:
        """Give a set of a remote and the workspace to read it in, with the keys of ``ws`` and no others.

        It is fetched unless it is here. Raises what ``fetch.spooled`` raises.
        """
        key = name, backup_id
        kept, others = self._taken(key)
        others.close()  # their room may be needed
        try:
            there, backup = self._fetched(kept, ws, key, watch)
            # whoever had it fetched may have had keys that this reader lacks
            yield replace(there, seal=ws.seal, tell=ws.tell, signed_by=ws.signed_by), backup
        finally:
            self._given_back(key, kept)

    def sweep(self) -> None:
        """Take away what nobody has read for a while."""
        with self._lock:
            gone = self._without_readers(lambda kept: kept.left + self._idle_seconds <= self._clock())
            self._sweeping = False
            self._sweep_later()
        gone.close()

    def close(self) -> None:
        """Take away everything that nobody reads."""
        with self._lock:
            gone = self._without_readers(lambda _: True)
        gone.close()

    def _taken(self, key: Key) -> tuple[_Kept, ExitStack]:
        with self._lock:
            kept = self._kept.setdefault(key, _Kept())
            kept.readers += 1
            return kept, self._without_readers(lambda _: True)

    def _without_readers(self, chosen: Callable[[_Kept], bool]) -> ExitStack:
        """Forget what nobody reads; closing what it gives takes the files away."""
        gone = ExitStack()
        for key, kept in list(self._kept.items()):
            if not kept.readers and chosen(kept):
                del self._kept[key]
                gone.push(kept.files)
        return gone

    @staticmethod
    def _fetched(kept: _Kept, ws: Workspace, key: Key, watch: Watch) -> tuple[Workspace, BackupSet]:
        name, backup_id = key
        while not kept.fetching.acquire(timeout=TURN_SECONDS):
            watch.step(f"Waiting: somebody else is fetching it from {name}")
        try:
            if kept.found is None:
                kept.found = kept.files.enter_context(api.spooled(
                    ws, name, lambda there: there.catalog.find(backup_id), meant=backup_id, watch=watch))
            return kept.found
        finally:
            kept.fetching.release()

    def _given_back(self, key: Key, kept: _Kept) -> None:
        with self._lock:
            kept.readers -= 1
            kept.left = self._clock()
            if kept.found is None and not kept.readers:  # it could not be fetched
                del self._kept[key]
            self._sweep_later()

    def _sweep_later(self) -> None:
        if not self._kept or self._sweeping:
            return
        self._sweeping = True
        later = threading.Timer(self._idle_seconds, self.sweep)
        later.daemon = True
        later.start()
