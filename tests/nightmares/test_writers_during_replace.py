"""Ten writers during replaces: every acknowledged write is in live or in what Undo brings back; none is refused."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import bson
import pytest
from pymongo.database import Database

from backup_engine import create, restore
from backup_engine.model import BackupSet
from backup_engine.records import raw
from backup_engine.replacing import steps
from backup_engine.repository import contents
from backup_engine.workspace import Workspace
from tests.backup_engine.engine import workspace
from tests.mongod import Mongod
from tests.nightmares.crowd import Crowd, at_work, list_of_the_crowd

Doc = dict[str, Any]
REPLACES = 50 if int(os.environ.get("TEST_ROUNDS", "1")) >= 50 else 3


def test_no_acknowledged_write_is_lost(shared_mongod: Mongod, database: Database[Doc], tmp_path: Path) -> None:
    crowd, states = _replace_again_and_again(shared_mongod, database, tmp_path, REPLACES)

    assert crowd.refused == []
    assert crowd.writes > 50 * REPLACES
    assert crowd.lost(states) == {"inserts": [], "updates": [], "deletes": []}


def test_control_without_capture_some_are_lost(
    shared_mongod: Mongod, database: Database[Doc], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(steps, "open_capture", _no_capture)

    crowd, states = _replace_again_and_again(shared_mongod, database, tmp_path, 2)

    assert sum(map(len, crowd.lost(states).values())) > 0


@contextmanager
def _no_capture(run: Any) -> Iterator[None]:
    yield None


def _replace_again_and_again(
    server: Mongod, database: Database[Doc], folder: Path, times: int
) -> tuple[Crowd, list[dict[str, Doc]]]:
    ws = workspace(folder, database)
    database.Equipment.insert_many(list_of_the_crowd())
    backup = create.create(ws, force=True).set
    assert backup is not None
    undo_sets = []
    with server.client() as client, at_work(client, database.name, "Equipment") as crowd:
        for _ in range(times):
            done = restore.replace(ws, restore.plan_replace(ws, backup, ["equipment"]))
            assert done.safety is not None
            undo_sets.append(_state(ws, done.safety))
    return crowd, [*undo_sets, {document["_id"]: document for document in database.Equipment.find()}]


def _state(ws: Workspace, backup: BackupSet) -> dict[str, Doc]:
    batches = contents.documents(ws, backup, "equipment")
    documents = [bson.decode(encoded) for batch in batches for encoded in raw.documents_of(batch)]
    return {document["_id"]: document for document in documents}
