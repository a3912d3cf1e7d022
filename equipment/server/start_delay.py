"""How long nobody tries to start MongoDB again after a start that failed: twice as long each time, in every process.

Kept as the times of the file over which starts exclude each other: accessed is when the start failed, modified when the
next may be. Times can be set on a disk without one free byte, and no content could be written there.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from backup_engine.errors import DatabaseUnreachable
from equipment import data_disk

__all__ = ["FIRST_SECONDS", "LONGEST_SECONDS", "StartDelay"]

FIRST_SECONDS = 5.0
LONGEST_SECONDS = 60.0
"""Whoever has repaired what was wrong waits no longer than this."""


class _NotNow(DatabaseUnreachable):
    """No start was tried, because one has just failed in another process."""


@dataclass(frozen=True)
class _Failure:
    """A start that failed here: until when (monotonic) the same is said again, and whether room on the disk lacked."""

    error: DatabaseUnreachable
    until: float
    for_room: bool


class StartDelay:
    """One process's view of the starts over one data folder."""

    def __init__(self, folder: Path, lock: Path) -> None:
        self._folder = folder
        self._lock = lock
        self._failure: _Failure | None = None

    def repeat(self) -> None:
        """Say again why the last start here failed, until it is time for another or the room that lacked is back."""
        failure = self._failure
        wait = failure.until - time.monotonic() if failure else 0
        if failure is None or wait <= 0 or (failure.for_room and not data_disk.start_advice(self._folder)):
            return
        raise DatabaseUnreachable(failure.error.detail,
                                  hint=f"{failure.error.hint} The next try is in {max(1, round(wait))} s.".strip())

    def require_turn(self, words: Callable[[], str]) -> None:
        """Raise ``DatabaseUnreachable`` when a start failed a moment ago in another process; ``words`` say of what."""
        wait, advice = self._remaining(), data_disk.start_advice(self._folder)
        if wait and not (self._failure and self._failure.for_room and not advice):
            raise _NotNow(f"the embedded MongoDB could not be started a moment ago{words()}",
                          hint=f"{advice} The next try is in {wait:.0f} s.".strip())

    def failed(self, error: DatabaseUnreachable) -> None:
        """Note a start that failed."""
        if isinstance(error, _NotNow):
            return  # nothing was tried
        began, until = self._times()
        recent = until > began and time.time() - until < LONGEST_SECONDS
        delay = min(2 * (until - began), LONGEST_SECONDS) if recent else FIRST_SECONDS
        now = time.time()
        with suppress(OSError):  # this process knows it anyway
            os.utime(self._lock, (now, now + delay))
        self._failure = _Failure(error, time.monotonic() + delay, bool(data_disk.start_advice(self._folder)))

    def succeeded(self) -> None:
        """Forget the failures."""
        self._failure = None
        began, until = self._times()
        if until > began:
            with suppress(OSError):
                os.utime(self._lock)

    def _remaining(self) -> float:
        began, until = self._times()
        # Not longer than it was meant: the clock may have been set back.
        return min(max(0.0, until - time.time()), until - began)

    def _times(self) -> tuple[float, float]:
        """When a start failed last, and before when none is tried; the same moment twice after one that did not."""
        try:
            status = self._lock.stat()
        except OSError:
            return 0.0, 0.0
        began, until = status.st_atime, status.st_mtime
        # A file that was copied, or read by something else, has times that mean nothing here.
        return (began, until) if 0 < until - began <= LONGEST_SECONDS + 1 else (until, until)
