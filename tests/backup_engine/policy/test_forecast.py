"""When a kept set goes: said beforehand, and then watched."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from backup_engine.model import BackupSet
from backup_engine.policy.forecast import leaving, next_to_go
from backup_engine.policy.retention import decide
from backup_engine.policy.tiers import Tiers
from tests.backup_engine.policy.golden_tables import every
from tests.backup_engine.sets import NOW, hourly, make_set

HOUR = timedelta(hours=1)


def moments_of(sets: list[BackupSet], keep_days: int, tiers: Tiers) -> dict[str, datetime]:
    return leaving(decide(sets, sets[-1].started, keep_days, tiers=tiers), keep_days)


@pytest.mark.parametrize(("tiers", "keep_days"), [
    (Tiers(30), 1), (Tiers(0, 6), 2), (Tiers(0, 0, 3), 1), (Tiers(0, 0, 0, 2), 1), (Tiers(30, 6, 3, 1, 1), 1),
    (Tiers(), 5),
])
def test_every_set_goes_when_it_was_said_to_go(tiers: Tiers, keep_days: int) -> None:
    """A set an hour goes on being made; retention runs after each."""
    number = 24 * 20
    sets = every(HOUR, datetime(2026, 1, 20, 0, 20, tzinfo=UTC), number)
    promised = moments_of(sets, keep_days, tiers)
    there, gone = [decision.backup for decision in decide(sets, sets[-1].started, keep_days, tiers=tiers)
                   if decision.keep], dict[str, datetime]()

    for backup in every(HOUR, sets[-1].started + HOUR, 24 * 45, first=number + 1):
        decisions = decide([*there, backup], backup.started, keep_days, tiers=tiers)
        gone |= {decision.backup.place: backup.started for decision in decisions if not decision.keep}
        there = [decision.backup for decision in decisions if decision.keep]

    due = {place: moment for place, moment in promised.items() if moment < there[-1].started - HOUR}
    assert due
    for place, moment in due.items():
        assert moment <= gone[place] <= moment + HOUR


def test_what_time_alone_does_not_let_go_has_no_moment() -> None:
    sets = [make_set(1, NOW - timedelta(days=3), pinned=True), *hourly(48, first_seq=2)]
    moments = moments_of(sets, 7, Tiers(daily=2))

    assert sets[0].place not in moments
    assert all(backup.place not in moments for backup in sets[-3:])  # the last good ones
    assert next_to_go(decide(sets, NOW), moments) == sets[1]


def test_a_full_set_goes_with_the_last_that_rests_on_it() -> None:
    full = make_set(1, NOW - timedelta(days=9))
    resting = [make_set(seq, NOW - timedelta(days=8 - seq), kind="differential", base="set-1") for seq in (2, 3)]
    moments = moments_of([full, *resting, *hourly(3, first_seq=4)], 7, Tiers())

    assert moments[full.place] == moments[resting[1].place] == NOW + timedelta(days=2)


def test_a_full_set_under_a_pinned_one_has_no_moment() -> None:
    full = make_set(1, NOW - timedelta(days=9))
    pinned = make_set(2, NOW - timedelta(days=6), kind="differential", base="set-1", pinned=True)

    assert full.place not in moments_of([full, pinned, *hourly(3, first_seq=3)], 7, Tiers())


def test_nothing_to_go_and_nothing_at_all() -> None:
    assert next_to_go(decide(hourly(3), NOW), {}) is None
    assert leaving([], 7) == {} and next_to_go([], {}) is None


def test_beyond_the_calendar_nobody_can_tell() -> None:
    end = datetime(9999, 12, 31, 12, tzinfo=UTC)
    sets = every(24 * HOUR, end - timedelta(days=30), 31)

    moments = moments_of(sets, 7, Tiers(yearly=3))

    assert moments[sets[-8].place] == end
    assert sets[-6].place not in moments
