"""When a backup is due. Pure: the moments come in as aware datetimes, and all arithmetic is in UTC."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from backup_engine.errors import BadInput

MIN_HOURS = 0.1
MAX_HOURS = 168.0
CLOCK_TOLERANCE = timedelta(minutes=2)
"""A last backup this far in the future means the clock went back."""


@dataclass(frozen=True)
class Due:
    """Whether a backup is due, why or why not in words, and when the next one will be (UTC)."""

    is_due: bool
    why: str
    next_at: datetime


def check_interval(value: object) -> float:
    """Give the interval in hours; raises ``BadInput`` with the bounds for anything but a number within them."""
    refusal = BadInput(f"The backup interval must be a number of hours from {MIN_HOURS:g} to {MAX_HOURS:g}")
    # A bool is an int to Python: True would be an hour.
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        raise refusal
    try:
        hours = float(value)
    except ValueError:
        raise refusal from None
    if not math.isfinite(hours) or not MIN_HOURS <= hours <= MAX_HOURS:
        raise refusal
    return hours


def due(last: datetime | None, now: datetime, interval_hours: float) -> Due:
    """Decide from the start of the last backup, the present moment and the interval.

    Due when there is none, when the interval has passed, or when the last one lies more than two minutes ahead: then
    the clock went back, and one extra backup puts things right.
    """
    now = now.astimezone(UTC)
    if last is None:
        return Due(True, "There is no backup yet.", now)
    age = now - last.astimezone(UTC)
    next_at = last.astimezone(UTC) + timedelta(hours=interval_hours)
    if age < -CLOCK_TOLERANCE:
        return Due(True, "The last backup is dated in the future: the clock went back.", now)
    if now >= next_at:
        return Due(True, f"Last backup was {ago(age)} (interval: {interval_hours:g} hours)", now)
    return Due(False, f"Last backup was {ago(age)} (interval: {interval_hours:g} hours)", next_at)


def ago(age: timedelta) -> str:
    """Say how long ago in the largest fitting unit: ``12 min ago``."""
    seconds = max(0, int(age.total_seconds()))  # within CLOCK_TOLERANCE an age may be negative
    for size, unit in ((86_400, "days"), (3_600, "h"), (60, "min")):
        if seconds >= size:
            count = seconds // size
            return f"{count} {'day' if unit == 'days' and count == 1 else unit} ago"
    return "just now"
