"""No flood of the same line: what strangers can make a server's libraries say, over and over, must fill no disk.

A socket that sends rubbish has Streamlit write 2 kB of traceback, and anybody may open the next one.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from typing import Final

__all__ = ["Flood"]

A_MINUTE: Final = 10
"""Lines of the same statement of a library."""
SECONDS: Final = 60.0
KEPT: Final = 1_000
"""Statements remembered; a library has hundreds that log."""

log = logging.getLogger("equipment.console")


class Flood(logging.Filter):
    """Lets through what is not of these libraries, and of them so many lines a minute for each statement that logs."""

    def __init__(self, libraries: tuple[str, ...], clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._libraries = libraries
        self._clock = clock
        self._lock = threading.Lock()
        self._seen: dict[tuple[str, int], tuple[float, int]] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Tell whether the line is written; says how many were not when the minute is over and the next one comes."""
        if record.name.partition(".")[0] not in self._libraries:
            return True
        statement, now = (record.pathname, record.lineno), self._clock()
        with self._lock:
            begun, count = self._seen.get(statement, (now, 0))
            over = now >= begun + SECONDS
            self._seen[statement] = (now, 1) if over else (begun, count + 1)
            if len(self._seen) > KEPT:
                self._seen.clear()
        left_out = count - A_MINUTE
        if over and left_out > 0:
            log.warning("%s more lines like the next one were left out", left_out)
        return over or count < A_MINUTE
