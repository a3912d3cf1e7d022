"""The clock jumps, summer time comes and goes, the zone changes: no set is lost, at most one is made too many."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import mongomock
import pytest

from backup_engine.create import create
from backup_engine.model import DAYS
from backup_engine.storage import MemoryStorage
from backup_engine.verify import verify
from backup_engine.workspace import Workspace
from tests.backup_engine.engine import fill, workspace

ZONES = ("Europe/Zurich", "America/New_York", "Australia/Lord_Howe")


class Clock:
    """A clock on a wall: true time passes, but what it shows may be off, and in any zone."""

    def __init__(self, true: datetime, zone: str = "UTC") -> None:
        self.true, self.zone, self.off = true.astimezone(UTC), ZoneInfo(zone), timedelta()

    def __call__(self) -> datetime:
        return (self.true + self.off).astimezone(self.zone)


def installation(clock: Clock) -> Workspace:
    database = mongomock.MongoClient().db
    fill(database, records=3, options=2)
    return workspace(MemoryStorage(), database, clock=clock)


def run(ws: Workspace, clock: Clock, hours: float, step: timedelta = timedelta(minutes=10)) -> int:
    """Let time pass and ask at every step, as page loads do; gives the number of sets made."""
    made, end = 0, clock.true + timedelta(hours=hours)
    while clock.true < end:
        clock.true += step
        made += create(ws).set is not None
    return made


@pytest.mark.parametrize(
    "jump",
    [timedelta(hours=-1), timedelta(days=-5), timedelta(days=42), timedelta(days=365 * 30), timedelta(seconds=-90)],
)
def test_a_jump_costs_at_most_one_extra_set_and_none_is_lost(jump: timedelta) -> None:
    clock = Clock(datetime(2025, 6, 4, 12, tzinfo=UTC))
    ws = installation(clock)
    assert run(ws, clock, 6) == 6
    before = [backup.backup_id for backup in ws.catalog.sets()]

    clock.off = jump
    during = run(ws, clock, 6)
    clock.off = timedelta()
    after = run(ws, clock, 6)

    assert during in (5, 6, 7)
    assert after in (5, 6, 7)
    kept = ws.catalog.sets()
    assert [backup.backup_id for backup in kept][: len(before)] == before
    assert len(kept) == 6 + during + after
    assert [backup.seq for backup in kept] == list(range(1, len(kept) + 1))
    assert {backup.state for backup in kept} == {"complete"}


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("month", [4, 10])
def test_summer_time_changes_neither_the_rhythm_nor_the_names(zone: str, month: int) -> None:
    clock = Clock(_before_the_change(zone, month), zone)
    ws = installation(clock)

    made = run(ws, clock, 30, timedelta(minutes=15))

    sets = ws.catalog.sets()
    assert made == len(sets) == 30
    gaps = [later.started - earlier.started for earlier, later in pairwise(sets)]
    assert all(timedelta(minutes=59, seconds=59) <= gap <= timedelta(hours=1, minutes=15, seconds=1) for gap in gaps)
    assert len({backup.label for backup in sets}) == len(sets)
    assert all(backup.day == backup.metadata["day_of_week"] == DAYS[_local(backup.label).weekday()] for backup in sets)


def test_the_change_is_really_inside_the_tested_hours() -> None:
    for zone in ZONES:
        for month in (4, 10):
            start = _before_the_change(zone, month)
            assert start.utcoffset() != (start + timedelta(hours=30)).astimezone(ZoneInfo(zone)).utcoffset()


def test_another_zone_between_two_runs() -> None:
    clock = Clock(datetime(2025, 6, 4, 12, tzinfo=UTC))
    ws = installation(clock)
    made = 0
    for zone in ("Pacific/Kiritimati", "Pacific/Pago_Pago", "Asia/Kathmandu", "UTC"):
        clock.zone = ZoneInfo(zone)
        made += run(ws, clock, 3)

    sets = ws.catalog.sets()
    assert made == len(sets) == 12
    assert {backup.day for backup in sets} == {"wednesday", "thursday"}
    assert all(verify(ws, backup, level=2).ok for backup in sets)


def _local(label: str) -> datetime:
    return datetime.strptime(label, "%Y%m%d_%H%M%S")


def _before_the_change(zone: str, month: int) -> datetime:
    """Twelve hours before the offset changes in spring or autumn of 2025."""
    moment: Any = datetime(2025, 3 if month == 4 else 9, 1, 12, tzinfo=UTC).astimezone(ZoneInfo(zone))
    while moment.utcoffset() == (moment + timedelta(hours=24)).astimezone(UTC).astimezone(ZoneInfo(zone)).utcoffset():
        moment = (moment.astimezone(UTC) + timedelta(hours=12)).astimezone(ZoneInfo(zone))
    return moment  # type: ignore[no-any-return]
