"""Unlock shows who holds the lock, and takes it from the dead alone."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import mongomock
import pytest
from pymongo.database import Database

from backup_engine.api import DatabaseBackupRestore
from backup_engine.errors import Busy, DatabaseUnreachable, RestoreRunning
from backup_engine.locking.lease import COLLECTION, LEASE_ID, Holder, Lease, Terms
from backup_engine.locking.locks import hold
from backup_engine.unlock import holder, unlock
from tests.backup_engine.engine import workspace
from tests.backup_engine.locking.test_lease import dead_holder

Live = Database[dict[str, Any]]


def until(database: Live) -> Any:
    document = database[COLLECTION].find_one({"_id": LEASE_ID})
    assert document is not None
    return document["until"]


def test_where_nobody_holds_anything_there_is_nothing_to_release(tmp_path: Path, database: Live) -> None:
    for live in (database, mongomock.MongoClient().db):
        ws = workspace(tmp_path, live)
        assert holder(ws) is None
        assert unlock(ws).message == "No lock is held."
    with hold(workspace(tmp_path, database), "backup"):
        pass
    assert unlock(workspace(tmp_path, database)).holder is None


def test_a_dead_holder_is_named_and_its_lock_released(tmp_path: Path, database: Live) -> None:
    dead = dead_holder(database, timedelta(days=3650), host="old-host", place="/srv/backups", pid=4711)

    done = unlock(workspace(tmp_path, database))

    assert done.holder is not None
    assert (done.holder.purpose, done.holder.host, done.holder.process) == ("restore", "old-host", 4711)
    assert done.message.startswith("The lock is released. It was held by: restore on old-host, process 4711, folder "
                                   "/srv/backups, since ")
    assert "in the future" in done.message
    assert until(database) is None
    with pytest.raises(Busy):
        dead.check()


def test_a_holder_that_fell_silent_a_minute_ago_is_dead(tmp_path: Path, database: Live) -> None:
    dead_holder(database, timedelta(seconds=-61))

    done = unlock(workspace(tmp_path, database))

    assert done.holder is not None
    assert done.holder.silent >= timedelta(seconds=60)
    assert until(database) is None


@pytest.mark.parametrize("ago", [0, 50])
def test_a_holder_that_gave_a_sign_of_life_within_a_minute_keeps_its_lock(
    tmp_path: Path, database: Live, ago: int
) -> None:
    dead_holder(database, timedelta(seconds=-ago), host="busy-host")

    with pytest.raises(RestoreRunning, match=r"on busy-host: restore on busy-host.*last heartbeat \d+ s ago"):
        unlock(workspace(tmp_path, database))
    assert until(database) is not None


def test_while_the_file_lock_is_held_nothing_is_released(tmp_path: Path, database: Live) -> None:
    ws, same_folder = workspace(tmp_path, database), workspace(tmp_path / ".." / tmp_path.name, database)
    with hold(ws, "backup") as held:
        database[COLLECTION].update_one({"_id": LEASE_ID}, [{"$set": {"until": {"$add": ["$$NOW", -120_000]}}}])

        for place in (ws, same_folder):  # this process's own mutex, and the file lock as another process meets it
            with pytest.raises(Busy, match="A backup is already running"):
                unlock(place)
        assert until(database) is not None
        held.check()


def test_a_heartbeat_at_the_last_moment_saves_the_holder(
    tmp_path: Path, database: Live, monkeypatch: pytest.MonkeyPatch
) -> None:
    lease = Lease.take(database, Holder("backup", "elsewhere"), locked=False, terms=Terms())
    assert isinstance(lease, Lease)
    database[COLLECTION].update_one({"_id": LEASE_ID}, [{"$set": {"until": {"$add": ["$$NOW", -120_000]}}}])
    real = Lease.look

    def look(live: Live) -> dict[str, Any]:
        seen = real(live)
        lease.check()
        return seen

    monkeypatch.setattr(Lease, "look", staticmethod(look))

    with pytest.raises(Busy, match="sign of life"):
        unlock(workspace(tmp_path, database))
    lease.check()
    lease.release()


def test_the_class_answers_in_words(tmp_path: Path, database: Live) -> None:
    def down() -> Live:
        raise DatabaseUnreachable("no answer")

    system = DatabaseBackupRestore(connect=lambda: database, backup_folder=str(tmp_path))
    assert system.unlock() == (True, "No lock is held.")
    dead_holder(database, timedelta(0))
    assert system.unlock()[0] is False
    released, message = DatabaseBackupRestore(connect=down, backup_folder=str(tmp_path)).unlock()
    assert (released, message.startswith("Database connection failed")) == (False, True)
