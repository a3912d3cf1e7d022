"""Thinning of what continuous protection made: every minute for two hours, every ten for a day, every hour for a day.

Of each stretch the newest good set stays; after that it is a set like any other. Only sets made continuously are
thinned, and only among themselves. The stretches are those of the clock on the wall where a set was made, and lie in
each other: what stays for its hour was the newest of its ten minutes before. So thinning after every set keeps what
thinning once would keep. Ages are those of ``retention``, from the newest good set.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta

from backup_engine.model import BackupSet

__all__ = ["CONTINUOUS", "STEPS", "Step", "stays", "thinned"]

CONTINUOUS = "continuous"
"""The trigger of these sets."""


@dataclass(frozen=True)
class Step:
    """Up to which age one set stays of each stretch of so many minutes, that of ``unit``."""

    until: timedelta
    minutes: int
    unit: str

    def stretch(self, backup: BackupSet) -> Hashable:
        """Tells stretches apart; the hour that comes twice when clocks are set back is two."""
        local = backup.local
        return local.date(), local.hour, local.minute // self.minutes, local.utcoffset()


STEPS = (
    Step(timedelta(hours=2), 1, "minute"),
    Step(timedelta(hours=26), 10, "ten minutes"),
    Step(timedelta(hours=50), 60, "hour"),
)
"""From the youngest to the oldest. Beyond the last the hourly ones are left to the usual rules."""


def thinned(good: Iterable[BackupSet], ages: Mapping[str, timedelta]) -> dict[str, str]:
    """Say which sets made continuously need not stay, by ``BackupSet.place``, and of what they are not the newest.

    ``ages`` by place, relative to the newest good set.
    """
    going: dict[str, str] = {}
    taken: set[tuple[int, Hashable]] = set()
    made = (backup for backup in good if backup.trigger == CONTINUOUS)
    for backup in sorted(made, key=lambda backup: backup.rank, reverse=True):
        step = _step(ages[backup.place])
        if (step.minutes, step.stretch(backup)) in taken:
            going[backup.place] = step.unit
        taken |= {(each.minutes, each.stretch(backup)) for each in STEPS}
    return going


def stays(backup: BackupSet, age: timedelta) -> str:
    """Say why such a set stays while it is young, if it is not ``thinned``; empty for any other."""
    if backup.trigger != CONTINUOUS or age > STEPS[-1].until:
        return ""
    return f"made continuously, and the newest of its {_step(age).unit}"


def _step(age: timedelta) -> Step:
    return next((step for step in STEPS if age <= step.until), STEPS[-1])
