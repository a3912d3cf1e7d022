"""Talking to others in threads of their own: a server that hangs costs seconds, and nobody else's.

The time limits of sockets do not bound a server that sends one byte now and then. So the thread is left behind when its
time is over; until it ends no other one is started under its name.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any, Final

__all__ = ["SECONDS", "Talks"]

log = logging.getLogger(__name__)
SECONDS: Final = 30.0


class Talks:
    """Runs talks side by side, each for so many seconds at most."""

    def __init__(self, seconds: float = SECONDS) -> None:
        self._seconds = seconds
        self._running: dict[str, threading.Thread] = {}

    def all(self, work: Mapping[str, Callable[[], Any]], late: Callable[[str], Any]) -> dict[str, Any]:
        """Run all of them at once, by name; gives what each returned, or ``late(words)`` for one that did not end.

        Work must not raise; should it all the same, that is logged and counts as one that did not end.
        """
        results: dict[str, Any] = {}
        started: dict[str, threading.Thread] = {}
        for name, job in work.items():
            before = self._running.get(name)
            if before is not None and before.is_alive():
                results[name] = late("the last try has not ended yet")
                continue
            thread = threading.Thread(target=_run, args=(job, name, results), name=f"message-{name}", daemon=True)
            self._running[name] = started[name] = thread
            thread.start()
        end = time.monotonic() + self._seconds
        for thread in started.values():
            thread.join(max(0.0, end - time.monotonic()))
        answers = dict(results)  # what a thread says from now on comes too late
        return {name: answers[name] if name in answers else late(f"no answer within {self._seconds:g} s")
                for name in work}


def _run(job: Callable[[], Any], name: str, results: dict[str, Any]) -> None:
    try:
        results[name] = job()
    except Exception:  # the boundary of the thread: the others go on
        log.exception("a message by %s failed", name)
