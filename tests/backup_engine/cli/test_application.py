"""restore-application and undo-application, with the installation's own collections bound in."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pymongo.database import Database

from backup_csv_for_db_restore import DatabaseBackupRestore
from backup_engine.cli.main import main
from backup_engine.model import Source
from equipment import backups
from equipment.settings import Settings
from equipment.store.access import SYSTEM
from equipment.store.accounts import users
from equipment.store.saved import SAVED
from tests.backup_engine.cli.conftest import Run
from tests.backup_engine.engine import fill
from tests.mongod import Mongod

Db = Database[dict[str, Any]]


@pytest.fixture
def command(
    tmp_path: Path, shared_mongod: Mongod, database: Db, capsys: pytest.CaptureFixture[str]
) -> Callable[..., tuple[int, str]]:
    """Run a command of the installation's program: ``(exit code, what it printed)``."""
    fill(database)
    users.create(database, SYSTEM, "Ada", "admin", password_hash="hash")
    users.create(database, SYSTEM, "Bob", "technician", password_hash="hash")

    def call(*words: str) -> tuple[int, str]:
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main(["--folder", str(tmp_path / "sets"), "--uri", shared_mongod.uri, "--database", database.name, *words],
                 engine=DatabaseBackupRestore)
        said = capsys.readouterr()
        return int(ended.value.code or 0), said.out + said.err

    return call


def test_there_and_back(command: Callable[..., tuple[int, str]], database: Db, tmp_path: Path) -> None:
    made = json.loads(command("backup", "--json")[1])
    label = made["backup"]["label"]
    assert "2 users" in command("show", label)[1]
    assert "with accounts, settings, trash and activity: 2 users" in command("verify", label)[1]
    users.set_role(database, SYSTEM, "bob", "manager")

    code, said = command("restore-application", label, "--dry-run")
    assert code == 0 and "users:           1 unchanged, 1 changed" in said
    assert "Have another role again: Bob (manager → technician)." in said and said.endswith("(dry run).\n")
    assert database.equipment_users.find_one({"_id": "bob"})["role"] == "manager"  # type: ignore[index]
    assert command("restore-application", label)[0] == 2  # nobody can be asked

    code, said = command("restore-application", label, "--yes", "--json")
    answer = json.loads(said)
    assert code == 0 and answer["collections"]["users"] == {"unchanged": 1, "changed": 1}
    assert answer["safety"]["trigger"] == "pre_restore"
    assert database.equipment_users.find_one({"_id": "bob"})["role"] == "technician"  # type: ignore[index]
    assert database.equipment_activity.count_documents({"action": "backup.restore_application", "target": label}) == 1

    assert command("undo-application", "--yes")[0] == 0
    assert database.equipment_users.find_one({"_id": "bob"})["role"] == "manager"  # type: ignore[index]
    assert json.loads(command("list", "--json")[1])["backups"][0]["label"] == label
    code, said = command("verify", "--all")
    assert code == 0 and said.count("Safety backup of accounts, settings, trash and activity: Backup ") == 2
    assert "verified at level 1 (stored bytes): 2 users" in said
    assert command("status")[0] == 0 and len(list(tmp_path.glob("sets/*day/*.json"))) == 1


def test_status_and_verify_tell_what_is_not_safe(
    command: Callable[..., tuple[int, str]], tmp_path: Path
) -> None:
    label = json.loads(command("backup", "--json")[1])["backup"]["label"]
    [path] = tmp_path.glob(f"sets/.app/*day/users_backup_{label}.csv")
    path.write_text("")

    code, said = command("verify", label)
    assert code == 13 and "accounts, settings, trash and activity: " in said
    assert "Attention: accounts, settings, trash and activity: users_backup_" in command("status")[1]
    code, said = command("restore-application", label, "--yes")
    assert code == 13
    code, said = command("repair", label)
    assert code == 3 and f"Backup {label} is sound" in said and "the next backup saves them anew" in said


def test_an_engine_without_an_application_says_so(run: Run, database: Db) -> None:
    fill(database)
    label = run("backup")[1]["backup"]["label"]

    assert run("restore-application", label, "--yes") == (2, {
        "ok": False, "exit_code": 2, "error": "BadInput", "message": "Nothing but the lists is saved here.",
        "hint": "Use the program that belongs to the installation."})


def test_every_door_of_the_installation_saves_it(tmp_path: Path, shared_mongod: Mongod, database: Db) -> None:
    engine = DatabaseBackupRestore(shared_mongod.uri, database=database.name, backup_folder=tmp_path)
    chosen = Settings(mongodb_uri=shared_mongod.uri, mongodb_database=database.name, backup_folder=tmp_path)
    page = backups.of(chosen, lambda: database)
    plain = DatabaseBackupRestore(shared_mongod.uri, backup_folder=tmp_path, sources=(Source("users", "people"),))
    try:
        for workspace in (engine.workspace, page.engine.workspace, page.scheduler.workspace):
            assert workspace.annex is not None and workspace.annex.about is not None
            assert [source.key for source in workspace.annex.about.sources] == [source.key for source in SAVED]
        assert plain.workspace.annex is None
    finally:
        backups.stop()
