"""When the weekly messages are due."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from equipment.messages.weekly import day_due

MONDAY = datetime(2026, 11, 23, 7, 0, tzinfo=UTC)


@pytest.mark.parametrize(("last", "days", "hours", "answer"), [
    (None, 0, 0, ("2026-11-23", False)),
    ("2026-11-16", 0, -1, ("2026-11-16", False)),
    ("2026-11-16", 0, 0, ("2026-11-23", True)),
    ("2026-11-23", 0, 1, ("2026-11-23", False)),
    ("2026-11-23", 6, 23, ("2026-11-23", False)),
    ("2026-10-05", 2, 0, ("2026-11-23", True)),
    ("2036-01-07", 0, 0, ("2026-11-23", False)),
    ("2026-11-30", 0, 0, ("2026-11-30", False)),
    ("no day", 0, 0, ("2026-11-23", False)),
], ids=["the first start", "an hour before", "now", "once", "the week after", "missed for weeks",
        "the clock was far ahead", "the clock went back a little", "damaged"])
def test_once_a_week(last: str | None, days: int, hours: int, answer: tuple[str, bool]) -> None:
    assert day_due(last, MONDAY + timedelta(days=days, hours=hours), 0, 7) == answer


def test_the_night_in_which_clocks_change_sends_it_once() -> None:
    zone, last, sent = ZoneInfo("Europe/Berlin"), "2026-10-18", []
    begin = datetime(2026, 10, 24, 22, tzinfo=UTC)
    for minutes in range(0, 8 * 60, 10):
        now = (begin + timedelta(minutes=minutes)).astimezone(zone)
        last, due = day_due(last, now, 6, 2)
        sent += [str(now)] if due else []
    assert sent == ["2026-10-25 02:00:00+02:00"]
