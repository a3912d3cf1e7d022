"""Cron texts: which moments they name on which clock, and what is said of a wrong one."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from backup_engine.errors import BadInput
from backup_engine.policy.cron import Cron, parse

BERLIN, YORK, HOWE, HAVANA = "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "America/Havana"

GOLDEN = [
    # text, zone, from (there), the next moments there with their offsets
    ("30 2 * * *", BERLIN, "2026-06-01 12:00", ["06-02 02:30+0200", "06-03 02:30+0200"]),
    ("*/15 * * * *", BERLIN, "2026-06-01 12:50", ["06-01 13:00+0200", "06-01 13:15+0200"]),
    ("5,35 9-17/4 * * *", "UTC", "2026-06-01 12:50", ["06-01 13:05+0000", "06-01 13:35+0000", "06-01 17:05+0000"]),
    ("0 18 * * mon-fri", BERLIN, "2026-05-29 18:00", ["06-01 18:00+0200", "06-02 18:00+0200"]),
    ("0 3 * * 0", "UTC", "2026-06-01 12:00", ["06-07 03:00+0000", "06-14 03:00+0000"]),
    ("0 3 * * 7", "UTC", "2026-06-01 12:00", ["06-07 03:00+0000"]),
    ("0 0 1 * 1", "UTC", "2026-06-01 00:00", ["06-08 00:00+0000", "06-15 00:00+0000"]),
    ("0 0 1-7 * */7", "UTC", "2026-06-01 00:00", ["06-07 00:00+0000", "07-05 00:00+0000"]),
    ("0 0 L * *", "UTC", "2027-01-31 12:00", ["02-28 00:00+0000", "03-31 00:00+0000"]),
    ("0 0 L 2 *", "UTC", "2028-01-31 12:00", ["02-29 00:00+0000"]),
    ("0 0 LW * *", "UTC", "2026-05-01 12:00", ["05-29 00:00+0000", "06-30 00:00+0000"]),
    ("0 9 * * 5L", "UTC", "2026-05-01 12:00", ["05-29 09:00+0000", "06-26 09:00+0000"]),
    ("0 9 * * mon#2", "UTC", "2026-06-01 12:00", ["06-08 09:00+0000", "07-13 09:00+0000"]),
    ("0 0 29 2 *", "UTC", "2026-06-01 12:00", ["02-29 00:00+0000"]),
    # Clocks go forward: the missing time is made up for right after it, and once.
    ("30 2 * * *", BERLIN, "2026-03-28 12:00", ["03-29 03:00+0200", "03-30 02:30+0200"]),
    ("0,30 2,3 * * *", BERLIN, "2026-03-29 01:00", ["03-29 03:00+0200", "03-29 03:30+0200", "03-30 02:00+0200"]),
    ("30 * * * *", BERLIN, "2026-03-29 01:00", ["03-29 01:30+0100", "03-29 03:30+0200"]),
    ("0 */2 * * *", BERLIN, "2026-03-28 23:00", ["03-29 00:00+0100", "03-29 04:00+0200"]),
    ("30 2 * * *", YORK, "2026-03-07 12:00", ["03-08 03:00-0400", "03-09 02:30-0400"]),
    ("15 2 * * *", HOWE, "2026-10-03 12:00", ["10-04 02:30+1100", "10-05 02:15+1100"]),
    ("*/15 * * * *", HOWE, "2026-10-04 01:30", ["10-04 01:45+1030", "10-04 02:30+1100", "10-04 02:45+1100"]),
    ("0 0 * * *", HAVANA, "2026-03-07 12:00", ["03-08 01:00-0400", "03-09 00:00-0400"]),
    # Clocks go back: a fixed time comes once, the first time; what begins with a star goes by the hours that pass.
    ("30 2 * * *", BERLIN, "2026-10-24 12:00", ["10-25 02:30+0200", "10-26 02:30+0100"]),
    ("30 * * * *", BERLIN, "2026-10-25 01:00",
     ["10-25 01:30+0200", "10-25 02:30+0200", "10-25 02:30+0100", "10-25 03:30+0100"]),
    ("30 1 * * *", YORK, "2026-10-31 12:00", ["11-01 01:30-0400", "11-02 01:30-0500"]),
    ("45 1 * * *", HOWE, "2026-04-04 12:00", ["04-05 01:45+1100", "04-06 01:45+1030"]),
    ("*/30 * * * *", HOWE, "2026-04-05 01:00",
     ["04-05 01:30+1100", "04-05 01:30+1030", "04-05 02:00+1030", "04-05 02:30+1030"]),
]


def there(text: str, zone: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone))


@pytest.mark.parametrize(("text", "zone", "start", "moments"), GOLDEN, ids=[f"{row[0]} {row[1]}" for row in GOLDEN])
def test_the_next_moments_by_a_text(text: str, zone: str, start: str, moments: list[str]) -> None:
    cron = parse(text, zone)

    found = cron.after(there(start, zone), len(moments))

    assert [moment.strftime("%m-%d %H:%M%z") for moment in found] == moments
    # asked from anywhere else on earth, a second before and at each of them, the last one is what it was
    for number, moment in enumerate(found):
        at = moment.astimezone(ZoneInfo("Asia/Kathmandu"))
        assert cron.before(at) == moment
        assert cron.after(at)[0] == (found[number + 1] if number + 1 < len(found) else cron.after(at)[0])
        if number:
            assert cron.before(at - timedelta(seconds=1)) == found[number - 1]


@pytest.mark.parametrize("zone", [BERLIN, YORK, HOWE, HAVANA])
@pytest.mark.parametrize("text", ["30 2 * * *", "0,30 2,3 * * *", "*/20 * * * *", "30 * * * *", "45 1-3 * * *"])
def test_at_every_minute_around_a_change_of_the_clock_last_and_next_are_neighbours(text: str, zone: str) -> None:
    cron = parse(text, zone)
    for day in {BERLIN: ("2026-03-29", "2026-10-25"), YORK: ("2026-03-08", "2026-11-01"),
                HOWE: ("2026-04-05", "2026-10-04"), HAVANA: ("2026-03-08", "2026-11-01")}[zone]:
        begin = there(day, zone).astimezone(UTC)
        for minutes in range(0, 300, 7):
            now = begin + timedelta(minutes=minutes)
            last, coming = cron.before(now), cron.after(now)[0]
            assert last is not None
            assert last.astimezone(UTC) <= now < coming.astimezone(UTC)
            assert cron.after(last)[0].astimezone(UTC) == coming.astimezone(UTC)


def test_the_last_moment_is_found_however_long_ago() -> None:
    now = datetime(2026, 6, 1, 12, tzinfo=UTC)

    assert parse("* * * * *", "UTC").before(now) == now
    assert parse("0 0 29 2 *", "UTC").before(now) == datetime(2024, 2, 29, tzinfo=UTC)
    assert parse("0 0 29 2 */7", "UTC").before(now) == datetime(2004, 2, 29, tzinfo=UTC)  # a Sunday


@pytest.mark.parametrize(("text", "words"), [
    ("", "has 0 fields"), ("* * *", "has 3 fields"), ("@daily", "has 1 fields"), ("* * * * * *", "has 6 fields"),
    ("61 * * * *", "'61' is no minute"), ("*/0 * * * *", "'\\*/0' is no minute"), ("0 25 * * *", "'25' is no hour"),
    ("0 0 32 * *", "'32' is no day of month"), ("0 0 * 13 *", "'13' is no month"), ("0 0 * * 8", "'8' is no day of w"),
    ("0 0 * * mon#6", "no day of week"), ("0 17-9 * * *", "'17-9' is no hour"), ("0 ٣ * * *", "is no hour"),
    ("0 0 30 2 *", "never comes"), ("0 0 31 2,4,6 *", "never comes"), ("0 0 */31 * 1#2", "never comes"),
    (None, "must be cron text"), (5, "must be cron"),
    ("x" * 10_000, "has 1 fields"),
])
def test_a_text_that_cannot_be_used_is_refused_with_the_field_that_is_wrong(text: object, words: str) -> None:
    with pytest.raises(BadInput, match=words) as refused:
        parse(text)

    assert "30 2 * * *" in refused.value.hint
    assert len(str(refused.value)) < 250


@pytest.mark.parametrize(("cron", "words"), [
    (Cron("30 2 * * *", BERLIN), "at 02:30 every day (Europe/Berlin)"),
    (Cron("*/15 * * * *"), "every 15th minute of every hour"),
    (Cron("0 18 * * 1-5", "UTC"), "at 18:00 on Monday through Friday (UTC)"),
])
def test_a_schedule_in_words(cron: Cron, words: str) -> None:
    assert cron.words == words
