"""Backups without anybody asking."""

from __future__ import annotations

import threading
from contextlib import nullcontext
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from pymongo.database import Database

from backup_engine import failpoints
from backup_engine.api import DatabaseBackupRestore
from backup_engine.errors import BadInput, DatabaseUnreachable, VerificationFailed
from backup_engine.locking import locks
from backup_engine.locking.lease import Terms
from backup_engine.model import Room
from backup_engine.repository import contents, history_index
from backup_engine.repository.ledger import last_drill
from backup_engine.scheduling import continuous, holes, leader as leading, proving, scheduler as scheduler_module
from backup_engine.scheduling.preferences import Changed, Preferences
from backup_engine.scheduling.scheduler import CHECKS_KEPT, Check, Scheduler
from backup_engine.storage.base import STATE
from tests.backup_engine.engine import Switched
from tests.server.running_app import wait_for

Db = Database[dict[str, Any]]


class Clock:
    def __init__(self) -> None:
        self.now = datetime(2026, 3, 10, 12, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def engine(database: Db, tmp_path: Path, clock: Clock) -> DatabaseBackupRestore:
    database["Equipment"].insert_one({"_id": 1})
    return DatabaseBackupRestore(connect=lambda: database, backup_folder=str(tmp_path), clock=clock)


@pytest.fixture
def scheduler(engine: DatabaseBackupRestore) -> Scheduler:
    return Scheduler(engine.workspace, Preferences(drill_every_days=0))


def sets(scheduler: Scheduler) -> int:
    return len(scheduler.workspace.catalog.sets())


def test_a_check_makes_a_backup_when_one_is_due(scheduler: Scheduler, clock: Clock) -> None:
    assert scheduler.check().result == "created"
    assert scheduler.check().result == "not needed"
    clock.now += timedelta(hours=1, seconds=1)
    assert scheduler.check().result == "created"

    assert sets(scheduler) == 2


def test_looks_with_the_same_result_are_counted_not_repeated(scheduler: Scheduler) -> None:
    for _ in range(4):
        scheduler.check()

    newest, oldest = scheduler.checks()
    assert (newest.result, newest.times) == ("not needed", 3)
    assert oldest.result == "created"


def test_the_checks_outlive_the_process(scheduler: Scheduler, engine: DatabaseBackupRestore) -> None:
    scheduler.check()

    again = Scheduler(engine.workspace, Preferences())

    assert [check.result for check in again.checks()] == ["created"]


def test_only_the_last_checks_are_kept(scheduler: Scheduler, clock: Clock) -> None:
    for _ in range(CHECKS_KEPT + 3):
        scheduler._remember("created", "x", "auto")

    assert len(scheduler.checks()) == CHECKS_KEPT


def test_an_unreadable_list_of_checks_starts_anew(scheduler: Scheduler, engine: DatabaseBackupRestore) -> None:
    engine.workspace.storage.put(".state", "checks.json", b"[{]")

    assert Scheduler(engine.workspace, Preferences()).checks() == []


def test_a_page_load_starts_a_due_backup_and_does_not_wait(scheduler: Scheduler) -> None:
    assert scheduler.page_check() is None

    wait_for(lambda: sets(scheduler) == 1, "the backup that the page load started")


def test_a_page_load_within_the_interval_asks_mongodb_nothing(
    scheduler: Scheduler, engine: DatabaseBackupRestore
) -> None:
    scheduler.check()

    def forbidden() -> Db:
        raise AssertionError("the page load asked for the database")

    idle = Scheduler(replace(engine.workspace, connect=forbidden), scheduler.preferences)

    assert idle.page_check() is None
    assert not idle.due().is_due


def test_switched_off_a_page_load_starts_nothing(scheduler: Scheduler) -> None:
    scheduler.change(automatic=False)
    before = threading.active_count()

    assert scheduler.page_check() is None

    assert threading.active_count() == before
    assert sets(scheduler) == 0


def test_a_failure_is_remembered_and_told(engine: DatabaseBackupRestore) -> None:
    told: list[Check] = []

    def down() -> Db:
        raise DatabaseUnreachable("nowhere")

    broken = Scheduler(replace(engine.workspace, connect=down), Preferences(), tell=told.append)

    check = broken.check("auto")

    assert check.result == "failed"
    assert check.message.startswith("Database connection failed")
    assert told == [check]
    wait_for(lambda: broken.page_check() is not None, "the failure at the next page load")


def test_the_interval_is_shared_and_bounded(scheduler: Scheduler, engine: DatabaseBackupRestore) -> None:
    scheduler.change(interval_hours=6)
    elsewhere = Scheduler(engine.workspace, Preferences())

    assert elsewhere.refresh().interval_hours == 6
    with pytest.raises(BadInput):
        scheduler.change(interval_hours=0.01)


def test_by_cron_text_page_loads_and_checks_ask_the_schedule(
    scheduler: Scheduler, engine: DatabaseBackupRestore, clock: Clock
) -> None:
    scheduler.check()  # noon
    scheduler.change(backup_cron="30 2 * * *", time_zone="UTC")
    clock.now += timedelta(hours=14)  # 02:00

    assert scheduler.check().result == "not needed"
    assert engine.create_backup()[2].startswith("Backup not needed. Last backup was 14 h ago (schedule: at 02:30")
    assert scheduler.next_times(2) == [datetime(2026, 3, day, 2, 30, tzinfo=UTC) for day in (11, 12)]
    assert engine.create_backup(1)[0], "an interval that is given governs its own call"
    clock.now += timedelta(minutes=31)
    assert scheduler.due().is_due
    assert scheduler.check().result == "created"
    assert not scheduler.due().is_due
    newest = scheduler.workspace.catalog.sets()[-1]
    assert newest.metadata["backup_interval_hours"] == 24


def test_what_an_option_says_counts_at_once_and_cannot_be_changed(database: Db, tmp_path: Path, clock: Clock) -> None:
    options = {"backup": "30 2 * * *", "time_zone": "UTC"}
    given = DatabaseBackupRestore(connect=lambda: database, backup_folder=tmp_path, clock=clock, schedules=options)
    scheduler = Scheduler(given.workspace, Preferences())

    assert scheduler.preferences.backup_cron == "30 2 * * *"
    assert scheduler.given == {"backup_cron", "time_zone"}
    with pytest.raises(BadInput, match="decides about backup_cron"):
        scheduler.change(backup_cron="", automatic=False)
    scheduler.change(verify_cron="0 3 * * *")
    assert scheduler.preferences == Preferences(backup_cron="30 2 * * *", verify_cron="0 3 * * *", time_zone="UTC")


def test_a_change_has_a_name_and_two_to_one_version_are_not_both_taken(
    scheduler: Scheduler, engine: DatabaseBackupRestore, clock: Clock
) -> None:
    elsewhere = Scheduler(engine.workspace, Preferences())
    seen = elsewhere.refresh().version
    scheduler.change(by="anna", version=seen, automatic=False)

    with pytest.raises(BadInput, match="by anna"):
        elsewhere.change(by="ben", version=seen, interval_hours=2)

    assert scheduler.preferences.changed["automatic"] == Changed(clock.now, "anna")


def test_a_set_of_a_clock_that_was_ahead_makes_no_second_extra_one(scheduler: Scheduler, clock: Clock) -> None:
    scheduler.change(backup_cron="0 12 * * *", time_zone="UTC")
    scheduler.check()
    clock.now += timedelta(days=1, minutes=4)  # it shows 12:04, and the time is 11:54
    scheduler.check()
    clock.now -= timedelta(minutes=10)

    assert scheduler.check().result == "not needed"
    clock.now += timedelta(minutes=6)
    assert scheduler.check().result == "created"
    assert sets(scheduler) == 3


def test_a_seed_only_fills_an_unset_interval(scheduler: Scheduler) -> None:
    scheduler.seed(3)
    assert scheduler.preferences.interval_hours == 3
    scheduler.seed(9)

    assert scheduler.preferences.interval_hours == 3


def test_the_loop_backs_up_and_rehearses(engine: DatabaseBackupRestore) -> None:
    loop = Scheduler(engine.workspace, Preferences(drill_every_days=7), tick_seconds=0.05)
    loop.start()
    try:
        wait_for(lambda: sets(loop) == 1, "the loop's backup")
        wait_for(lambda: last_drill(engine.workspace) is not None, "the loop's drill")
    finally:
        loop.stop()

    assert loop.checks()[-1].trigger == "scheduled"


def test_all_loops_are_told_to_end_before_one_is_waited_for(engine: DatabaseBackupRestore) -> None:
    waiting = set[str]()

    def away() -> Db:
        """As a database that does not answer: whoever asks waits until nobody wants an answer any more."""
        waiting.add(threading.current_thread().name)
        for part in (loop, loop.continuous, loop.uploads):
            part._stop.wait(60)
        raise DatabaseUnreachable("no answer")

    loop = Scheduler(replace(engine.workspace, connect=away), Preferences(continuous=True))
    loop.leader.unheard()
    loop.continuous._tick_seconds = 0.01
    loop.start()
    wait_for(lambda: {"backup-scheduler", "backup-continuous", "backup-uploads"} <= waiting, "all loops to ask")
    stopping = threading.Thread(target=loop.stop, args=(60,))
    stopping.start()
    wait_for(lambda: not stopping.is_alive(), "the end of all loops")


def test_who_takes_a_reason_away_need_not_wait_for_the_next_tick(engine: DatabaseBackupRestore, clock: Clock) -> None:
    loop = Scheduler(engine.workspace, Preferences(drill_every_days=0), tick_seconds=600)
    loop.start()
    try:
        wait_for(lambda: sets(loop) == 1 and bool(loop._indexed), "the first round")
        clock.now += timedelta(hours=2)
        loop.excuse()
        wait_for(lambda: sets(loop) == 2, "the round that was asked for")
    finally:
        loop.stop()


def test_two_servers_make_one_backup_and_the_next_one_takes_over(
    engine: DatabaseBackupRestore, database: Db, tmp_path: Path, clock: Clock
) -> None:
    other = DatabaseBackupRestore(connect=lambda: database, backup_folder=str(tmp_path / "other"), clock=clock)
    first, second = (Scheduler(each.workspace, Preferences(drill_every_days=0), tick_seconds=0.05)
                     for each in (engine, other))
    first.start()
    wait_for(lambda: sets(first) == 1, "the leader's backup")
    second.start()
    try:
        wait_for(lambda: bool(second.leader.words), "the second server to hear of the first")
        ticks = second.leader.asked
        wait_for(lambda: second.leader.asked > ticks + 2, "more looks of the second server")
        assert (first.leads, second.leads, sets(second)) == (True, False, 0)
        first.stop()
        wait_for(lambda: sets(second) == 1, "the successor's backup")
    finally:
        first.stop()
        second.stop()

    assert sets(first) == 1


def test_two_leaders_of_a_split_network_make_one_backup(
    engine: DatabaseBackupRestore, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = (Scheduler(engine.workspace, Preferences(drill_every_days=0)) for _ in range(2))
    for leader in (first, second):
        leader.leader.unheard()
        leader.refresh()

    def meanwhile() -> None:
        """The second has found a backup due and holds no lock yet."""
        failpoints.hooks.pop("W0")
        first._keep_the_schedule()

    monkeypatch.setitem(failpoints.hooks, "W0", meanwhile)
    second._keep_the_schedule()

    assert first.leads and second.leads
    assert sets(first) == 1
    assert [leader.checks()[0].result for leader in (first, second)] == ["created", "not needed"]


def test_a_leader_that_is_cut_off_commits_nothing_once_another_one_leads(
    database: Db, tmp_path: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two hosts with one folder whose mount has no file locks; one of them loses MongoDB in the middle of a set."""
    for module in (locks, leading):
        monkeypatch.setattr(module, "TERMS", Terms(lasts=0.3, renewed_every=60))  # cut off: nothing is renewed
    monkeypatch.setattr(locks, "file_lock", lambda *_: nullcontext(False))
    (tmp_path / "sets").mkdir()
    (tmp_path / "mounted").symlink_to(tmp_path / "sets")
    database["Equipment"].insert_one({"_id": 1})
    way = Switched(database)
    cut_off, other = (
        Scheduler(DatabaseBackupRestore(connect=connect, backup_folder=str(tmp_path / name), clock=clock).workspace,
                  Preferences(drill_every_days=0))
        for connect, name in ((way, "sets"), (lambda: database, "mounted")))

    def split() -> None:
        failpoints.hooks.pop("W7")
        way.up = False
        wait_for(lambda: (other.look(), sets(other) == 1)[1], "the other one to lead and make the set")

    monkeypatch.setitem(failpoints.hooks, "W7", split)
    cut_off.look()
    [made] = cut_off.workspace.catalog.sets()
    assert "another run took over" in cut_off.checks()[0].message
    way.up = True
    cut_off.look()

    assert (cut_off.leads, other.leads) == (False, True)
    assert cut_off.workspace.catalog.sets() == [made]
    other.leader.give_back()


def test_who_does_not_lead_makes_a_due_backup_at_a_page_load(engine: DatabaseBackupRestore) -> None:
    follower = Scheduler(engine.workspace, Preferences())

    follower.page_check()
    wait_for(lambda: sets(follower) == 1, "the backup that the page load started")

    assert not follower.leads


def test_it_protects_continuously_where_it_keeps_the_schedule(
    engine: DatabaseBackupRestore, database: Db, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(continuous, "WAIT_SECONDS", 0)
    loop = Scheduler(engine.workspace, Preferences(drill_every_days=0), tick_seconds=600)
    loop.change(continuous=True)
    loop.check()
    database["Equipment"].insert_one({"_id": 2})
    loop.continuous.look()
    assert sets(loop) == 1, "another one keeps it, as far as is known"
    loop.start()
    try:
        wait_for(lambda: loop.leads, "the schedule to be this one's")
        loop.continuous.look()
        assert [backup.trigger for backup in engine.workspace.catalog.sets()] == ["manual", "continuous"]
        assert [thread.name for thread in threading.enumerate() if thread.name == "backup-continuous"]
    finally:
        loop.stop()
    assert not [thread.name for thread in threading.enumerate() if thread.name == "backup-continuous"]


def test_what_was_missed_is_said_before_the_schedule_makes_a_set_over_it(
    engine: DatabaseBackupRestore, database: Db, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(continuous, "WAIT_SECONDS", -2)
    monkeypatch.setattr(continuous, "HOLE_SECONDS", -1)
    loop = Scheduler(engine.workspace, Preferences(drill_every_days=0))
    loop.change(continuous=True)
    loop.check()
    holes.begins(engine.workspace.storage, clock())
    database["Equipment"].insert_one({"_id": 2})  # while nobody leads
    clock.now += timedelta(hours=3)
    loop.look()
    loop.leader.give_back()

    assert [backup.trigger for backup in engine.workspace.catalog.sets()] == ["manual", "continuous", "scheduled"]
    [hole] = holes.read(engine.workspace.storage).holes
    assert hole.until - hole.since == timedelta(hours=3)


def test_damage_that_is_found_is_no_backup_that_failed(
    engine: DatabaseBackupRestore, database: Db, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[Check] = []
    loop = Scheduler(engine.workspace, Preferences(drill_every_days=0), tell=told.append)
    loop.leader.unheard()
    loop.look()

    def damaged(*_: object, **__: object) -> None:
        raise VerificationFailed("1 of 2 backups are damaged")

    monkeypatch.setattr(proving, "verify_if_due", damaged)
    loop.look()
    monkeypatch.undo()
    clock.now += timedelta(hours=2)
    monkeypatch.setattr(scheduler_module, "create", lambda *_, **__: damaged())
    loop.look()
    loop.leader.give_back()

    assert [(check.result, check.trigger) for check in loop.checks()] == [
        ("failed", "scheduled"), ("failed", "proof"), ("created", "scheduled")]
    assert [(check.result, check.trigger) for check in told] == [("created", "scheduled"), ("failed", "scheduled")]


def test_with_too_little_room_for_the_database_it_backs_up_and_does_not_rehearse(engine: DatabaseBackupRestore) -> None:
    short = replace(engine.workspace, room=lambda: Room("/data", 1, 2))
    loop = Scheduler(short, Preferences(drill_every_days=7), tick_seconds=0.05)
    loop.start()
    try:
        wait_for(lambda: bool(loop._indexed), "the end of the loop's round")
    finally:
        loop.stop()

    assert sets(loop) == 1
    assert last_drill(engine.workspace) is None
    assert [check.result for check in loop.checks()] == ["created"]


def test_the_loop_notes_the_records_of_new_sets(
    engine: DatabaseBackupRestore, monkeypatch: pytest.MonkeyPatch
) -> None:
    loop = Scheduler(engine.workspace, Preferences(drill_every_days=0), tick_seconds=0.05)
    loop.start()
    try:
        wait_for(lambda: noted(engine) == {"equipment", "select_options"}, "the index of the first set")
    finally:
        loop.stop()
    monkeypatch.setattr(contents, "documents", lambda *_, **__: pytest.fail("a set was read"))

    assert len(history_index.index_of(engine.workspace, "equipment")) == 1


def test_a_long_list_is_noted_only_when_somebody_asks(
    engine: DatabaseBackupRestore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("backup_engine.scheduling.scheduler.INDEX_BYTES", 0)
    loop = Scheduler(engine.workspace, Preferences(drill_every_days=7), tick_seconds=0.05)
    loop.start()
    try:
        wait_for(lambda: last_drill(engine.workspace) is not None, "the loop's drill")
        wait_for(lambda: bool(loop._indexed), "the end of the loop's round")
    finally:
        loop.stop()

    assert noted(engine) == set()


def noted(engine: DatabaseBackupRestore) -> set[str]:
    names = (entry.name for entry in engine.workspace.storage.entries(STATE))
    return {name.split("_", 4)[4].removesuffix(".index") for name in names if name.startswith("history_")}
