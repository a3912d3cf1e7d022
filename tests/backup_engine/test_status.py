"""The longest time without a backup."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from backup_engine.status import longest_gap

NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)


def hours_ago(*hours: float) -> list[datetime]:
    return [NOW - timedelta(hours=hour) for hour in hours]


@pytest.mark.parametrize(
    ("moments", "gap"),
    [
        ([], None),
        (hours_ago(3), timedelta(hours=3)),
        (hours_ago(1, 2, 7), timedelta(hours=5)),
        (hours_ago(24 * 20), timedelta(days=7)),
        (hours_ago(24 * 20, 24 * 6), timedelta(days=6)),
        (hours_ago(24 * 20, 24 * 2, 1), timedelta(days=5)),
        ([NOW + timedelta(days=40), *hours_ago(1)], timedelta(hours=1)),
    ],
    ids=["none", "one", "three", "only old", "old and older", "since the window began", "one from the future"],
)
def test_longest_gap(moments: list[datetime], gap: timedelta | None) -> None:
    assert longest_gap(moments, NOW) == gap
