"""Retention in the long run: weeks of backups on one folder, with everything that happens to a list and a clock."""

from __future__ import annotations

import threading
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from backup_engine import prune
from backup_engine.errors import Busy
from backup_engine.model import BackupSet
from backup_engine.prune import Pruned
from backup_engine.repository import contents
from backup_engine.storage import MemoryStorage
from backup_engine.verify import verify
from backup_engine.workspace import Workspace
from tests.backup_engine.engine import StillClock, workspace
from tests.backup_engine.stored import no_database, records, store

FULL = records(43)
WEEK = timedelta(days=7)


class Life:
    """An installation that makes a backup every so often and prunes after each."""

    def __init__(self, zone: str = "UTC", start: str = "2025-03-20T12:00:00") -> None:
        self.zone = ZoneInfo(zone)
        self.moment = datetime.fromisoformat(start).replace(tzinfo=self.zone).astimezone(ZoneInfo("UTC"))
        self.ws: Workspace = workspace(MemoryStorage(), no_database, clock=lambda: self.moment.astimezone(self.zone))
        self.made: list[BackupSet] = []
        self.last: Pruned | None = None

    def go_on(self, backups: int, *, every: float = 1, documents: Any = None, **more: Any) -> None:
        """Make that many backups, ``every`` so many hours."""
        for _ in range(backups):
            self.moment += timedelta(hours=every)
            self.made.append(store(self.ws, FULL if documents is None else documents, 2, **more))
            self.last = prune.prune(self.ws)

    @property
    def labels(self) -> list[str]:
        """What is left, oldest first."""
        return [backup.label for backup in self.ws.catalog.sets()]

    def left_of(self, made: list[BackupSet]) -> int:
        """How many of these sets are left."""
        return len({backup.label for backup in made} & set(self.labels))


def test_list_suddenly_empty_then_200_hourly_backups() -> None:
    life = Life()
    life.go_on(24)
    before = list(life.made)

    life.go_on(200, documents=[])

    assert life.last is not None and "equipment shrank from 43 to 0" in life.last.halted
    assert life.left_of(before) == 24
    prune.acknowledge(life.ws)
    life.go_on(30, every=6, documents=[])
    (full,) = [backup for backup in life.ws.catalog.sets() if backup.counts["equipment"]]
    assert full.label == before[-1].label
    assert b"".join(contents.documents(life.ws, full, "equipment")) and verify(life.ws, full, 2).ok


def test_hourly_for_three_weeks_keeps_a_week() -> None:
    life = Life()

    life.go_on(100, every=5)

    kept = life.ws.catalog.sets()
    newest = kept[-1].started
    assert all(newest - backup.started <= WEEK for backup in kept)
    assert len(kept) == len([backup for backup in life.made if newest - backup.started <= WEEK]) == 34
    assert all(verify(life.ws, backup, 1).ok for backup in kept)


@pytest.mark.parametrize(("zone", "start"), [
    ("America/New_York", "2025-03-07T20:00:00"), ("America/New_York", "2025-10-31T20:00:00"),
    ("Australia/Lord_Howe", "2025-04-04T20:00:00"), ("Europe/London", "2025-10-24T20:00:00"),
])
def test_across_the_change_of_clocks_no_set_is_lost_early(zone: str, start: str) -> None:
    life = Life(zone, start)

    life.go_on(9 * 6, every=4)

    newest = life.made[-1].started
    young = [backup for backup in life.made if newest - backup.started <= WEEK]
    assert life.labels == sorted(life.labels, key=[backup.label for backup in life.made].index)
    assert life.left_of(young) == len(young) == len(life.labels) == 43


def test_app_off_for_ten_days_loses_nothing_by_being_switched_on() -> None:
    life = Life()
    life.go_on(50)
    life.moment += timedelta(days=10)
    assert prune.prune(life.ws).deleted == ()

    life.go_on(1)

    assert life.labels == [backup.label for backup in life.made[-3:]]


JUMPS = [timedelta(days=42), timedelta(days=365 * 30), timedelta(days=-5), timedelta(hours=-1)]


@pytest.mark.parametrize("jump", JUMPS, ids=str)
def test_clock_set_wrong_and_right_again_loses_no_set(jump: timedelta) -> None:
    life = Life()
    life.go_on(15, every=4)
    life.moment += jump
    life.go_on(5)
    life.moment -= jump

    life.go_on(15, every=4)

    assert life.left_of(life.made) == 35


def test_bad_newest_sets_do_not_push_out_the_good_ones() -> None:
    life = Life()
    life.go_on(30)
    good = life.made[-1]
    for _ in range(20):
        life.moment += timedelta(days=1)
        bad = store(life.ws, FULL, 2)
        rot(life.ws, bad)
        prune.prune(life.ws)

    assert good.label in life.labels
    assert [backup.label for backup in life.ws.catalog.sets() if verify(life.ws, backup, 2).ok][-1] == good.label


def rot(ws: Workspace, backup: BackupSet) -> None:
    """Flip one bit of a stored file."""
    name = str(backup.parts["equipment"].file)
    with ws.storage.open(backup.day, name) as file:
        data = bytearray(file.read())
    data[-9] ^= 1
    ws.storage.put(backup.day, name, bytes(data))


def test_pinned_and_safety_sets_outlive_everything_else() -> None:
    life = Life()
    life.go_on(3)
    pinned = prune.pin(life.ws, life.made[0])
    life.go_on(1, trigger="pre_restore")
    old_safety = life.made[-1]
    life.go_on(1, trigger="pre_restore")
    safety = life.made[-1]

    life.go_on(30, every=24)

    assert {pinned.label, safety.label} < set(life.labels)
    assert old_safety.label not in life.labels
    assert len(life.labels) == 10


def test_two_at_once_delete_each_set_once() -> None:
    life = Life()
    life.go_on(2)
    for _ in range(40):
        life.moment += timedelta(days=1)
        store(life.ws, FULL, 2)
    done: list[Pruned] = []
    refused: list[Busy] = []

    def run() -> None:
        try:
            done.append(prune.prune(life.ws))
        except Busy as busy:
            refused.append(busy)

    threads = [threading.Thread(target=run) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(done) + len(refused) == 8
    assert sum(len(pruned.deleted) for pruned in done) == 34
    assert len(life.labels) == 8


def test_a_dry_run_of_a_long_history_changes_nothing() -> None:
    life = Life()
    for _ in range(60):
        life.moment += timedelta(hours=12)
        store(life.ws, FULL, 2)
    before = life.labels

    said = prune.prune(life.ws, dry_run=True)

    assert life.labels == before and len(said.deleted) == 45
    assert prune.prune(life.ws).deleted == said.deleted


def test_clock_stands_still() -> None:
    """Sets in one second get later labels and all stay."""
    clock = StillClock()
    ws = workspace(MemoryStorage(), no_database, clock=clock)

    for _ in range(20):
        store(ws, 3, 1)
        prune.prune(ws)

    assert len({backup.label for backup in ws.catalog.sets()}) == 20
