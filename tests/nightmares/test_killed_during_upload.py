"""SIGKILL of a process that sends a backup, at every object it writes: nothing half is listed, the next run goes on."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from pymongo.database import Database

from backup_engine import verify
from backup_engine.fetch import viewed
from backup_engine.push import push
from backup_engine.remotes.folder import FolderStore
from tests.backup_engine.engine import OWN, back_up, own_of
from tests.backup_engine.offsite_places import own_target_of, target_of, with_remote
from tests.mongod import Mongod

Data = Database[dict[str, Any]]
ROOT = Path(__file__).parents[2]
SCRIPT = """
import os, signal, sys
from pathlib import Path
import pymongo
from backup_engine.push import push
from backup_engine.remotes import target
from backup_engine.remotes.folder import FolderStore
from tests.backup_engine.engine import OWN
from tests.backup_engine.offsite_places import with_remote

folder, uri, name, number, when, own = sys.argv[1:]
target.PIECE_BYTES = 300
put, written = FolderStore.put, []

def killed(self, key, data, *, create=False):
    if key.startswith(("data/", "sets/", "app/")):
        written.append(key)
    last = len(written) == int(number)
    if last and when == "before":
        os.kill(os.getpid(), signal.SIGKILL)
    put(self, key, data, create=create)
    if last:
        os.kill(os.getpid(), signal.SIGKILL)

FolderStore.put = killed
push(with_remote(Path(folder), pymongo.MongoClient(uri)[name], application=OWN if own else None), "disk", now=True)
"""


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("number", [1, 2, 3, 4])
def test_it_is_there_whole_or_not_at_all(
    tmp_path: Path, shared_mongod: Mongod, database: Data, number: int, when: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    ws = with_remote(tmp_path, database)
    backup = back_up(ws)
    words = [str(tmp_path), shared_mongod.uri, database.name, str(number), when, ""]
    dead = subprocess.run([sys.executable, "-c", SCRIPT, *words], cwd=ROOT, timeout=60, check=False)
    assert dead.returncode == -signal.SIGKILL
    before = {entry.key for entry in target_of(tmp_path).store.list("data")}
    committed = number == 4 and when == "after"
    assert target_of(tmp_path).backup_ids() == ({backup.backup_id} if committed else set())

    monkeypatch.setattr("backup_engine.remotes.target.PIECE_BYTES", 300)
    again: list[str] = []
    put = FolderStore.put
    monkeypatch.setattr(FolderStore, "put", lambda self, key, data, create=False: (
        put(self, key, data, create=create), again.append(key)))
    done = push(ws, "disk", now=True)

    assert (len(done.sent), done.waiting, done.problem) == (0 if committed else 1, 0, "")
    pieces = {key for key in again if key.startswith("data/")}
    # Only the piece whose arrival could not be noted any more is sent twice: that of a first one under another name,
    # because the line had not been written yet.
    assert committed or len(pieces) == 3 - len(before) + (when == "after")
    with viewed(ws, "disk") as there:
        assert verify.verify(there, backup, 2).ok


def test_killed_again_and_again_a_set_never_appears_before_what_was_made_with_it(
    tmp_path: Path, shared_mongod: Mongod, database: Data
) -> None:
    """Killed after the third object of every run: the two before are noted, so each run gets further."""
    ws = with_remote(tmp_path, database, application=OWN)
    backup = back_up(ws)
    [own] = own_of(ws).catalog.sets()
    words, seen = [str(tmp_path), shared_mongod.uri, database.name, "3", "after", "own"], set[tuple[int, int]]()
    for _ in range(40):
        ended = subprocess.run([sys.executable, "-c", SCRIPT, *words], cwd=ROOT, timeout=60, check=False)
        lists, beside = target_of(tmp_path).entries(), own_target_of(tmp_path).entries()
        assert {entry.backup.state for entry in (*lists, *beside)} <= {"complete"}
        seen.add((len(lists), len(beside)))
        if ended.returncode == 0:
            break
        assert ended.returncode == -signal.SIGKILL

    assert ended.returncode == 0 and seen == {(0, 0), (0, 1), (1, 1)}
    assert (lists[0].backup, beside[0].backup) == (backup, own)
    with viewed(ws, "disk") as there:
        assert verify.verify(there, backup, 2).ok
