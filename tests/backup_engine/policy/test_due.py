"""When a backup is due."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from backup_engine.errors import BadInput
from backup_engine.policy.due import ago, check_interval, due

NOW = datetime(2025, 6, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("age", "hours", "is_due"),
    [
        (timedelta(minutes=59, seconds=59), 1, False),
        (timedelta(hours=1), 1, True),
        (timedelta(minutes=6), 0.1, True),
        (timedelta(minutes=5), 0.1, False),
        (timedelta(days=7), 168, True),
        (timedelta(minutes=-1), 1, False),
        (timedelta(minutes=-3), 1, True),
        (timedelta(days=-5), 168, True),
        (timedelta(days=365 * 30), 1, True),
    ],
)
def test_due_when_the_interval_has_passed_or_the_clock_went_back(age: timedelta, hours: float, is_due: bool) -> None:
    assert due(NOW - age, NOW, hours).is_due is is_due


def test_due_when_there_is_none() -> None:
    assert due(None, NOW, 1).is_due


def test_not_due_says_when_the_last_was_and_when_the_next_will_be() -> None:
    answer = due(NOW - timedelta(minutes=12), NOW, 1)

    assert answer.why == "Last backup was 12 min ago (interval: 1 hours)"
    assert answer.next_at == NOW + timedelta(minutes=48)


def test_an_hour_is_an_hour_across_summer_time() -> None:
    zone = ZoneInfo("Europe/Zurich")
    before = datetime(2025, 10, 26, 2, 30, tzinfo=zone, fold=0)
    after = datetime(2025, 10, 26, 2, 30, tzinfo=zone, fold=1)

    assert due(before, after, 1).is_due
    assert not due(before, after, 1.5).is_due


@pytest.mark.parametrize("value", [0.1, 1, 168, "2.5"])
def test_an_interval_within_the_bounds(value: object) -> None:
    assert check_interval(value) == float(str(value))


@pytest.mark.parametrize("value", [0, 0.05, 169, -1, "x", "", float("nan"), float("inf"), None, True, [1]])
def test_an_interval_outside_is_refused_with_the_bounds(value: object) -> None:
    with pytest.raises(BadInput, match=r"0\.1 to 168"):
        check_interval(value)


@pytest.mark.parametrize(
    ("age", "words"),
    [(0, "just now"), (59, "just now"), (60, "1 min ago"), (3599, "59 min ago"), (7200, "2 h ago"),
     (86_400, "1 day ago"), (200_000, "2 days ago"), (-5, "just now")],
)
def test_ages_in_words(age: int, words: str) -> None:
    assert ago(timedelta(seconds=age)) == words
