"""SIGKILL after each step of a replace: up to R6 the old list is untouched, from R7 on it is the new one.

I1 listed sets verify · I2 old or new, byte for byte · I3 the locks are free at once · I4 the next backup works ·
I5 recovery removes what the crash left and nothing else · I6 the list accepts writes.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from pymongo.database import Database

from backup_engine import create, undo, verify
from backup_engine.locking.locks import hold
from backup_engine.replacing import recovery
from backup_engine.workspace import Workspace
from tests.backup_engine.engine import workspace
from tests.mongod import Mongod

Doc = dict[str, Any]
ROUNDS = int(os.environ.get("TEST_ROUNDS", "1"))
STEPS = [f"R{n}" for n in range(1, 9)]
BOTH = ["Equipment", "Equipment_select_options"]
SCRIPT = """
import os, signal, sys
from pathlib import Path
import pymongo
from backup_engine import failpoints, restore
from backup_engine.replacing import steps
from tests.backup_engine.engine import anybodys, workspace
uri, name, folder, step = sys.argv[1:]
database = pymongo.MongoClient(uri)[name]
rename = steps.rename
def die():
    os.kill(os.getpid(), signal.SIGKILL)
def last_moment():  # somebody writes after the last reading, before the swap
    database.Equipment.insert_one({"_id": "last moment"})
    if step == "between":
        steps.rename = lambda *words: (rename(*words), die())
    if step == "R6":
        die()
failpoints.hooks[step] = die
failpoints.hooks["R6"] = last_moment
ws = workspace(Path(folder), database)
restore.replace(ws, restore.plan_replace(ws, ws.catalog.newest_good(anybodys), ["equipment", "select_options"]))
"""


def _prepare(database: Database[Doc], folder: Path) -> Workspace:
    """A set on disk, and a list that has changed since."""
    database.Equipment.insert_many([{"_id": n, "name": f"n{n}"} for n in range(300)])
    database.Equipment.create_index("name")
    database.Equipment_select_options.insert_many([{"_id": n} for n in range(9)])
    ws = workspace(folder, database)
    create.create(ws, force=True)
    database.Equipment.delete_many({"_id": {"$gte": 200}})
    database.Equipment.insert_one({"_id": "added", "name": "since"})
    database.Equipment_select_options.delete_one({"_id": 0})
    return ws


def _killed_at(server: Mongod, database: Database[Doc], folder: Path, step: str) -> None:
    words = [sys.executable, "-c", SCRIPT, server.uri, database.name, str(folder), step]
    done = subprocess.run(words, timeout=60, capture_output=True, check=False)
    assert done.returncode == -signal.SIGKILL, done.stderr.decode()


def _hashes(database: Database[Doc]) -> dict[str, str]:
    hashes = database.command("dbHash")["collections"]
    return {name: hashes[name] for name in BOTH}


def _wished(ws: Workspace, database: Database[Doc]) -> dict[str, str]:
    """The hashes the set restores to, from an undisturbed restore of the same documents."""
    wished = database.client[f"{database.name}_wished"]
    wished.Equipment.insert_many([{"_id": n, "name": f"n{n}"} for n in range(300)])
    wished.Equipment_select_options.insert_many([{"_id": n} for n in range(9)])
    hashes = _hashes(wished)
    database.client.drop_database(wished)
    return hashes


@pytest.mark.parametrize("step", [*STEPS, "between"])
@pytest.mark.parametrize("number", range(ROUNDS))
def test_killed(shared_mongod: Mongod, database: Database[Doc], tmp_path: Path, step: str, number: int) -> None:
    ws = _prepare(database, tmp_path)
    database.create_collection("Somebody__restore_elses")
    old, wished = _hashes(database), _wished(ws, database)

    _killed_at(shared_mongod, database, tmp_path, step)
    if step == "R6":
        database.Equipment.delete_one({"_id": "last moment"})

    before_recovery = _hashes(database)
    started = time.monotonic()
    with hold(ws, "recover", wait=1.0) as held:
        waited = time.monotonic() - started
        recovery.recover(ws, held)
        again = recovery.recover(ws, held)
    assert waited < 1.0  # I3
    assert _hashes(database) == (wished if step in ("R7", "R8", "between") else old)  # I2
    assert step == "between" or _hashes(database) == before_recovery
    assert again == []
    assert _leftovers(database) == ["Somebody__restore_elses"]  # I5
    assert [backup.state for backup in ws.catalog.sets() if not verify.verify(ws, backup, 2).ok] == []  # I1
    database.Equipment.insert_one({"_id": "still accepts writes"})  # I6
    assert create.create(ws, force=True).set is not None  # I4


def _leftovers(database: Database[Doc]) -> list[str]:
    return [name for name in database.list_collection_names() if "__" in name]


@pytest.mark.parametrize("step", ["R7", "between"])
def test_undo_after_the_crash_brings_back_the_last_moment_too(
    shared_mongod: Mongod, database: Database[Doc], tmp_path: Path, step: str
) -> None:
    ws = _prepare(database, tmp_path)
    _killed_at(shared_mongod, database, tmp_path, step)

    undo.undo(ws)

    assert database.Equipment.count_documents({}) == 202
    assert database.Equipment.find_one({"_id": "last moment"})
    assert database.Equipment.find_one({"_id": "added"}) == {"_id": "added", "name": "since"}
    assert database.Equipment_select_options.count_documents({}) == 8
