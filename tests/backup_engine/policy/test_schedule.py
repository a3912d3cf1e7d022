"""When something is due again, by interval or by cron text: what was missed counts once, and a wrong clock little."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from backup_engine.policy.cron import parse
from backup_engine.policy.schedule import Schedule

NOW = datetime(2026, 6, 3, 12, tzinfo=UTC)  # a Wednesday
NIGHTLY = Schedule(cron=parse("30 2 * * *", "UTC"))
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)


def simulated(schedule: Schedule, start: datetime, end: datetime, wrong: Callable[[datetime], timedelta]) -> list[str]:
    """Ask once a minute on a clock that is ``wrong`` by so much; gives when (truly) something was made."""
    made, dated, moment = list[str](), list[datetime](), start
    while moment < end:
        shown = moment + wrong(moment)
        last = next((date for date in reversed(dated) if schedule.counts(date, shown)), None)
        if schedule.due(last, shown).is_due:
            made.append(f"{moment:%d. %H:%M}")
            dated.append(shown)
        moment += MINUTE
    return made


@pytest.mark.parametrize(("last", "is_due"), [
    (timedelta(hours=9), False), (timedelta(hours=9, minutes=30), False), (timedelta(hours=9, minutes=31), True),
    (timedelta(days=40), True), (timedelta(minutes=-1), False), (timedelta(minutes=-3), True),
])
def test_by_cron_it_is_due_once_a_moment_has_passed_since(last: timedelta, is_due: bool) -> None:
    assert NIGHTLY.due(NOW - last, NOW).is_due is is_due


def test_the_first_time_is_due_at_once() -> None:
    assert NIGHTLY.due(None, NOW).is_due


def test_why_and_when_next() -> None:
    answer = NIGHTLY.due(NOW - timedelta(hours=9), NOW)

    assert answer.why == "Last backup was 9 h ago (schedule: at 02:30 every day (UTC))"
    assert answer.next_at == datetime(2026, 6, 4, 2, 30, tzinfo=UTC)
    assert Schedule(6).due(NOW - timedelta(hours=9), NOW).why == "Last backup was 9 h ago (interval: 6 hours)"


def test_what_was_missed_is_made_up_for_once() -> None:
    quarter = Schedule(cron=parse("*/15 * * * *", "UTC"))
    last = NOW - timedelta(days=3)

    assert quarter.due(last, NOW).is_due
    assert not quarter.due(NOW, NOW + timedelta(seconds=30)).is_due


def test_a_night_on_which_the_clock_changes_has_one_backup() -> None:
    berlin = Schedule(cron=parse("30 2 * * *", "Europe/Berlin"))
    for day, expected in (("2026-03-28", "29. 01:00"), ("2026-10-24", "25. 00:30")):
        start = datetime.fromisoformat(f"{day}T12:00").replace(tzinfo=ZoneInfo("Europe/Berlin")).astimezone(UTC)

        _, *made = simulated(berlin, start, start + timedelta(hours=23), lambda _: timedelta(0))

        assert made == [expected]


@pytest.mark.parametrize("minutes", [-60 * 24, -60, -3, 3, 60 * 24], ids=lambda minutes: f"{minutes} min")
@pytest.mark.parametrize("schedule", [NIGHTLY, Schedule(1)], ids=["nightly", "hourly"])
def test_a_clock_that_jumps_costs_one_more_at_most_and_never_one_less(schedule: Schedule, minutes: int) -> None:
    start, end = datetime(2026, 6, 1, tzinfo=UTC), datetime(2026, 6, 3, tzinfo=UTC)
    at, jump = datetime(2026, 6, 1, 2, 35, tzinfo=UTC), timedelta(minutes=minutes)  # just after the nightly one
    usual = simulated(schedule, start, end, lambda _: timedelta(0))

    made = simulated(schedule, start, end, lambda now: jump if now >= at else timedelta(0))

    assert len(usual) <= len(made) <= len(usual) + 1
    truly = [datetime.strptime(moment, "%d. %H:%M") for moment in made]
    assert max(late - early for early, late in pairwise(truly)) <= schedule.gap(end) + max(abs(jump) % DAY, MINUTE)


@pytest.mark.parametrize("schedule", [NIGHTLY, Schedule(1)], ids=["nightly", "hourly"])
def test_a_clock_that_is_put_right_just_before_the_moment(schedule: Schedule) -> None:
    """It was four minutes ahead, so that what was to be made at 02:30 was made at 02:26."""
    start, end = datetime(2026, 6, 1, tzinfo=UTC), datetime(2026, 6, 3, tzinfo=UTC)
    at = datetime(2026, 6, 1, 2, 27, tzinfo=UTC)
    usual = simulated(schedule, start, end, lambda _: timedelta(0))

    made = simulated(schedule, start, end, lambda now: timedelta(minutes=4) if now < at else timedelta(0))

    assert len(usual) <= len(made) <= len(usual) + 1


def test_the_next_times() -> None:
    assert NIGHTLY.coming(NOW, NOW, 2) == [datetime(2026, 6, day, 2, 30, tzinfo=UTC) for day in (4, 5)]
    assert NIGHTLY.coming(None, NOW, 2) == [NOW, datetime(2026, 6, 4, 2, 30, tzinfo=UTC)]
    assert Schedule(6).coming(NOW, NOW, 2) == [NOW + timedelta(hours=6), NOW + timedelta(hours=12)]


@pytest.mark.parametrize(("text", "hours"), [
    ("30 2 * * *", 24), ("*/15 * * * *", 0.25), ("0 18 * * 1-5", 24), ("0 0 1 * *", 31 * 24), ("0 0 29 2 *", 1461 * 24),
])
def test_how_long_it_may_be_to_the_next_one(text: str, hours: float) -> None:
    assert Schedule(cron=parse(text, "UTC")).gap(NOW) == timedelta(hours=hours)


def test_over_a_weekend_it_may_be_longer() -> None:
    office = Schedule(cron=parse("0 18 * * 1-5", "UTC"))

    assert office.gap(datetime(2026, 6, 7, 12, tzinfo=UTC)) == timedelta(days=3)
    assert office.gap(datetime(2026, 6, 8, 19, tzinfo=UTC)) == timedelta(days=3)
    assert office.gap(datetime(2026, 6, 9, 19, tzinfo=UTC)) == timedelta(days=1)
    assert Schedule(6).gap(NOW) == timedelta(hours=6)
