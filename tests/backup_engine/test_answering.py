"""The methods that are about remotes, and ``remote=`` of the others: flags and sentences, never an exception."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pymongo.database import Database

from backup_csv_for_db_restore import DatabaseBackupRestore
from tests.backup_engine.engine import StillClock, fill, raw

Db = Database[dict[str, Any]]


@pytest.fixture
def system(database: Db, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> DatabaseBackupRestore:
    monkeypatch.setattr("backup_engine.remotes.patient.FIRST_PAUSE", 0)
    fill(database)
    (tmp_path / "disk").mkdir()
    return DatabaseBackupRestore(connect=lambda: database, backup_folder=tmp_path / "sets",
                                 remotes={"disk": f"file://{tmp_path}/disk"}, clock=StillClock())


def newest(system: DatabaseBackupRestore, remote: str | None = None) -> dict[str, Any]:
    days = system.get_available_backups(remote=remote)
    return max((day[0] for day in days.values() if day), key=lambda metadata: metadata["seq"])


def test_every_method_reads_from_a_remote(system: DatabaseBackupRestore, database: Db, tmp_path: Path) -> None:
    assert system.create_backup(force=True)[0]
    assert system.push("disk") == (True, "1 backup sent to remote disk with accounts, settings, trash and activity.")
    wanted = raw(database, "Equipment")
    for path in (tmp_path / "sets").rglob("*"):
        if path.is_file():
            path.unlink()
    system.workspace.clock.pass_by(hours=1)  # type: ignore[attr-defined] # in that second its label is another's
    backup = newest(system, "disk")
    assert not any(system.get_available_backups().values())

    assert system.verify_backup(backup, remote="disk")[0] and system.verify(backup, 1, remote="disk")[0]
    success, table, message = system.preview_backup(backup, limit=3, remote="disk")
    assert success and table is not None and len(table) == 3 and message == "3 of 20 records"
    database.Equipment.delete_many({"_id": {"$lt": 4}})
    success, comparison, _ = system.compare_backup(backup, remote="disk")
    assert success and comparison is not None and comparison.only_left == 4
    assert system.drill(backup, remote="disk")[0]
    success, merged, _ = system.merge_backup(backup, remote="disk")
    assert success and merged is not None and merged.inserted == 4
    database.Equipment.delete_many({})
    assert system.restore_from_backup(backup, "equipment", "replace", remote="disk")[0]
    assert raw(database, "Equipment") == wanted
    assert system.undo_restore()[0] and database.Equipment.count_documents({}) == 0
    assert system.fetch(backup, "disk")[0]
    assert newest(system)["backup_id"]


def test_nothing_is_raised_when_the_remote_is_away(system: DatabaseBackupRestore, tmp_path: Path) -> None:
    assert system.create_backup(force=True)[0]
    backup = newest(system)
    (tmp_path / "disk").rename(tmp_path / "away")

    assert system.get_available_backups(remote="disk") == {}
    for answer in (system.push("disk"), system.fetch(backup, "disk"), system.verify_backup(backup, remote="disk"),
                   system.preview_backup(backup, remote="disk"), system.compare_backup(backup, remote="disk"),
                   system.drill(backup, remote="disk"), system.merge_backup(backup, remote="disk"),
                   system.restore_from_backup(backup, remote="disk"), system.push("nowhere"),
                   system.fetch(backup, "nowhere"), system.drill(remote="disk")):
        assert answer[0] is False and isinstance(answer[-1], str) and answer[-1]


def test_a_backup_is_made_whatever_becomes_of_the_remote(system: DatabaseBackupRestore, tmp_path: Path) -> None:
    system.create_backup(force=True)
    (tmp_path / "disk").rename(tmp_path / "away")
    assert not system.push("disk")[0]

    success, file, message = system.create_backup(force=True)

    assert success and file and "the remote disk is in trouble" in message
