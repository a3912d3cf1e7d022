"""How long the server takes to draw the page, by the tab that is open."""

from __future__ import annotations

import threading
import time
from bisect import bisect_left
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

from equipment.server.metrics.samples import Sample, Spread

__all__ = ["BOUNDS", "OTHER", "PageTimes", "Run", "times"]

BOUNDS: Final = (0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
"""Seconds: a click takes about a tenth, and at ten whoever waits has gone."""
OTHER: Final = "none"
"""A page without tabs: to sign in, or to say what is wrong."""
MOST: Final = 20
"""Labels that are told apart; there are five tabs."""


class Run:
    """One run of the page's script."""

    tab = OTHER
    """The label of the tab that it drew."""


class PageTimes:
    """Counts for one process. Safe to share between threads."""

    def __init__(self, clock: Callable[[], float] = time.perf_counter) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._counts: dict[str, list[int]] = {}
        self._seconds: dict[str, float] = {}

    @contextmanager
    def measured(self) -> Iterator[Run]:
        """Measure a run, however it ends: Streamlit stops a script by raising."""
        run, begun = Run(), self._clock()
        try:
            yield run
        finally:
            self._add(run.tab, self._clock() - begun)

    def samples(self) -> list[Sample]:
        """Tell what was counted."""
        with self._lock:
            return [Sample("page_run_duration_seconds", Spread(BOUNDS, list(counts), self._seconds[tab]), (tab,))
                    for tab, counts in self._counts.items()]

    def _add(self, tab: str, seconds: float) -> None:
        with self._lock:
            if tab not in self._counts and len(self._counts) >= MOST:
                tab = OTHER
            counts = self._counts.setdefault(tab, [0] * (len(BOUNDS) + 1))
            counts[bisect_left(BOUNDS, seconds)] += 1
            self._seconds[tab] = self._seconds.get(tab, 0.0) + seconds


times: Final = PageTimes()
"""Of this process."""
