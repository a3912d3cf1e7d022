"""The backup of a moment that a person names."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest

from backup_engine.errors import BadInput, NoBackupsFound
from backup_engine.policy.moments import moment_of, newest_at
from tests.backup_engine.sets import NOW, hourly, make_set

HERE = timezone(timedelta(hours=2))
MINUTE = timedelta(minutes=1)


@pytest.mark.parametrize(("text", "moment"), [
    ("2026-03-31T14:00", datetime(2026, 3, 31, 14, tzinfo=HERE)),
    (" 2026-03-31 14:00:05 ", datetime(2026, 3, 31, 14, 0, 5, tzinfo=HERE)),
    ("2026-03-31T14:00Z", datetime(2026, 3, 31, 14, tzinfo=UTC)),
    ("2026-03-31", datetime(2026, 3, 31, 23, 59, 59, 999_999, tzinfo=HERE)),
    ("20260331_140000", "20260331_140000"),
])
def test_a_moment_is_local_unless_it_says_otherwise_and_a_date_is_its_end(text: str, moment: object) -> None:
    assert moment_of(text, NOW.astimezone(HERE)) == moment


@pytest.mark.parametrize("text", ["", "yesterday", "31.3.2026", "2026-13-01", "20260331"[:7]])
def test_what_is_no_moment_is_refused(text: str) -> None:
    with pytest.raises(BadInput, match="is no moment"):
        moment_of(text, NOW)


@pytest.fixture
def berlin(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TZ", "Europe/Berlin")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.mark.usefixtures("berlin")
@pytest.mark.parametrize(("text", "utc"), [
    ("2026-07-01 12:00", "2026-07-01T10:00"), ("2026-01-01 12:00", "2026-01-01T11:00"),
    ("2026-10-25 02:30", "2026-10-25T00:30"), ("2026-10-25 02:30+01:00", "2026-10-25T01:30"),
])
@pytest.mark.parametrize("now", ["2026-11-26T12:00+01:00", "2026-06-26T12:00+02:00"])
def test_local_is_by_the_rules_of_that_date_and_not_by_the_offset_of_today(text: str, utc: str, now: str) -> None:
    clock = datetime.fromisoformat(now)
    for each in (clock, clock.astimezone(ZoneInfo("Europe/Berlin"))):
        moment = moment_of(text, each)
        assert isinstance(moment, datetime)
        assert moment.astimezone(UTC) == datetime.fromisoformat(utc).replace(tzinfo=UTC)


def test_it_is_the_newest_good_one_at_that_moment_or_before() -> None:
    sets = [*hourly(3, NOW - timedelta(hours=1)), make_set(4, NOW - 10 * MINUTE, trigger="pre_restore"),
            make_set(5, NOW - 9 * MINUTE, state="damaged"), make_set(6, NOW - 8 * MINUTE, trigger="continuous"),
            make_set(7, NOW, trigger="continuous")]
    assert newest_at(sets, NOW).seq == 7
    assert newest_at(sets, NOW - MINUTE).seq == 6
    assert newest_at(sets, NOW - MINUTE, bad={"set-6"}).seq == 3
    assert newest_at(sets, NOW - timedelta(hours=1)).seq == 3
    assert newest_at([*sets, make_set(8, NOW - timedelta(days=30))], NOW).seq == 7, "made while the clock was wrong"


def test_where_there_is_none_the_oldest_is_named() -> None:
    with pytest.raises(NoBackupsFound, match=r"09:30:00 \+0200 or before; the oldest is of 2026-03-31 11:00"):
        newest_at(hourly(4), datetime(2026, 3, 31, 9, 30, tzinfo=HERE))
    with pytest.raises(NoBackupsFound, match=r"or before\."):
        newest_at([], NOW)
