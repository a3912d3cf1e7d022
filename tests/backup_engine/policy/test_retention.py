"""Golden tables: who stays and who goes, over generated calendars in three time zones."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from backup_engine.model import BackupSet
from backup_engine.policy.retention import any_old, decide, good_sets, halted
from tests.backup_engine.sets import NOW, hourly, make_set

ZONES = ("UTC", "America/New_York", "Australia/Lord_Howe")
DAY = timedelta(days=1)


def deleted(sets: list[BackupSet], now: datetime = NOW, **options: object) -> list[int]:
    """The ``seq`` of every set that goes."""
    gone = [decision.backup.seq for decision in decide(sets, now, **options) if not decision.keep]  # type: ignore[arg-type]
    assert not gone or any_old(sets, **{"keep_days": 7, **options}), "they would not even be decided about"  # type: ignore[arg-type]
    return gone


def reason(sets: list[BackupSet], seq: int, **options: object) -> str:
    """Why that set stays or goes."""
    return next(decision.reason for decision in decide(sets, NOW, **options) if decision.backup.seq == seq)  # type: ignore[arg-type]


CALENDARS = {
    # name: (hours between sets, number of sets, keep_days) -> the sets that go
    "hourly for 8 days": (1, 192, 7, list(range(1, 24))),
    "hourly for 7 days": (1, 168, 7, []),
    "exactly 7 days old stays": (1, 169, 7, []),
    "one hour more goes": (1, 170, 7, [1]),
    "daily for 12 days": (24, 12, 7, [1, 2, 3, 4]),
    "weekly for 10 weeks": (168, 10, 7, list(range(1, 8))),
    "four a day, keep 2": (6, 40, 2, list(range(1, 32))),
    "monthly-ish keeps three": (29 * 24, 6, 7, [1, 2, 3]),
    "keep 1": (1, 30, 1, [1, 2, 3, 4, 5]),
    "a single set": (1, 1, 7, []),
}


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("turn", ["2026-03-08", "2026-11-01", "2026-04-05", "2026-10-04", "2026-02-28", "2027-01-01"])
@pytest.mark.parametrize("calendar", CALENDARS)
def test_calendar(calendar: str, turn: str, zone: str) -> None:
    step, number, keep_days, gone = CALENDARS[calendar]
    local = datetime.fromisoformat(turn).replace(hour=3, minute=30, tzinfo=ZoneInfo(zone)).astimezone(UTC)
    sets = [make_set(n + 1, (local - timedelta(hours=step * (number - 1 - n))).astimezone(ZoneInfo(zone)))
            for n in range(number)]

    assert deleted(sets, local, keep_days=keep_days) == gone
    assert halted(sets, local) == ""


def test_age_counts_from_the_newest_good_set_not_from_now() -> None:
    sets = hourly(48, NOW - 300 * DAY)

    assert deleted(sets) == []


def test_off_for_ten_days_keeps_the_last_three() -> None:
    sets = [*hourly(100, NOW - 10 * DAY), make_set(101, NOW)]

    assert deleted(sets) == list(range(1, 99))
    assert halted(sets, NOW) == ""


def test_newest_bad_measures_from_the_one_before() -> None:
    sets = [*hourly(10, NOW - 8 * DAY), make_set(11, NOW)]

    assert deleted(sets, bad={"set-11"}) == []
    assert reason(sets, 10, bad={"set-11"}) == "the newest good backup"


def test_all_bad_deletes_nothing() -> None:
    sets = hourly(400)
    bad = {backup.backup_id for backup in sets}

    assert deleted(sets, bad=bad) == []
    assert "no good backup" in halted(sets, NOW, bad=bad)


def test_the_only_good_one_among_bad_stays() -> None:
    sets = hourly(200, step=24)
    bad = {backup.backup_id for backup in sets if backup.seq != 3}

    assert 3 not in deleted(sets, bad=bad)


def test_no_sets_at_all() -> None:
    assert decide([], NOW) == []
    assert halted([], NOW) != ""


def test_full_copy_outlives_200_empty_backups() -> None:
    full = make_set(1, NOW - 9 * DAY)
    sets = [full, *hourly(200, NOW, first_seq=2, counts={"equipment": 0, "select_options": 40})]

    assert 1 not in deleted(sets)
    assert reason(sets, 1) == "the newest good backup in which equipment is not empty"


def test_all_empty_keeps_the_last_three() -> None:
    sets = hourly(20, step=24, counts={"equipment": 0})

    assert deleted(sets) == list(range(1, 13))


PROTECTED = {
    "pinned": {"pinned": True},
    "made by a newer version": {"state": "newer"},
    "made by the original system; deleted only by hand": {"state": "legacy"},
    "damaged or incomplete; it may be all that is left": {"state": "damaged"},
    "the latest safety backup of a restore; Undo needs it": {"trigger": "pre_restore"},
}


@pytest.mark.parametrize("why", PROTECTED)
def test_protected_for_what_it_is(why: str) -> None:
    old = make_set(1, NOW - 100 * DAY, **PROTECTED[why])  # type: ignore[arg-type]
    sets = [old, *hourly(20, first_seq=500)]

    assert deleted(sets) == []
    assert reason(sets, 1) == why


def test_orphans_are_never_deleted() -> None:
    old = make_set(0, NOW - 100 * DAY, state="orphan")

    assert deleted([old, *hourly(20)]) == []


def test_only_the_latest_safety_set_with_its_differential_stays() -> None:
    first = make_set(1, NOW - 60 * DAY, trigger="pre_restore")
    second = make_set(2, NOW - 50 * DAY, trigger="pre_restore")
    late = make_set(3, NOW - 50 * DAY, trigger="pre_restore", kind="differential", base="set-2")

    assert deleted([first, second, late, *hourly(5, first_seq=900)]) == [1]


def test_imported_sets_do_not_count_as_the_newest() -> None:
    imported = make_set(50, NOW, trigger="imported")
    sets = [*hourly(10, NOW - 20 * DAY), imported]

    assert deleted(sets) == []
    assert good_sets(sets)[-1].seq == 10


def test_full_under_a_kept_differential_stays() -> None:
    full = make_set(1, NOW - 8 * DAY)
    differential = make_set(2, NOW - 6 * DAY, kind="differential", base="set-1")
    sets = [full, differential, *hourly(5, first_seq=3)]

    assert deleted(sets) == []
    assert reason(sets, 1) == "a kept differential backup rests on it"


def test_old_full_goes_together_with_its_old_differentials() -> None:
    full = make_set(1, NOW - 9 * DAY)
    differential = make_set(2, NOW - 8 * DAY, kind="differential", base="set-1")

    assert deleted([full, differential, *hourly(5, first_seq=3)]) == [1, 2]


def test_future_set_stays_and_a_future_newest_stops_the_run() -> None:
    future = make_set(1, NOW + 400 * DAY)

    assert deleted([future, *hourly(400, first_seq=2)]) != []
    assert reason([future, *hourly(400, first_seq=2)], 1) == "dated in the future"
    assert "clock looks wrong" in halted([*hourly(5), make_set(6, NOW + 400 * DAY)], NOW)


@pytest.mark.parametrize("jump", [42, 365 * 30])
def test_clock_set_forward_stops_the_run_until_acknowledged(jump: int) -> None:
    later = NOW + jump * DAY
    sets = [*hourly(100), *hourly(50, later, first_seq=101)]

    assert "clock looks wrong" in halted(sets, later)
    assert halted(sets, later, acknowledged=150) == ""


def test_clock_set_forward_and_back_loses_nothing() -> None:
    sets = [*hourly(100), *hourly(5, NOW + 42 * DAY, first_seq=101), make_set(106, NOW + timedelta(hours=1))]

    assert "clock looks wrong" in halted(sets, NOW + timedelta(hours=1))
    assert deleted(sets, NOW + timedelta(hours=1)) == []


def test_hole_left_by_deleted_sets_is_not_a_jump() -> None:
    pinned = make_set(1, NOW - 100 * DAY, pinned=True)

    assert halted([pinned, *hourly(20, first_seq=2000)], NOW) == ""


def test_shrinking_by_more_than_half_stops_until_acknowledged() -> None:
    before = hourly(3, NOW - timedelta(hours=30))
    after = hourly(30, NOW, first_seq=4, counts={"equipment": 214, "select_options": 40})

    assert "equipment shrank from 430 to 214" in halted([*before, *after], NOW)
    assert halted([*before, *after], NOW, acknowledged=33) == ""


@pytest.mark.parametrize(("left", "stops"), [(215, False), (214, True), (0, True), (430, False), (900, False)])
def test_exactly_half_is_not_more_than_half(left: int, stops: bool) -> None:
    sets = [make_set(1, NOW - DAY), make_set(2, NOW, {"equipment": left, "select_options": 40})]

    assert bool(halted(sets, NOW)) is stops


def test_list_that_came_back_does_not_stop_the_run() -> None:
    sets = [make_set(1, NOW - 3 * DAY), make_set(2, NOW - 2 * DAY, {"equipment": 0}), make_set(3, NOW - DAY)]

    assert halted(sets, NOW) == ""


def test_set_made_while_the_clock_was_back_is_as_young_as_those_before_it() -> None:
    wrong = make_set(101, NOW - 10 * DAY)
    sets = [*hourly(100, NOW - 2 * DAY), wrong, *hourly(40, first_seq=102)]

    assert deleted(sets) == []
    assert next(decision.age for decision in decide(sets, NOW) if decision.backup.seq == 101) == 2 * DAY
