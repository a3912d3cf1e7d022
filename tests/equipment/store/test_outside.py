"""What is done by the command line and from Python stands in Activity."""

from __future__ import annotations

import getpass
import socket
from pathlib import Path
from typing import Any

import pytest
from pymongo.database import Database

from backup_csv_for_db_restore import DatabaseBackupRestore
from backup_engine.api import Deed
from backup_engine.cli.main import main
from backup_engine.errors import DatabaseUnreachable
from equipment.store import activity, outside
from tests.mongod import Mongod

Db = Database[dict[str, Any]]


@pytest.fixture
def system(shared_mongod: Mongod, database: Db, tmp_path: Path) -> DatabaseBackupRestore:
    database["Equipment"].insert_many([{"_id": number} for number in range(3)])
    return DatabaseBackupRestore(shared_mongod.uri, database=database.name, backup_folder=str(tmp_path))


def noted(database: Db) -> list[tuple[str, str]]:
    return [(entry["action"], entry["who"]) for entry in reversed(activity.find(database))]


def test_what_a_script_does_is_there_with_user_and_host(system: DatabaseBackupRestore, database: Db) -> None:
    system.create_backup()
    system.create_backup()
    (metadata,) = [entry for day in system.get_available_backups().values() for entry in day]
    system.restore_from_backup(metadata)
    system.restore_from_backup({"label": "20010101_000000"})

    me = f"{getpass.getuser()}@{socket.gethostname()}"
    assert noted(database) == [("backup.create", me), ("backup.replace", me)]


def test_what_a_command_does_is_there_as_well(
    shared_mongod: Mongod, database: Db, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    database["Equipment"].insert_one({"_id": 1})
    words = ["--uri", shared_mongod.uri, "--database", database.name, "--folder", str(tmp_path)]
    for command in (["backup"], ["status"], ["list"]):
        with pytest.raises(SystemExit):
            main([*words, *command], engine=DatabaseBackupRestore)

    assert [action for action, _ in noted(database)] == ["backup.create"]
    assert "Attention" not in capsys.readouterr().err


def test_what_cannot_be_written_there_is_said(
    system: DatabaseBackupRestore, database: Db, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise DatabaseUnreachable("example.invalid")

    monkeypatch.setattr(activity, "record", refuse)

    success, _, message = system.create_backup()

    assert success
    assert "not recorded in the activity log" in message


def test_the_driver_s_errors_are_the_engine_s(database: Db) -> None:
    with database.client.__class__("mongodb://127.0.0.1:9", serverSelectionTimeoutMS=50) as nowhere:
        tell = outside.teller(lambda: nowhere.lab)
        with pytest.raises(DatabaseUnreachable):
            tell(Deed("backup.pin", "x", "", None))  # type: ignore[arg-type]
