"""A drill proves that a set restores, touches nothing, and leaves nothing behind even when killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import mongomock
import pytest
from pymongo.database import Database

from backup_engine import create, drill
from backup_engine.errors import BackupError, NoBackupsFound, RestoreStopped
from backup_engine.repository import ledger
from backup_engine.storage import MemoryStorage
from backup_engine.workspace import Workspace
from tests.backup_engine.engine import anybodys, fill, workspace
from tests.mongod import Mongod

Doc = dict[str, Any]
SCRIPT = """
import os, signal, sys
from pathlib import Path
import pymongo
from backup_engine import drill, failpoints
from tests.backup_engine.engine import workspace
uri, name, folder, step = sys.argv[1:]
failpoints.hooks[step] = lambda: os.kill(os.getpid(), signal.SIGKILL)
drill.drill(workspace(Path(folder), pymongo.MongoClient(uri)[name]))
"""


@pytest.fixture
def ws(database: Database[Doc], tmp_path: Path) -> Workspace:
    fill(database, 30, 5)
    database.Equipment.create_index("Serial", unique=True)
    ws = workspace(tmp_path, database)
    create.create(ws, force=True)
    return ws


def _scratch(database: Database[Doc]) -> list[str]:
    return [name for name in database.list_collection_names() if "__" in name]


def test_the_newest_set_is_proven_and_noted(ws: Workspace, database: Database[Doc]) -> None:
    before = database.command("dbHash")["collections"]["Equipment"]

    done = drill.drill(ws)

    assert done.counts == {"equipment": 30, "select_options": 5}
    assert "is restorable: 30 in equipment, 5 in select_options" in done.message
    assert database.command("dbHash")["collections"]["Equipment"] == before
    assert _scratch(database) == []
    assert ledger.read(ws.storage)[done.backup.backup_id].level == ledger.DRILL
    assert ledger.last_drill(ws) is not None


def test_a_differential_set_is_proven_over_its_full_set(ws: Workspace, database: Database[Doc]) -> None:
    database.Equipment.delete_one({"_id": 3})
    database.Equipment.update_one({"_id": 4}, {"$set": {"Vendor": "other"}})
    made = create.create(ws, force=True, kind="differential").set
    assert made is not None

    assert drill.drill(ws, made).counts == {"equipment": 29, "select_options": 5}


def test_a_set_that_does_not_restore_fails_and_is_noted(
    ws: Workspace, database: Database[Doc], tmp_path: Path
) -> None:
    backup = ws.catalog.newest_good(anybodys)
    assert backup is not None
    file = next(tmp_path.rglob("equipment_backup_*.csv"))
    file.write_bytes(file.read_bytes().replace(b"00007", b"00008"))

    with pytest.raises(BackupError) as failed:
        drill.drill(ws, backup)

    assert isinstance(failed.value, RestoreStopped) or failed.value.exit_code == 13
    assert _scratch(database) == []
    assert not ledger.read(ws.storage)[backup.backup_id].ok


def test_nothing_to_drill(tmp_path: Path, database: Database[Doc]) -> None:
    with pytest.raises(NoBackupsFound):
        drill.drill(workspace(tmp_path, database))


@pytest.mark.parametrize("step", ["D1", "D2", "D3"])
def test_killed_it_leaves_nothing_behind(
    ws: Workspace, shared_mongod: Mongod, database: Database[Doc], tmp_path: Path, step: str
) -> None:
    words = [sys.executable, "-c", SCRIPT, shared_mongod.uri, database.name, str(tmp_path), step]
    killed = subprocess.run(words, timeout=60, capture_output=True, check=False, env={**os.environ})
    assert killed.returncode == -signal.SIGKILL, killed.stderr.decode()

    drill.drill(ws)

    assert _scratch(database) == []


def test_in_memory_the_set_is_decoded_and_compared() -> None:
    database: Any = mongomock.MongoClient().db
    fill(database, 6, 2)
    ws = workspace(MemoryStorage(), database)
    create.create(ws, force=True)

    assert drill.drill(ws).counts == {"equipment": 6, "select_options": 2}
