"""How often somebody may do something: so many at once, then so many a second. Who is faster waits."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

__all__ = ["Pace", "Paces"]

KEPT: Final = 10_000
"""Addresses remembered; those that have long been still go first."""


@dataclass
class Pace:
    """A bucket of turns, *at_once* deep, filled *a_second*."""

    at_once: float
    a_second: float
    clock: Callable[[], float] = time.monotonic

    def __post_init__(self) -> None:
        self._left = self.at_once
        self._looked = self.clock()

    def wait(self) -> float:
        """Take one turn; gives the seconds until it has come. Turns taken early are owed, so that the order is kept."""
        now = self.clock()
        self._left = min(self.at_once, self._left + (now - self._looked) * self.a_second) - 1
        self._looked = now
        return max(0.0, -self._left / self.a_second)

    def ask(self) -> float:
        """Take a turn if there is one; else give the seconds until there is, and owe nothing."""
        now = self.clock()
        self._left = min(self.at_once, self._left + (now - self._looked) * self.a_second)
        self._looked = now
        if self._left < 1:
            return (1 - self._left) / self.a_second
        self._left -= 1
        return 0.0

    def is_full(self) -> bool:
        """Tell whether it is as if nobody had ever taken a turn."""
        return self._left + (self.clock() - self._looked) * self.a_second >= self.at_once


class Paces:
    """One pace for each of many names, such as addresses."""

    def __init__(self, at_once: float, a_second: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._make = lambda: Pace(at_once, a_second, clock)
        self._paces: dict[str, Pace] = {}

    def wait(self, name: str) -> float:
        """Take one turn of *name*; gives the seconds until it has come."""
        seconds = self._of(name).wait()
        self._forget()
        return seconds

    def ask(self, name: str) -> float:
        """Take a turn of *name* if there is one; else give the seconds until there is."""
        seconds = self._of(name).ask()
        self._forget()
        return seconds

    def _of(self, name: str) -> Pace:
        pace = self._paces.pop(name, None) or self._make()
        self._paces[name] = pace  # the last of the dict: the first has been still for longest
        return pace

    def _forget(self) -> None:
        if len(self._paces) > KEPT:
            self._paces = {name: pace for name, pace in self._paces.items() if not pace.is_full()}
            while len(self._paces) > KEPT:
                del self._paces[next(iter(self._paces))]
