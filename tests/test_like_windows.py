"""On a Python that lacks what Windows lacks everything is imported, and backups are made and come back."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from pymongo.database import Database

from backup_engine.errors import PermissionDenied
from backup_engine.storage import LocalStorage, folders
from tests.backup_engine.engine import fill, raw
from tests.like_windows import HIDDEN, NO_NAME, modules
from tests.mongod import Mongod

ROOT = Path(__file__).resolve().parents[1]
NAMES = ("Equipment", "Equipment_select_options")


def run(*arguments: str, code: int = 0, **environment: str) -> str:
    answer = subprocess.run(
        [sys.executable, "-m", "tests.like_windows", *arguments], cwd=ROOT, capture_output=True, text=True, check=False,
        stdin=subprocess.DEVNULL, env={**os.environ, **environment})
    assert answer.returncode == code, answer.stdout + answer.stderr
    return answer.stdout


def test_every_module_is_imported() -> None:
    count = int(run("imports").split()[-1])

    assert count == len(modules()) > 250


def test_what_is_hidden_is_there_otherwise() -> None:
    assert all(any(hasattr(module, name) for name in names) for module, names in HIDDEN.items())


def test_backups_are_made_and_come_back(
    shared_mongod: Mongod, database: Database[dict[str, Any]], tmp_path: Path
) -> None:
    fill(database, 6000, 5)  # more than are encoded in this process alone, where there are workers
    before = [raw(database, name) for name in NAMES]
    here = {"MONGODB_URI": shared_mongod.uri, "MONGODB_DATABASE": database.name, "BACKUP_FOLDER": str(tmp_path / "b"),
            "EQUIPMENT_DATA_FOLDER": str(tmp_path / "data")}

    def command(*words: str, code: int = 0) -> dict[str, Any]:
        return dict(json.loads(run("command", "--json", *words, code=code, **here)))

    made = command("backup")
    assert "6,000 in Equipment" in made["message"]
    assert "cannot flush folders" in str(made)
    assert "Backup not needed" in command("backup")["message"]
    database.Equipment.delete_many({"_id": {"$lt": 50}})
    command("backup", "--force")
    command("verify", "--all", "--level", "2")
    command("drill")
    oldest = command("list")["backups"][-1]["label"]
    command("restore", oldest, "--mode", "replace", "--collection", "both", "--yes")
    assert [raw(database, name) for name in NAMES] == before
    command("undo", "--yes")
    assert database.Equipment.count_documents({}) == 5950
    command("restore", oldest, "--mode", "merge", "--yes")
    assert [raw(database, name) for name in NAMES] == before
    command("prune")
    command("status")
    assert not list((tmp_path / "b").rglob(".tmp-*"))


def test_without_an_address_it_says_what_to_set(tmp_path: Path) -> None:
    said = run("command", "--json", "backup", code=14, BACKUP_FOLDER=str(tmp_path), EQUIPMENT_DATA_FOLDER=str(tmp_path))

    assert "there is no embedded MongoDB for Windows" in said
    assert "Set MONGODB_URI." in said


@pytest.mark.parametrize("name", ["a:b", "nul", "COM1.csv", "what?", "end.", "end ", "a<b"])
def test_a_name_that_means_something_else_there_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setattr(folders, "HELD", False)
    storage = LocalStorage(tmp_path)

    with pytest.raises(PermissionDenied, match="not a file name"):
        storage.put("monday", name, b"")

    assert NO_NAME.fullmatch(name)


def test_a_link_is_not_followed_where_folders_cannot_be_opened(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(folders, "HELD", False)
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "secret").write_text("x")
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "monday").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "b" / "tuesday").mkdir()
    (tmp_path / "b" / "tuesday" / "link").symlink_to(tmp_path / "elsewhere" / "secret")
    storage = LocalStorage(tmp_path / "b")

    for folder, name in (("monday", "secret"), ("tuesday", "link")):
        with pytest.raises(PermissionDenied):
            storage.open(folder, name)


def test_two_at_once_exclude_each_other(tmp_path: Path) -> None:
    program = (
        "from tests import like_windows; like_windows.become()\n"
        "import time; from pathlib import Path; from backup_engine.locking.file_lock import file_lock\n"
        "from backup_engine.errors import Busy\n"
        f"path = Path({str(tmp_path / '.lock')!r})\n"
        "with file_lock(path, 'backup', time.monotonic()) as locked:\n"
        "    assert locked\n"
        "    try:\n"
        "        with file_lock(path, 'prune', time.monotonic()): print('both')\n"
        "    except Busy as busy: print(busy.message)\n"
        "with file_lock(path, 'prune', time.monotonic()) as locked: print(locked)\n")
    said = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False)

    assert said.returncode == 0, said.stderr
    assert "A backup is already running by process" in said.stdout and said.stdout.endswith("True\n")
