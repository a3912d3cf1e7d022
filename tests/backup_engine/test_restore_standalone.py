"""A server without a replica set: the swap is one step all the same, late writes are not captured, and it says so."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pymongo.database import Database

from backup_engine import create, failpoints, restore, undo
from backup_engine.locking.locks import hold
from backup_engine.replacing import recovery
from backup_engine.workspace import Workspace
from tests.backup_engine.engine import anybodys, fill, workspace
from tests.mongod import Mongod

Doc = dict[str, Any]


@pytest.fixture(scope="module")
def standalone() -> Iterator[Mongod]:
    server = Mongod(replica_set=False)
    yield server
    server.stop()


@pytest.fixture
def database(standalone: Mongod) -> Iterator[Database[Doc]]:
    with standalone.client() as client:
        yield client.alone
        client.drop_database("alone")


@pytest.fixture
def ws(database: Database[Doc], tmp_path: Path) -> Workspace:
    fill(database, 60, 5)
    ws = workspace(tmp_path, database)
    create.create(ws, force=True)
    database.Equipment.delete_many({"_id": {"$gte": 50}})
    return ws


def _replace(ws: Workspace) -> restore.Restored:
    backup = ws.catalog.newest_good(anybodys)
    assert backup is not None
    return restore.replace(ws, restore.plan_replace(ws, backup, ["equipment"]))


def test_replace_and_undo(ws: Workspace, database: Database[Doc]) -> None:
    done = _replace(ws)

    assert "Writes during the restore were not captured" in done.message
    assert database.Equipment.count_documents({}) == 60
    undo.undo(ws)
    assert database.Equipment.count_documents({}) == 50


@pytest.mark.parametrize(("step", "records"), [("R4", 50), ("R7", 60)])
def test_recovery_compares_uuids(
    ws: Workspace, database: Database[Doc], monkeypatch: pytest.MonkeyPatch, step: str, records: int
) -> None:
    def crash() -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setitem(failpoints.hooks, step, crash)
        patch.setattr("backup_engine.replacing.steps.Replacing.abandon", lambda *_: None)
        with pytest.raises(KeyboardInterrupt):
            _replace(ws)

    with hold(ws, "recover") as held:
        assert len(recovery.recover(ws, held)) == 1
    assert database.Equipment.count_documents({}) == records
    assert [name for name in database.list_collection_names() if "__" in name] == []
