"""One line of the report: a piece of work, its floor in the same run, and what is wanted."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Line:
    """Seconds of the work and of its floor; ``reach`` is the ratio wanted, None where the number is only printed."""

    work: str
    seconds: float
    floor: str = ""
    floor_seconds: float | None = None
    reach: float | None = None
    unit: str = ""
    """What both are counted in, where it is not seconds."""

    @property
    def ratio(self) -> float | None:
        """How many times the floor the work takes."""
        return self.seconds / self.floor_seconds if self.floor_seconds else None

    def cells(self) -> tuple[str, ...]:
        """Give the line as text."""
        ratio = "" if self.ratio is None else f"{self.ratio:.3f}" if self.ratio < 0.1 else f"{self.ratio:.2f}"
        wanted = "" if self.reach is None else f"≤ {self.reach:g}"
        verdict = "" if self.reach is None or self.ratio is None else "yes" if self.ratio <= self.reach else "no"
        floor = "" if self.floor_seconds is None else f"{self.floor} {self._amount(self.floor_seconds)}"
        return self.work, self._amount(self.seconds), floor, ratio, wanted, verdict

    def _amount(self, counted: float) -> str:
        return f"{counted:,.0f} {self.unit}" if self.unit else amount(counted)


HEAD = ("work", "ours", "floor, same run", "ratio", "reach", "reached")


def amount(seconds: float) -> str:
    """Write a time with its unit."""
    return f"{seconds * 1000:,.1f} ms" if seconds < 1 else f"{seconds:,.2f} s"


def table(lines: Iterable[Line]) -> str:
    """Write the lines as a Markdown table."""
    rows = [HEAD, ("---",) * len(HEAD), *(line.cells() for line in lines)]
    return "\n".join("| " + " | ".join(row) + " |" for row in rows)


def timed(work: Callable[[], object]) -> float:
    """Give the seconds a piece of work takes."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def interleaved(ways: Mapping[str, Callable[[], object]], rounds: int, *, rest: float = 0.0) -> dict[str, float]:
    """Give the median seconds of each way; they take turns, so that a busy machine is busy for all.

    ``rest`` seconds pass before each turn and are not counted.
    """
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(rounds):
        for name, way in ways.items():
            time.sleep(rest)
            seconds[name].append(timed(way))
    return {name: statistics.median(measured) for name, measured in seconds.items()}


def median(work: Callable[[], object], rounds: int) -> float:
    """Give the median seconds of several rounds."""
    return statistics.median(timed(work) for _ in range(rounds))
