"""Cron texts for people who write none: a way to say it, a time and a day."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import time

__all__ = ["DAYS", "OWN", "PRESETS", "TIMED", "Chosen", "recognised"]

HOURLY, QUARTERS, DAILY, WEEKDAYS, WEEKLY = "Every hour", "Every 15 minutes", "Daily at", "Weekdays at", "Weekly at"
OWN = "Cron text"
PRESETS = (HOURLY, QUARTERS, DAILY, WEEKDAYS, WEEKLY, OWN)
TIMED = (DAILY, WEEKDAYS, WEEKLY)
DAYS = ("Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday")
"""In the order of cron, where Sunday is 0."""
NIGHT = time(2, 30)


@dataclass(frozen=True)
class Chosen:
    """A preset with what it needs; ``own`` is the text of the last one."""

    preset: str
    at: time = NIGHT
    day: str = DAYS[0]
    own: str = ""

    @property
    def text(self) -> str:
        """The cron text of it."""
        clock = f"{self.at.minute} {self.at.hour}"
        return {HOURLY: "0 * * * *", QUARTERS: "*/15 * * * *", DAILY: f"{clock} * * *", WEEKDAYS: f"{clock} * * 1-5",
                WEEKLY: f"{clock} * * {DAYS.index(self.day)}"}.get(self.preset, self.own)


def recognised(text: str) -> Chosen:
    """Give the preset that a cron text is, with its time and day; every other text is one of one's own."""
    found = re.fullmatch(r"(\d+) (\d+) \* \* (\*|1-5|[0-6])", text)
    if text in ("0 * * * *", "*/15 * * * *"):
        return Chosen(HOURLY if text.startswith("0") else QUARTERS, own=text)
    if found is None:
        return Chosen(OWN, own=text)
    at, days = time(int(found[2]), int(found[1])), found[3]
    if days.isdigit():
        return Chosen(WEEKLY, at, DAYS[int(days)], own=text)
    return Chosen(DAILY if days == "*" else WEEKDAYS, at, own=text)
