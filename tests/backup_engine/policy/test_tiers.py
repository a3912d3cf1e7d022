"""Retention in tiers: tables to read, and what must hold for any sets at all."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from difflib import unified_diff
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings, strategies as st

from backup_engine.errors import BadInput
from backup_engine.model import BackupSet
from backup_engine.policy.retention import any_old, decide, good_sets
from backup_engine.policy.tiers import NO_TIERS, TIERS, Tiers, checked, kept, words
from tests.backup_engine.policy.golden_tables import CALENDARS, FOLDER, TURNS, every, table, zoned
from tests.backup_engine.sets import NOW, hourly

HOUR = timedelta(hours=1)
START = datetime(2026, 1, 1, tzinfo=UTC)
ZONES = ("UTC", *TURNS)
SOME = st.builds(Tiers, *[st.integers(0, 6)] * 5)


@st.composite
def histories(draw: st.DrawFn) -> list[BackupSet]:
    """Sets as time brings them, at any distance, with a machine that may travel."""
    moment, sets = START, list[BackupSet]()
    for seq in range(1, draw(st.integers(1, 60)) + 1):
        moment += draw(st.sampled_from((HOUR / 4, HOUR, 7 * HOUR, 25 * HOUR, 200 * HOUR, 1500 * HOUR)))
        facts = draw(st.sampled_from(({}, {}, {}, {"pinned": True}, {"trigger": "imported"}, {"state": "damaged"},
                                      {"trigger": "pre_restore"}, {"counts": {"equipment": 0}})))
        full = [backup.backup_id for backup in sets if backup.kind == "full"]
        if full and draw(st.booleans()):
            facts = {**facts, "kind": "differential", "base": full[-1]}
        sets.append(zoned(seq, moment.astimezone(ZoneInfo(draw(st.sampled_from(ZONES)))), **facts))
    return sets


def left(sets: list[BackupSet], keep_days: int, tiers: Tiers, bad: frozenset[str] = frozenset()) -> list[BackupSet]:
    """What is still there after retention has run right after the newest one."""
    decisions = decide(sets, max(backup.started for backup in sets), keep_days, tiers=tiers, bad=bad)
    stays = [decision.backup for decision in decisions if decision.keep]
    # after a backup nothing is decided where no set is old enough: that must never leave one that would go
    assert len(stays) == len(sets) or any_old(sets, keep_days, bad, tiers=tiers)
    return stays


def places(sets: list[BackupSet]) -> set[str]:
    """What tells them apart."""
    return {backup.place for backup in sets}


@pytest.mark.parametrize("name", CALENDARS)
def test_table(name: str) -> None:
    written = (FOLDER / f"{name}.txt").read_text("utf-8")
    now = table(CALENDARS[name]())

    if now != written:
        changes = unified_diff(written.splitlines(), now.splitlines(), f"golden/{name}.txt", "decided now", lineterm="")
        anew = ".venv/bin/python -m tests.backup_engine.policy.golden_tables"
        pytest.fail("\n".join([*changes, "", f"If that is meant: {anew}"]))


def test_every_table_has_its_calendar() -> None:
    assert {path.stem for path in FOLDER.glob("*.txt")} == CALENDARS.keys()


@settings(max_examples=100, deadline=None)
@given(histories(), SOME, st.data())
def test_a_tier_keeps_as_many_as_it_says_wherever_there_are_as_many(
    sets: list[BackupSet], tiers: Tiers, data: st.DataObject
) -> None:
    bad = frozenset(data.draw(st.sets(st.sampled_from([backup.backup_id for backup in sets]), max_size=5)))
    good = good_sets(sets, bad)
    stays = [backup for backup in left(sets, 1, tiers, bad) if backup in good]

    for tier in TIERS:
        there = list(dict.fromkeys(tier.stretch(backup.local) for backup in reversed(good)))
        still = {tier.stretch(backup.local) for backup in stays}
        assert still.issuperset(there[:tiers.counts[tier.name]]), tier.name
        for stretch in there[:tiers.counts[tier.name]]:
            newest = [backup for backup in good if tier.stretch(backup.local) == stretch][-1]
            assert newest in stays


@settings(max_examples=100, deadline=None)
@given(histories(), SOME, st.integers(1, 30))
def test_pruning_twice_is_pruning_once(sets: list[BackupSet], tiers: Tiers, keep_days: int) -> None:
    once = left(sets, keep_days, tiers)

    assert left(once, keep_days, tiers) == once


@settings(max_examples=100, deadline=None)
@given(histories(), SOME, st.integers(1, 30))
def test_what_the_days_keep_no_tier_lets_go(sets: list[BackupSet], tiers: Tiers, keep_days: int) -> None:
    assert places(left(sets, keep_days, NO_TIERS)) <= places(left(sets, keep_days, tiers))


@settings(max_examples=100, deadline=None)
@given(histories(), SOME, st.integers(1, 30))
def test_without_tiers_nothing_is_decided_otherwise(sets: list[BackupSet], tiers: Tiers, keep_days: int) -> None:
    moment = max(backup.started for backup in sets)
    alone = {decision.backup.place: decision for decision in decide(sets, moment, keep_days)}

    for decision in decide(sets, moment, keep_days, tiers=tiers):
        if not decision.slots and decision.keep == alone[decision.backup.place].keep:
            assert decision.reason.removesuffix(", and in no tier") == alone[decision.backup.place].reason


@settings(max_examples=60, deadline=None)
@given(histories(), SOME, st.integers(1, 30))
def test_pruning_after_each_backup_keeps_what_pruning_at_the_end_keeps(
    sets: list[BackupSet], tiers: Tiers, keep_days: int
) -> None:
    there: list[BackupSet] = []
    for backup in sets:
        there = left([*there, backup], keep_days, tiers)

    assert there == left(sets, keep_days, tiers)


def test_a_year_of_hours_pruned_each_hour_keeps_what_pruning_at_its_end_keeps() -> None:
    sets, tiers = every(HOUR, START - timedelta(days=1), 366 * 24, "Australia/Lord_Howe"), Tiers(5, 4, 6, 14, 3)
    there: list[BackupSet] = []
    for backup in sets:
        there = left([*there, backup], 1, tiers)

    assert there == left(sets, 1, tiers)
    assert len(there) == 24 + 3 + 5 + 12 + 1 - 1  # a day; days, weeks, months and a year; one is of a week and a month


@settings(deadline=None)
@given(histories(), SOME, st.randoms(use_true_random=False))
def test_the_order_in_which_sets_are_listed_decides_nothing(
    sets: list[BackupSet], tiers: Tiers, shuffled: random.Random
) -> None:
    listed = list(sets)
    shuffled.shuffle(listed)

    assert places(left(listed, 3, tiers)) == places(left(sets, 3, tiers))


def test_a_set_and_the_one_it_was_resealed_to_hold_one_place() -> None:
    old = zoned(7, NOW)
    new = replace(zoned(30, NOW), metadata={"reseals": {"backup_id": "set-7", "seq": 7}})

    assert kept([old, new], Tiers(daily=3)).keys() == kept([new, old], Tiers(daily=3)).keys() == {new.place}


def test_the_hour_that_comes_twice_is_two_hours() -> None:
    first, second = every(HOUR, datetime(2026, 10, 25, 0, 30, tzinfo=UTC), 2, "Europe/Berlin")

    assert first.local.hour == second.local.hour == 2
    assert kept([first, second], Tiers(hourly=2)).keys() == {first.place, second.place}


def test_days_are_those_of_the_place_where_a_set_was_made() -> None:
    sets = every(HOUR, datetime(2026, 6, 1, 21, 30, tzinfo=UTC), 2, "Europe/Berlin")

    assert len(kept(sets, Tiers(daily=2))) == 2
    assert len(kept([replace(backup, metadata={}) for backup in sets], Tiers(daily=2))) == 1


@pytest.mark.parametrize("said", [None, 7, "", "CET", "CET 0100", "X +9900", "X +2460", "+01000000000", "\u0661+0100x"])
def test_a_zone_that_is_none_counts_as_utc(said: object) -> None:
    backup = replace(zoned(1, NOW), metadata={"timezone": said})

    assert backup.local == NOW and backup.local.utcoffset() == timedelta(0)


@pytest.mark.parametrize(("year", "said"), [(1, "X -2300"), (9999, "X +2300")])
def test_a_moment_at_the_edge_of_the_calendar_is_no_fault(year: int, said: str) -> None:
    edge = datetime(year, 1, 1, tzinfo=UTC) if year == 1 else datetime(year, 12, 31, 23, tzinfo=UTC)
    sets = [replace(zoned(1, edge), metadata={"timezone": said}), *hourly(3, first_seq=2)]

    assert sets[0].local == edge
    assert len(decide(sets, NOW, tiers=Tiers(1, 1, 1, 1, 1))) == 4


def test_a_full_set_that_stays_for_its_differential_is_no_reason_to_decide() -> None:
    full = zoned(1, NOW - timedelta(days=9))
    differential = zoned(2, NOW - timedelta(days=8), kind="differential", base="set-1")
    sets, tiers = [full, differential, *hourly(3, first_seq=4)], Tiers(daily=2)

    assert not any_old(sets, 7, tiers=tiers) and left(sets, 7, tiers) == sets
    assert any_old(sets, 7) and any_old([*sets, zoned(3, NOW - timedelta(days=8) + HOUR)], 7, tiers=tiers)


def test_one_dated_in_the_future_takes_nobodys_place() -> None:
    sets = [*hourly(30, step=24), zoned(31, NOW + timedelta(days=400))]
    reasons = {decision.backup.seq: decision for decision in decide(sets, NOW, 1, tiers=Tiers(yearly=1))}

    assert reasons[31].reason == "dated in the future" and reasons[31].slots == ()
    assert [slot.tier.name for slot in reasons[30].slots] == ["yearly"]


def test_all_reasons_are_named() -> None:
    sets = every(12 * HOUR, datetime(2026, 3, 1, 6, tzinfo=UTC), 60)
    said = {decision.backup.seq: decision for decision in decide(sets, sets[-1].started, 3, tiers=Tiers(0, 7, 4, 2, 0))}

    assert said[60].reason == ("the newest good backup; "
                               "the newest of its day (1 of 7), week (1 of 4) and month (1 of 2)")
    assert said[60].rules == ("protected", "days", "daily", "weekly", "monthly")
    assert said[56].reason == "within 3 days of the newest good backup; the newest of its day (3 of 7)"
    assert said[44].reason == "the newest of its week (3 of 4)" and said[44].rules == ("weekly",)
    assert said[1].reason == "older than 3 days before the newest good backup, and in no tier" and not said[1].rules


def test_in_words() -> None:
    assert Tiers(24, 1, 8, 0, 5).words == "24 hours, 1 day, 8 weeks and 5 years"
    assert Tiers(hourly=1_000).words == "1,000 hours"
    assert Tiers().words == words(()) == ""


@pytest.mark.parametrize(("value", "bound"), [
    (-1, "0 to 520"), (521, "0 to 520"), (10**30, "0 to 520"), (True, "0 to 520"), (1.5, "0 to 520"), ("8", "0 to 520"),
    ("many", "0 to 520"), (None, "0 to 520"), ([8], "0 to 520"),
])
def test_a_number_that_is_none_is_refused_with_its_bounds(value: object, bound: str) -> None:
    with pytest.raises(BadInput, match=f"weekly must be a whole number of weeks, {bound}, not"):
        checked({"daily": 7, "weekly": value})


@pytest.mark.parametrize("given", [{"fortnightly": 2}, {7: 7}, {"": 1}])
def test_a_tier_that_is_none_is_refused(given: dict[object, object]) -> None:
    with pytest.raises(BadInput, match="is no tier of retention: use hourly, daily, weekly, monthly, yearly"):
        checked(given)  # type: ignore[arg-type]


@pytest.mark.parametrize("given", [7, "8w", [("weekly", 8)]])
def test_what_is_no_table_is_refused(given: object) -> None:
    with pytest.raises(BadInput, match="tiers must be numbers by hourly, daily"):
        checked(given)  # type: ignore[arg-type]


def test_bounds_are_those_of_every_tier() -> None:
    most = {tier.name: tier.most for tier in TIERS}

    assert checked(most) == most
    assert checked({"yearly": 0, "hourly": 3}) == {"hourly": 3, "yearly": 0}
