"""Large backups and restores beside this process: what comes of them, how they are stopped, and what a killed one
leaves."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import mongomock
import psutil
import pytest
from pydantic import SecretStr
from pymongo.database import Database

from backup_engine.api import BackupSet, Keys
from backup_engine.errors import BackupError, Cancelled, PermissionDenied, RestoreIncomplete, RestoreStopped
from backup_engine.model import Progress
from equipment import backups as all_backups
from equipment.aside import sets
from equipment.backups import Backups, Caller
from equipment.beside import process
from equipment.jobs import Job
from equipment.settings import Settings, get_settings
from equipment.store import activity
from equipment.store.access import SESSIONS, Who, require
from tests.equipment.store.people import signed_in
from tests.mongod import Mongod

Db = Database[dict[str, Any]]
PATIENCE = 60
KEY = ("equipment",)
AT = ("import logging, os, threading; from backup_engine import failpoints; from equipment.aside import sets; "
      "failpoints.hooks[{step!r}] = lambda: [{act}]; sets.serve()")
DIES = "os.kill(os.getpid(), 9)"
IS_TOLD_TO_END = "os.kill(os.getpid(), 15)"
STANDS_STILL = ("logging.getLogger('here').info('there'), "
                "*(each.join() for each in threading.enumerate() if each.name == 'listening')")
"""Says so, and goes on when it is asked to stop."""


@pytest.fixture
def settings(database: Db, shared_mongod: Mongod, tmp_path: Path) -> Settings:
    return get_settings().model_copy(update={
        "mongodb_uri": SecretStr(shared_mongod.uri), "mongodb_database": database.name,
        "data_folder": tmp_path / "data", "work_folder": tmp_path / "work", "backup_folder": tmp_path / "sets"})


@pytest.fixture
def backups(database: Db, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[Backups]:
    monkeypatch.setattr(sets, "LARGE", 2)
    database["Equipment"].insert_many([{"_id": number, "ID": number, "Vendor": "Acme"} for number in range(5)])
    here = all_backups.of(settings, lambda: database)
    here.beside = sets.beside(settings)
    yield here
    all_backups.stop()


@pytest.fixture
def admin(database: Db) -> Caller:
    return caller(database, signed_in(database, "admin"))


@pytest.fixture
def made(backups: Backups, admin: Caller) -> BackupSet:
    found: BackupSet = ended(backups.create(admin, force=True)).result.set
    return found


def caller(database: Db, who: Who, keys: Keys | None = None) -> Caller:
    return Caller(who.name, lambda action: require(database, who, action), who, own_app=True, keys=keys or Keys())


def ended(job: Job) -> Job:
    assert job.done.wait(PATIENCE)
    assert job.error is None, job.error
    return job


def failed(job: Job) -> BackupError:
    assert job.done.wait(PATIENCE)
    assert job.error is not None, job.result
    return job.error


def children() -> list[psutil.Process]:
    return [child for child in psutil.Process().children() if "sets.serve()" in " ".join(child.cmdline())]


def vendors(database: Db) -> list[str]:
    return [each["Vendor"] for each in database["Equipment"].find().sort("_id")]


def at_progress(monkeypatch: pytest.MonkeyPatch, act: Callable[[Job, Progress], None]) -> None:
    """Look at every progress that a job is told."""
    report = Job._report

    def seen(job: Job, progress: Progress) -> None:
        report(job, progress)
        act(job, progress)

    monkeypatch.setattr(Job, "_report", seen)


def test_all_of_them_do_what_they_do_here(
    backups: Backups, admin: Caller, made: BackupSet, database: Db, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[Progress] = []
    at_progress(monkeypatch, lambda _, progress: told.append(progress))
    processes: list[int] = []
    call = process.call
    monkeypatch.setattr(process, "call", lambda *given, **named: (processes.append(1), call(*given, **named))[1])
    database["Equipment"].update_many({}, {"$set": {"Vendor": "Ohm"}})

    restored = ended(backups.replace(admin, made, KEY)).result
    assert vendors(database) == ["Acme"] * 5
    assert (restored.source.label, restored.numbers["equipment"].changed) == (made.label, 5)
    assert any(each.final for each in told) and any(each.total == 5 for each in told)

    undone = ended(backups.undo(admin, restored.safety, KEY)).result
    assert vendors(database) == ["Ohm"] * 5
    assert undone.safety is not None

    database["Equipment"].delete_one({"_id": 0})
    merged = ended(backups.merge(admin, made, {"equipment": None})).result
    assert merged.numbers["equipment"].added == 1
    assert vendors(database)[0] == "Acme"

    assert len(processes) == 3
    assert children() == []
    logged = [(each["action"], each["who"]) for each in activity.find(database, activity.Filter(actions=("backup.",)))]
    assert logged == [("backup.merge", admin.name), ("backup.undo", admin.name), ("backup.replace", admin.name),
                      ("backup.create", admin.name)]
    tallies = backups.engine.workspace.runs.tallies()
    assert (tallies["backup"].ended["done"], tallies["restore"].ended["done"]) == (1, 3)
    assert backups.owner().database_id == made.database_id


def test_what_it_refuses_is_refused_here(backups: Backups, admin: Caller, made: BackupSet, database: Db) -> None:
    database["Equipment"].delete_one({"_id": 0})
    error = failed(backups.replace(admin, made, KEY, expected={"equipment": {
        "only_left": 0, "only_right": 0, "different": 0}}))
    assert (error.code, error.hint) == ("RestoreStopped", "Compare again.")
    assert error.message.endswith("the list changed since the comparison")
    assert len(vendors(database)) == 4


def test_it_asks_for_the_role_again(backups: Backups, made: BackupSet, database: Db) -> None:
    who = signed_in(database, "admin", "ada")
    careless = Caller(who.name, lambda _: None, who, own_app=True)
    database[SESSIONS].delete_many({"user": "ada"})
    database["Equipment"].delete_many({})

    assert isinstance(failed(backups.replace(careless, made, KEY)), PermissionDenied)
    assert vendors(database) == []


def test_it_stops_when_it_is_cancelled_and_leaves_no_lock(
    backups: Backups, admin: Caller, made: BackupSet, database: Db, monkeypatch: pytest.MonkeyPatch
) -> None:
    database["Equipment"].delete_one({"_id": 0})
    monkeypatch.setattr(sets, "PROGRAM", AT.format(step="R3", act=STANDS_STILL))
    stands, handler = threading.Event(), logging.Handler()
    monkeypatch.setattr(handler, "emit", lambda _: stands.set())
    logging.getLogger("here").addHandler(handler)
    job = backups.replace(admin, made, KEY)
    assert stands.wait(PATIENCE)
    job.cancel()
    assert isinstance(failed(job), Cancelled)
    assert len(vendors(database)) == 4
    assert [name for name in database.list_collection_names() if "__restore_" in name] == []

    monkeypatch.undo()
    monkeypatch.setattr(sets, "LARGE", 2)
    ended(backups.replace(admin, made, KEY))
    assert len(vendors(database)) == 5


def test_past_the_point_of_no_return_it_is_finished(
    backups: Backups, admin: Caller, made: BackupSet, database: Db, monkeypatch: pytest.MonkeyPatch
) -> None:
    database["Equipment"].delete_one({"_id": 0})
    at_progress(monkeypatch, lambda job, progress: job.cancel() if progress.final else None)
    ended(backups.replace(admin, made, KEY))
    assert len(vendors(database)) == 5


@pytest.mark.parametrize(("step", "outcome", "left"), [
    ("R3", RestoreStopped, 4), ("R6", RestoreStopped, 4), ("R7", RestoreIncomplete, 5)])
def test_when_it_is_killed_what_it_left_is_put_in_order(
    backups: Backups, admin: Caller, made: BackupSet, database: Db, monkeypatch: pytest.MonkeyPatch, step: str,
    outcome: type[BackupError], left: int,
) -> None:
    database["Equipment"].delete_one({"_id": 0})
    monkeypatch.setattr(sets, "PROGRAM", AT.format(step=step, act=DIES))

    error = failed(backups.replace(admin, made, KEY))

    assert type(error) is outcome
    assert "the restore's own process ended unexpectedly (exit code -9)" in error.message
    assert error.hint
    assert len(vendors(database)) == left
    assert [name for name in database.list_collection_names() if "__restore_" in name] == []
    [noted] = activity.find(database, activity.Filter(actions=("backup.replace.failed",)))
    assert noted["who"] == admin.name
    assert (backups.undoable() is not None) == (outcome is RestoreIncomplete)


def test_a_killed_merge_can_be_undone(
    backups: Backups, admin: Caller, made: BackupSet, database: Db, monkeypatch: pytest.MonkeyPatch
) -> None:
    database["Equipment"].delete_one({"_id": 0})
    monkeypatch.setattr(sets, "PROGRAM", AT.format(step="M2", act=DIES))
    error = failed(backups.merge(admin, made, {"equipment": None}))
    assert isinstance(error, RestoreIncomplete)
    assert "Undo" in error.hint
    assert backups.undoable() is not None


def test_a_killed_backup_leaves_none_and_the_next_is_made(
    backups: Backups, admin: Caller, made: BackupSet, database: Db, monkeypatch: pytest.MonkeyPatch
) -> None:
    usual = sets.PROGRAM
    monkeypatch.setattr(sets, "PROGRAM", AT.format(step="W5", act=DIES))
    error = failed(backups.create(admin, force=True))
    assert (error.code, error.hint) == ("BackupError", "Perhaps the machine is short of memory.")
    assert [backup.backup_id for backup in backups.sets(admin)] == [made.backup_id]

    monkeypatch.setattr(sets, "PROGRAM", usual)
    assert ended(backups.create(admin, force=True)).result.set.backup_id != made.backup_id


def test_no_secret_stands_where_others_could_read_it(
    backups: Backups, made: BackupSet, database: Db, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MONGODB_URI", settings.mongodb_uri.get_secret_value())  # type: ignore[union-attr]
    by = caller(database, signed_in(database, "admin", "ada"), Keys(phrases=("hunter2 hunter2",)))
    public: list[str] = []
    at_progress(monkeypatch, lambda *_: public.extend(
        f"{child.cmdline()} {child.environ()}" for child in psutil.Process().children(recursive=True)
        if child.name() != "mongod"))
    ended(backups.replace(by, made, KEY))
    assert any("sets.serve()" in each for each in public)
    assert not [each for each in public if "hunter2" in each or "MONGODB_URI" in each]


@pytest.mark.parametrize("why", ["few records", "another app's people", "nobody arranged for it"])
def test_these_stay_in_this_process(
    backups: Backups, admin: Caller, made: BackupSet, database: Db, monkeypatch: pytest.MonkeyPatch, why: str
) -> None:
    monkeypatch.setattr(sets, "PROGRAM", "raise SystemExit('not for these')")
    by = admin
    if why == "few records":
        monkeypatch.setattr(sets, "LARGE", 5)
    elif why == "nobody arranged for it":
        backups.beside = None
    else:
        by = Caller("guest", lambda _: None, Who("foreign", "guest"))
    database["Equipment"].delete_one({"_id": 0})
    ended(backups.replace(by, made, KEY))
    assert len(vendors(database)) == 5


def test_the_demonstration_has_no_process_of_its_own() -> None:
    assert not process.works(mongomock.MongoClient())


def test_a_signal_to_the_process_is_a_cancel(
    backups: Backups, admin: Caller, made: BackupSet, database: Db, monkeypatch: pytest.MonkeyPatch
) -> None:
    database["Equipment"].delete_one({"_id": 0})
    monkeypatch.setattr(sets, "PROGRAM", AT.format(step="R3", act=IS_TOLD_TO_END))
    assert isinstance(failed(backups.replace(admin, made, KEY)), Cancelled)
    assert len(vendors(database)) == 4
