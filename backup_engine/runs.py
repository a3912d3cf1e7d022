"""How long this process's backups, restores, verifications, drills and uploads took, and how each ended.

Counted where a verb is called, so that pages, schedule and jobs are counted alike. A verb inside another one, such as
the verification before a restore, is a part of that one. Nothing is kept on disk: a monitor keeps it.
"""

from __future__ import annotations

import threading
import time
from bisect import bisect_left
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, Literal, TypeVar, get_args

from backup_engine.errors import Busy, Cancelled, WrongKey

__all__ = ["BOUNDS", "KINDS", "OUTCOMES", "Outcome", "Runs", "Tally"]

Kind = Literal["backup", "restore", "verify", "drill", "upload"]
KINDS: Final[tuple[Kind, ...]] = get_args(Kind)
Outcome = Literal["done", "nothing", "failed", "cancelled", "busy"]
OUTCOMES: Final[tuple[Outcome, ...]] = get_args(Outcome)
"""``nothing``: there was nothing to do, or nobody had the key. ``busy``: somebody else was at it."""
BOUNDS: Final = (0.1, 0.5, 1.0, 5.0, 15.0, 60.0, 300.0, 900.0, 3600.0, 14400.0)
"""Seconds. 100,000 records are saved in 3.4 s; an upload over a slow line takes hours."""
VERBS: Final[Mapping[str, Kind]] = {
    "backup.create": "backup", "backup.replace": "restore", "backup.merge": "restore", "backup.undo": "restore",
    "backup.recover": "restore", "backup.restore_application": "restore", "backup.undo_application": "restore",
    "verify": "verify", "backup.drill": "drill", "backup.remote.push": "upload",
}
"""What is counted, by the action of ``deeds``; a round of verifications is counted as its verifications."""
T = TypeVar("T")


@dataclass
class Tally:
    """What became of the runs of one kind."""

    ended: dict[Outcome, int] = field(default_factory=lambda: dict.fromkeys(OUTCOMES, 0))
    within: list[int] = field(default_factory=lambda: [0] * (len(BOUNDS) + 1))
    """How many that did something or failed took up to each bound and longer than the one before; the last, longer."""
    seconds: float = 0.0
    """All of these together."""
    latest: Mapping[Outcome, datetime] = field(default_factory=dict)
    """When one last ended so, by the engine's clock."""


class Runs:
    """Counts for one process. Safe to share between threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._tallies: dict[Kind, Tally] = {kind: Tally() for kind in KINDS}
        self._at = threading.local()

    def count(self, action: str, clock: Callable[[], datetime], work: Callable[[], T]) -> T:
        """Do the work of a verb, and count it if it is of a kind that is counted. Raises what the work raises."""
        kind = VERBS.get(action)
        if kind is None or getattr(self._at, "work", False):
            return work()
        self._at.work, begun, outcome = True, time.monotonic(), OUTCOMES[2]
        try:
            result = work()
            outcome = _outcome(result)
            return result
        except Busy:
            outcome = "busy"
            raise
        except WrongKey:  # which says nothing about the backup
            outcome = "nothing"
            raise
        except Cancelled:
            outcome = "cancelled"
            raise
        finally:
            self._at.work = False
            self._add(kind, outcome, time.monotonic() - begun, clock())

    def tallies(self) -> dict[Kind, Tally]:
        """Give a copy of what was counted, by kind."""
        with self._lock:
            return {kind: Tally(dict(tally.ended), list(tally.within), tally.seconds, dict(tally.latest))
                    for kind, tally in self._tallies.items()}

    def _add(self, kind: Kind, outcome: Outcome, seconds: float, now: datetime) -> None:
        with self._lock:
            tally = self._tallies[kind]
            tally.ended[outcome] += 1
            tally.latest = {**tally.latest, outcome: now}
            if outcome in ("done", "failed"):  # of the others the length says nothing
                tally.within[bisect_left(BOUNDS, seconds)] += 1
                tally.seconds += seconds


def _outcome(result: object) -> Outcome:
    """Read off an answer how it went: what is wrong with a remote or a set stands in it and is not raised."""
    if getattr(result, "problem", "") or getattr(result, "ok", True) is False:
        return "failed"
    made = getattr(result, "set", result)
    if made is result:
        return "nothing" if getattr(result, "deed", None) == "" else "done"
    return "nothing" if made is None else "done"
