"""Who may use the backups, checked where it counts: in front of every verb, from the database."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from pymongo.database import Database

from backup_engine import api
from backup_engine.api import BackupSet, DatabaseBackupRestore, Preferences
from backup_engine.errors import AdminOnly, PermissionDenied
from equipment import continuous, copies, lost, other_servers, retention, schedules, sealing, standing_by
from equipment.backups import Backups, Caller
from equipment.messages import administration
from equipment.restores import past, since, thrown
from equipment.settings import get_settings
from equipment.store import activity
from equipment.store.access import SESSIONS, USERS, require
from equipment.store.work import Work
from tests.equipment.store.people import signed_in

Db = Database[dict[str, Any]]
PATIENCE = 60


@pytest.fixture
def backups(database: Db, tmp_path: Path) -> Backups:
    database["Equipment"].insert_many([{"_id": number, "ID": number} for number in range(3)])
    engine = DatabaseBackupRestore(connect=lambda: database, backup_folder=str(tmp_path))
    return Backups(engine, lambda: database, Preferences())


def caller(database: Db, role: Any) -> Caller:
    who = signed_in(database, role)
    return Caller(who.name, lambda action: require(database, who, action), who)


def make_set(backups: Backups, by: Caller) -> BackupSet:
    job = backups.create(by, force=True)
    assert job.done.wait(PATIENCE)
    assert job.error is None, job.error
    made: BackupSet = job.result.set
    return made


VERBS: dict[str, Callable[[Backups, Caller, BackupSet], object]] = {
    "sets": lambda backups, by, made: backups.sets(by),
    "create": lambda backups, by, made: backups.create(by),
    "check now": lambda backups, by, made: backups.check_now(by),
    "replace": lambda backups, by, made: backups.replace(by, made, ("equipment",)),
    "merge": lambda backups, by, made: backups.merge(by, made, {"equipment": None}),
    "undo": lambda backups, by, made: backups.undo(by, made, ("equipment",)),
    "import": lambda backups, by, made: backups.import_set(by, BytesIO()),
    "compare": lambda backups, by, made: backups.compare(by, made, ("equipment",), None, kind="c", about=None),
    "preview": lambda backups, by, made: backups.preview(by, made, "equipment", 10, 0, ""),
    "find": lambda backups, by, made: backups.find(by, made.label),
    "zip": lambda backups, by, made: b"".join(backups.zip_stream(by, made)),
    "verify": lambda backups, by, made: backups.verify(by, made),
    "drill": lambda backups, by, made: backups.drill(by, made),
    "replace, remote": lambda backups, by, made: backups.replace(by, made, ("equipment",), remote="disk"),
    "merge, remote": lambda backups, by, made: backups.merge(by, made, {"equipment": None}, remote="disk"),
    "compare, remote": lambda backups, by, made: backups.compare(
        by, made, ("equipment",), None, kind="c", about=None, remote="disk"),
    "verify, remote": lambda backups, by, made: backups.verify(by, made, remote="disk"),
    "drill, remote": lambda backups, by, made: backups.drill(by, made, remote="disk"),
    "pin": lambda backups, by, made: backups.pin(by, made, True),
    "comment": lambda backups, by, made: backups.comment(by, made, "x"),
    "delete": lambda backups, by, made: backups.delete(by, made),
    "sets of others": lambda backups, by, made: backups.foreign_sets(by),
    "whose sets": lambda backups, by, made: backups.holdings(by),
    "adopt": lambda backups, by, made: backups.adopt(by, made.database_id),
    "answer": lambda backups, by, made: backups.answer(by, api.start_anew),
    "copies": lambda backups, by, made: copies.survey(backups, by),
    "continuous": lambda backups, by, made: continuous.state(backups, by),
    "at a moment": lambda backups, by, made: continuous.at(backups, by, [made], made.started),
    "columns for mails": lambda backups, by, made: administration.columns(backups, by),
    "test message": lambda backups, by, made: administration.test(backups, by, get_settings()),
    "stop another server": lambda backups, by, made: other_servers.stop(
        backups, by, Work("", "", "", "", 0, None, False, False)),
    "records now": lambda backups, by, made: since.records_now(backups, by),
    "thrown away": lambda backups, by, made: thrown.newest(backups, by),
    "lost": lambda backups, by, made: lost.find(backups, by, kind="lost"),
    "bring back": lambda backups, by, made: lost.bring_back(backups, by, []),
    "preferences": lambda backups, by, made: schedules.change(backups, by, interval_hours=2),
    "schedules": lambda backups, by, made: schedules.shown(backups, by),
    "versions of schedules": lambda backups, by, made: schedules.versions(backups, by),
    "halted": lambda backups, by, made: retention.halted(backups, by),
    "acknowledge": lambda backups, by, made: retention.acknowledge(backups, by),
    "rules": lambda backups, by, made: retention.rules(backups, by),
    "change tiers": lambda backups, by, made: retention.change(backups, by, {"weekly": 8}),
    "planned": lambda backups, by, made: retention.planned(backups, by),
    "past": lambda backups, by, made: past.past(backups, by),
    "try tiers": lambda backups, by, made: retention.tried(backups, by, {"weekly": 8}),
    "stored": lambda backups, by, made: sealing.stored(backups, by),
    "change storing": lambda backups, by, made: sealing.change(backups, by, "zstd", ""),
    "versions of storing": lambda backups, by, made: sealing.versions(backups, by),
    "standing by": lambda backups, by, made: standing_by.read(backups, by),
    "activate": lambda backups, by, made: standing_by.activate(backups, by),
    "reseal": lambda backups, by, made: sealing.reseal(backups, by),
    "settings file": lambda backups, by, made: backups.write_settings(by, get_settings()),
}


@pytest.mark.parametrize("role", ["user", "technician", "manager"])
def test_only_an_administrator_gets_through(backups: Backups, database: Db, role: str) -> None:
    made = make_set(backups, caller(database, "admin"))
    before = [backup.backup_id for backup in backups.engine.workspace.catalog.sets()]
    by = caller(database, role)

    for verb in VERBS.values():
        with pytest.raises(AdminOnly):
            verb(backups, by, made)

    assert [backup.backup_id for backup in backups.engine.workspace.catalog.sets()] == before


def test_whoever_may_read_the_list_reads_the_history_of_a_record(backups: Backups, database: Db) -> None:
    make_set(backups, caller(database, "admin"))

    assert len(backups.history(caller(database, "user"), "1").versions) == 1


@pytest.mark.parametrize("change", ["session ended", "role taken", "account disabled"])
def test_what_an_administrator_lost_counts_at_once(backups: Backups, database: Db, change: str) -> None:
    by = caller(database, "admin")
    make_set(backups, by)
    if change == "session ended":
        database[SESSIONS].delete_many({})
    else:
        database[USERS].update_many({}, {"$set": {"role": "user"} if change == "role taken" else {"state": "disabled"}})

    with pytest.raises(PermissionDenied):
        backups.create(by, force=True)


def test_a_restore_waits_for_nobody_to_change_the_list_in_between(backups: Backups, database: Db) -> None:
    by = caller(database, "admin")
    made = make_set(backups, by)
    database["Equipment"].delete_one({"_id": 0})

    job = backups.replace(by, made, ("equipment",), expected={"equipment": {
        "only_left": 0, "only_right": 0, "different": 0}})

    assert job.done.wait(PATIENCE)
    assert job.error is not None
    assert job.error.message.startswith("Restore stopped; current data unchanged")
    assert database["Equipment"].count_documents({}) == 2


def test_everything_is_in_the_activity_log(backups: Backups, database: Db) -> None:
    by = caller(database, "admin")
    made = make_set(backups, by)
    database["Equipment"].delete_one({"_id": 0})
    for act in (backups.replace(by, made, ("equipment",)),):
        assert act.done.wait(PATIENCE)
        assert act.error is None, act.error
    safety = backups.undoable()
    assert safety is not None
    undone = backups.undo(by, safety, ("equipment",))
    assert undone.done.wait(PATIENCE)

    logged = [entry["action"] for entry in activity.find(database, activity.Filter(actions=("backup.",)))]
    assert logged == ["backup.undo", "backup.replace", "backup.create"]


def test_a_set_downloads_as_a_zip_of_its_files(backups: Backups, database: Db) -> None:
    by = caller(database, "admin")
    made = make_set(backups, by)

    with zipfile.ZipFile(BytesIO(b"".join(backups.zip_stream(by, made)))) as archive:
        assert archive.testzip() is None
        names = archive.namelist()
    assert sorted(names) == sorted(
        f"{made.day}/{name}" for name in (*(part.file for part in made.parts.values()), made.metadata_file)
    )


def test_what_changed_since_the_last_backup_is_measured_whoever_did_it(backups: Backups, database: Db) -> None:
    by = caller(database, "admin")
    assert backups.risk.count() is None
    make_set(backups, by)
    database["Equipment"].insert_one({"_id": "by a script"})

    assert backups.risk.count() == 1


def test_what_the_scheduler_does_besides_backups_stands_in_activity(backups: Backups, database: Db) -> None:
    make_set(backups, caller(database, "admin"))

    backups.scheduler._keep_the_schedule()

    (entry,) = activity.find(database, activity.Filter(actions=("backup.drill",)))
    assert (entry["who"], entry["target"]) == ("system", backups.newest_good().label)  # type: ignore[union-attr]


def test_a_comment_shows_in_the_next_listing(backups: Backups, database: Db) -> None:
    by = caller(database, "admin")
    made = make_set(backups, by)
    assert [backup.comment for backup in backups.sets(by)] == [""]

    backups.comment(by, made, "before the move")

    assert [backup.comment for backup in backups.sets(by)] == ["before the move"]
