"""Whether the database answers, as far as the log knows: its loss is said once and its return once."""

from __future__ import annotations

import logging
import threading

log = logging.getLogger(__name__)


class Reach:
    """What the last answer was. Requests and loops ask at one moment: whoever changes it is the one who says it."""

    def __init__(self, *, answered: bool | None = None) -> None:
        """``answered`` None means nobody asked yet: whoever asks first and in vain tells it his own way."""
        self._changing = threading.Lock()
        self._answered = answered
        self._changes = 0

    def asking(self) -> int:
        """Give what ``lost`` and ``found`` want to know: after which change the question was asked."""
        return self._changes

    def lost(self, asked: int, problem: object) -> None:
        """Take in that it did not answer."""
        if self._is_news(asked, answered=False):
            log.error("the database is lost: %s", problem)

    def found(self, asked: int, where: str = "") -> None:
        """Take in that it answered."""
        if self._is_news(asked, answered=True):
            log.warning("the database is found again%s", where and f": {where}")

    def _is_news(self, asked: int, *, answered: bool) -> bool:
        """Note it, in one step with the look at what was known: two threads 2 ms apart both said it without.

        An answer to a question older than the last change is no news: a slow failure would take back the return.
        """
        with self._changing:
            before = self._answered
            if asked != self._changes or before is answered:
                return False
            self._answered = answered
            self._changes += 1
        return before is not None
