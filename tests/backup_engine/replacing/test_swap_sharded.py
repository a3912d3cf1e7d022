"""Behind a mongos an unsharded collection is replaced, and a sharded one refused; its answers are faked."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pymongo.database import Database

from backup_engine import restore
from backup_engine.errors import BadInput
from backup_engine.mongo.capabilities import Capabilities
from backup_engine.replacing import swap
from backup_engine.workspace import Workspace
from tests.backup_engine.engine import back_up, fill, raw, workspace

Data = Database[dict[str, Any]]
KEYS = ("equipment", "select_options")


@pytest.fixture
def ws(database: Data, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    """A list behind what takes itself for a mongos."""
    fill(database)
    asked = Capabilities.of
    monkeypatch.setattr(Capabilities, "of", lambda database: replace(asked(database), sharded=True))
    return workspace(tmp_path, database)


def test_unsharded_collections_are_replaced(
    ws: Workspace, database: Data, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(swap, "is_sharded", lambda database, name: False)
    before = raw(database, "Equipment")
    backup = back_up(ws)
    database.Equipment.delete_many({"_id": {"$lt": 5}})

    restore.replace(ws, restore.plan_replace(ws, backup, KEYS))

    assert raw(database, "Equipment") == before
    assert backup.metadata["source"]["topology"] == "sharded"


def test_a_sharded_collection_is_refused_before_anything_is_made(
    ws: Workspace, database: Data, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(swap, "is_sharded", lambda database, name: name == "Equipment_select_options")
    backup = back_up(ws)
    before = sorted(database.list_collection_names())

    with pytest.raises(BadInput, match=r"Equipment_select_options is a sharded collection.*Use Merge instead"):
        restore.plan_replace(ws, backup, KEYS)
    restore.replace(ws, restore.plan_replace(ws, backup, KEYS[:1]))

    assert set(database.list_collection_names()) - set(before) <= {"backup_restore_journal", "backup_restore_state"}
    assert len(ws.catalog.sets()) == 2


def test_a_view_behind_a_mongos_is_called_a_view(ws: Workspace, database: Data) -> None:
    backup = back_up(ws)
    database.Equipment.rename("Elsewhere")
    database.command("create", "Equipment", viewOn="Elsewhere", pipeline=[])

    with pytest.raises(BadInput, match="is a view"):
        restore.plan_replace(ws, backup, KEYS[:1])
