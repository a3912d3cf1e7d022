"""Thinning of what is made continuously. Whole calendars stand in ``golden/minutes.txt`` and ``minutes-turn.txt``."""

from __future__ import annotations

import random
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from backup_engine.model import BackupSet
from backup_engine.policy import retention
from backup_engine.policy.minutes import STEPS
from backup_engine.policy.retention import any_old, decide
from backup_engine.policy.tiers import Tiers
from tests.backup_engine.sets import make_set

START = datetime(2026, 11, 26, 8, 0, 7, tzinfo=UTC)
SECOND, MINUTE, HOUR = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1)


def made(number: int, step: timedelta, start: datetime = START, **facts: Any) -> list[BackupSet]:
    return [make_set(n + 1, start + n * step, **{"trigger": "continuous", **facts}) for n in range(number)]


def left(sets: Iterable[BackupSet], **more: Any) -> list[BackupSet]:
    sets = list(sets)
    return [decision.backup for decision in decide(sets, sets[-1].started, **more) if decision.keep]


def test_each_age_keeps_the_newest_of_its_stretch() -> None:
    sets = made(round(60 * HOUR / (30 * SECOND)), 30 * SECOND)
    newest = sets[-1].started

    kept = left(sets)

    ages = [newest - backup.started for backup in kept]
    assert sum(age <= 2 * HOUR for age in ages) in range(120, 125)
    assert sum(2 * HOUR < age <= 26 * HOUR for age in ages) in range(143, 146)
    assert sum(26 * HOUR < age <= 50 * HOUR for age in ages) in range(23, 26)
    assert sum(age > 50 * HOUR for age in ages) in range(9, 12), "then the days alone decide, about what is left"
    assert all(backup.started.minute in (59, 9) or newest - backup.started <= 26 * HOUR for backup in kept[:-3])
    assert len(kept) < 400


def test_only_what_was_made_continuously_is_thinned() -> None:
    usual = made(300, 10 * SECOND, trigger="scheduled")
    assert left(usual) == usual
    assert len(left(made(300, 10 * SECOND))) < 60


@pytest.mark.parametrize("seed", range(3))
def test_thinning_after_every_set_keeps_what_thinning_once_would(seed: int) -> None:
    chance = random.Random(seed)
    moments = sorted(START + chance.randrange(100 * 3600) * SECOND for _ in range(600))
    sets = [make_set(n + 1, moment, trigger=chance.choice(["continuous"] * 5 + ["auto"]))
            for n, moment in enumerate(moments)]
    one_by_one: list[BackupSet] = []
    for backup in sets:
        one_by_one = left([*one_by_one, backup], keep_days=2)

    assert one_by_one == left(sets, keep_days=2)


def test_pins_bases_and_the_last_good_ones_are_above_it() -> None:
    base = make_set(1, START, trigger="continuous")
    pinned = make_set(2, START + 5 * SECOND, trigger="continuous", pinned=True, kind="differential", base="set-1")
    others = [make_set(n, START + n * SECOND, trigger="continuous") for n in range(3, 12)]

    reasons = {decision.backup.seq: decision.reason for decision in decide([base, pinned, *others], START + MINUTE)
               if decision.keep}

    assert reasons == {1: "a kept differential backup rests on it", 2: "pinned", 9: "one of the last 3 good backups",
                       10: "one of the last 3 good backups", 11: "the newest good backup"}


def test_what_goes_says_why_and_what_stays_has_no_day_on_which_it_goes() -> None:
    first, second, *_ = decide(made(20, 40 * SECOND), START + HOUR)
    assert (first.keep, first.reason) == (False, "made continuously, and not the newest of its minute")
    assert (second.reason, second.rules) == ("made continuously, and the newest of its minute", ("minutes",))


def test_with_one_day_kept_the_second_day_is_hourly_all_the_same() -> None:
    sets = made(60, HOUR)
    kept = left(sets, keep_days=1)
    assert sets[-1].started - kept[0].started == 50 * HOUR
    assert not any_old(kept, 1)


def test_a_bad_set_does_not_stand_for_its_minute() -> None:
    sets = made(30, 20 * SECOND)
    assert sets[1] in left(sets, bad={sets[2].backup_id})


def test_it_is_done_when_some_wait_for_it() -> None:
    sets = made(14, MINUTE)
    crowded = [replace(backup, seq=backup.seq + 20, backup_id=f"more-{backup.seq}", label=f"more-{backup.seq}",
                       started=backup.started + SECOND) for backup in sets]
    everything = sorted([*sets, *crowded], key=lambda backup: backup.started)
    ordered = [replace(backup, seq=n + 1) for n, backup in enumerate(everything)]
    assert not any_old(ordered[:retention.THIN_AT], 7)
    assert any_old(ordered, 7)
    pinned = [replace(backup, pinned=True) for backup in ordered]
    assert not any_old(pinned, 7), "what stays in any case is no reason to look each minute"
    assert not any_old(left(ordered, tiers=Tiers(24)), 7)


def test_a_clock_that_jumps_costs_no_set_of_another_minute() -> None:
    before, back = made(30, MINUTE), made(30, MINUTE, START - timedelta(days=400))
    sets = [replace(backup, seq=n + 1, backup_id=f"set-{n + 1}") for n, backup in enumerate([*before, *back])]
    after = make_set(61, START + HOUR, trigger="continuous")

    assert left([*sets, after]) == [*sets, after]
    assert STEPS[-1].until > STEPS[0].until
