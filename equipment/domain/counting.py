"""A number and what is counted, as people say it."""

from __future__ import annotations

from datetime import date
from typing import Final

__all__ = ["due_in", "number_of", "size_of"]

UNITS: Final = ("B", "KB", "MB", "GB", "TB")
TEN: Final = 9.95
"""From here on nobody asks for a decimal; what is rounded to ten has none either."""


def number_of(number: int, noun: str, plural: str = "") -> str:
    """Put them together: ``1 record``, ``1,204 records``."""
    return f"{number:,} {noun if number == 1 else plural or f'{noun}s'}"


def due_in(day: date, today: date) -> str:
    """Say how long something is due or overdue: ``379 days overdue``, ``due today``, ``due in 1 day``."""
    days = (day - today).days
    if days < 0:
        return f"{number_of(-days, 'day')} overdue"
    return f"due in {number_of(days, 'day')}" if days else "due today"


def size_of(count: float) -> str:
    """Put a number of bytes as people say it: ``812 B``, ``1.2 KB``, ``34 MB``."""
    power = 0
    while round(count) >= 1000 and power < len(UNITS) - 1:
        count, power = count / 1000, power + 1
    return f"{count:,.{1 if power and count < TEN else 0}f} {UNITS[power]}"
