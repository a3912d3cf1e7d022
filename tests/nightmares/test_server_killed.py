"""kill -9 of mongod during a replace: the list is the old one or the new one, and a swap once answered is kept."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from pymongo.database import Database

from backup_engine import create, failpoints, restore, verify
from backup_engine.errors import DatabaseUnreachable
from backup_engine.locking.locks import hold
from backup_engine.replacing import recovery, swap
from backup_engine.workspace import Workspace
from tests.backup_engine.engine import anybodys, fill, workspace
from tests.mongod import Mongod

Doc = dict[str, Any]
ROUNDS = int(os.environ.get("TEST_ROUNDS", "1"))
CONTROL_ROUNDS = max(ROUNDS, 4)  # two of two renames were lost when this was measured; nothing makes the server do so


@pytest.fixture(scope="module")
def server() -> Iterator[Mongod]:
    server = Mongod()
    yield server
    server.stop()


@pytest.fixture
def database(server: Mongod, request: pytest.FixtureRequest) -> Iterator[Database[Doc]]:
    with server.client(serverSelectionTimeoutMS=1500) as client:  # the driver's 30 s would pass at every kill
        yield client[f"test_{abs(hash(request.node.name)):x}"]
        client.drop_database(f"test_{abs(hash(request.node.name)):x}")


def _prepare(database: Database[Doc], folder: Path) -> Workspace:
    fill(database, 300, 9)
    ws = workspace(folder, database)
    create.create(ws, force=True)
    database.Equipment.delete_many({"_id": {"$gte": 200}})
    return ws


def _replace(ws: Workspace) -> restore.Restored:
    backup = ws.catalog.newest_good(anybodys)
    assert backup is not None
    return restore.replace(ws, restore.plan_replace(ws, backup, ["equipment"]))


def _killed_at(ws: Workspace, server: Mongod, step: str) -> None:
    """Replace until the step; the server dies there and is started again."""
    killing: Callable[[], None] = server.kill
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(failpoints.hooks, step, killing)
        patch.setattr(swap, "SETTLE_SECONDS", 1.0)
        with pytest.raises(DatabaseUnreachable) as failed:
            _replace(ws)
    assert failed.value.message.startswith("Database connection failed")
    server.start()


def _recover(ws: Workspace) -> list[str]:
    with hold(ws, "recover", wait=1.0) as held:
        return recovery.recover(ws, held)


@pytest.mark.parametrize("step", ["R4", "R6", "R7"])
@pytest.mark.parametrize("number", range(ROUNDS))
def test_killed(server: Mongod, database: Database[Doc], tmp_path: Path, step: str, number: int) -> None:
    ws = _prepare(database, tmp_path)

    _killed_at(ws, server, step)
    said = _recover(ws)

    assert len(said) == 1
    assert database.Equipment.count_documents({}) == (300 if step == "R7" else 200)
    assert [name for name in database.list_collection_names() if "__" in name] == []
    assert all(verify.verify(ws, backup, 2).ok for backup in ws.catalog.sets())
    assert _replace(ws).counts == {"equipment": 300}


def test_control_without_the_journal_a_swap_can_be_lost(
    server: Mongod, database: Database[Doc], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ws = _prepare(database, tmp_path)
    monkeypatch.setattr(swap, "WRITE_CONCERN", {"w": 1})
    lost = 0
    for _ in range(CONTROL_ROUNDS):
        _killed_at(ws, server, "R7")
        lost += database.Equipment.count_documents({}) == 200
        _recover(ws)
        if lost:
            break
        database.Equipment.delete_many({"_id": {"$gte": 200}})

    assert lost
