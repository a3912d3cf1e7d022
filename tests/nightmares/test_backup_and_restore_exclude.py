"""A backup during a restore, a restore during a backup, two admins who press Restore: one at a time."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from pymongo.database import Database

from backup_engine import create, failpoints, restore
from backup_engine.errors import Busy, RestoreRunning
from backup_engine.workspace import Workspace
from tests.backup_engine.engine import anybodys, fill, workspace
from tests.mongod import Mongod

Doc = dict[str, Any]


@pytest.fixture
def ws(database: Database[Doc], tmp_path: Path) -> Workspace:
    fill(database, 30, 5)
    ws = workspace(tmp_path / "one", database)
    create.create(ws, force=True)
    return ws


@pytest.fixture
def other_host(shared_mongod: Mongod, database: Database[Doc], tmp_path: Path) -> Workspace:
    """Another folder on the same database: only the lease stands between the two."""
    return workspace(tmp_path / "two", shared_mongod.client()[database.name])


def _replace(ws: Workspace) -> restore.Restored:
    backup = ws.catalog.newest_good(anybodys)
    assert backup is not None
    return restore.replace(ws, restore.plan_replace(ws, backup, ["equipment"]))


class Pause:
    """Stops the operation at a step until told to go on."""

    def __init__(self) -> None:
        self.reached, self.go_on = threading.Event(), threading.Event()

    def __call__(self) -> None:
        self.reached.set()
        assert self.go_on.wait(30)


@pytest.mark.parametrize("step", ["R1", "R3", "R4", "R6", "R7"])
def test_while_a_restore_runs_everything_else_is_refused(
    ws: Workspace, other_host: Workspace, database: Database[Doc], monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    pause = Pause()
    monkeypatch.setitem(failpoints.hooks, step, pause)
    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(_replace, ws)
        assert pause.reached.wait(30)

        with pytest.raises(RestoreRunning, match="A restore is running"):
            create.create(ws, force=True)
        with pytest.raises(RestoreRunning, match="A restore is running"):
            _replace(ws)
        with pytest.raises(RestoreRunning, match="A restore is running"):
            create.create(other_host, force=True)
        pause.go_on.set()

        assert running.result().counts == {"equipment": 30}


def test_while_a_backup_runs_a_restore_is_refused(ws: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    pause = Pause()
    monkeypatch.setitem(failpoints.hooks, "W6", pause)
    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(create.create, ws, force=True)
        assert pause.reached.wait(30)

        with pytest.raises(Busy, match="A backup is already running"):
            _replace(ws)
        pause.go_on.set()

        assert running.result().set is not None


def test_of_many_who_press_restore_at_once_one_restores(ws: Workspace, database: Database[Doc]) -> None:
    barrier = threading.Barrier(6)

    def press() -> str:
        barrier.wait(10)
        try:
            return _replace(ws).message
        except RestoreRunning as refused:
            return refused.opening

    with ThreadPoolExecutor(6) as pool:
        said = [future.result() for future in [pool.submit(press) for _ in range(6)]]

    assert sum(message.startswith("Restore completed") for message in said) >= 1
    assert all(message.startswith(("Restore completed", "A restore is running")) for message in said)
    assert database.Equipment.count_documents({}) == 30
    assert [name for name in database.list_collection_names() if "__" in name] == []
