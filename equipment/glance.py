"""One answer for every page of the process: found out in a thread, so that no page waits for what hangs."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

__all__ = ["Glance"]

log = logging.getLogger(__name__)
T = TypeVar("T")
EVERY_SECONDS = 5.0
WAIT_SECONDS = 0.3
"""What a page waits for an answer that is on its way; most take some milliseconds."""
SHARE = 20
"""How many times as long as it took an answer serves at least: finding it out costs 5 % of a core at the most."""


class Glance(Generic[T]):
    """Keeps what was found out last. Safe to share between threads."""

    def __init__(self, *, every: float = EVERY_SECONDS, wait: float = WAIT_SECONDS,
                 clock: Callable[[], float] = time.monotonic) -> None:
        """``every`` is for how many seconds an answer serves, ``wait`` how many somebody waits for the next one."""
        self._every, self._wait, self._clock = every, wait, clock
        self._guard = threading.Lock()
        self._about: Hashable = None
        self._answer: T | None = None
        self._serves_until = float("-inf")
        self._looker: threading.Thread | None = None

    def get(self, about: Hashable, look: Callable[[], T]) -> T | None:
        """Give the answer, finding it out anew when it is too old; None while nothing is known ``about`` that.

        While finding out takes longer than the wait, or fails, it is the answer of before.
        """
        with self._guard:
            if self._about == about and self._clock() < self._serves_until:
                return self._answer
            if self._looker is None or not self._looker.is_alive():
                self._looker = threading.Thread(target=self._look, args=(about, look), name="glance", daemon=True)
                self._looker.start()
            looker = self._looker
        looker.join(self._wait)
        with self._guard:
            return self._answer if self._about == about else None

    def _look(self, about: Hashable, look: Callable[[], T]) -> None:
        began = self._clock()
        try:
            found = look()
        except Exception:  # the thread has nobody to raise to, and the next page asks again
            log.exception("what the pages show of the backups was not found out")
            with self._guard:
                if self._about == about:
                    self._serves_until = self._clock() + self._every
            return
        with self._guard:
            now = self._clock()
            self._about, self._answer = about, found
            self._serves_until = now + max(self._every, SHARE * (now - began))
