"""What was refused, in the log: once a minute for each kind, with how many there were since. A flood fills no disk."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import Final

__all__ = ["Refusals"]

EACH_SECONDS: Final = 60.0
LONGEST: Final = 200
"""Characters of what a stranger sent."""


class Refusals:
    """Only the server's loop calls it, so that it needs no lock."""

    def __init__(self, log: logging.Logger, clock: Callable[[], float] = time.monotonic) -> None:
        self._log = log
        self._clock = clock
        self._told: dict[str, float] = {}
        self._since: dict[str, int] = {}

    def tell(self, kind: str, *details: object) -> None:
        """Say "refused", *kind* with its details, unless that was said within the minute; *kind* is our own text."""
        now = self._clock()
        if now < self._told.get(kind, -EACH_SECONDS) + EACH_SECONDS:
            self._since[kind] = self._since.get(kind, 0) + 1
            return
        since = self._since.pop(kind, 0)
        self._told[kind] = now
        also = f" ({since:,} more like it since the last such line)" if since else ""
        self._log.warning(f"refused {kind}%s", *(str(detail)[:LONGEST] for detail in details), also)
