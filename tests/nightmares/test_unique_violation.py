"""Backups that cannot go back as they are: a doubled _id, a unique index that does not hold. The list stays."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import bson
import pytest
from pymongo.database import Database

from backup_engine import create, drill, restore
from backup_engine.errors import RestoreStopped
from backup_engine.locking.locks import hold
from backup_engine.making.write_set import write_documents
from backup_engine.model import BackupSet
from backup_engine.workspace import Workspace
from tests.backup_engine.engine import fill, workspace

Doc = dict[str, Any]


@pytest.fixture
def ws(database: Database[Doc], tmp_path: Path) -> Workspace:
    fill(database, 30, 5)
    return workspace(tmp_path, database)


def _set_of(ws: Workspace, documents: list[Doc], like: BackupSet) -> BackupSet:
    """A sound set, by its hashes, of documents no server would take."""
    batch = b"".join(bson.encode(document) for document in documents)
    with hold(ws, "import") as held:
        return write_documents(ws, held, {"equipment": [batch]}, like=like)


def _like(database: Database[Doc], ws: Workspace, index: Mapping[str, Any]) -> BackupSet:
    database.Equipment.create_index("Serial", **index)
    made = create.create(ws, force=True).set
    assert made is not None
    return made


def _stopped(ws: Workspace, database: Database[Doc], backup: BackupSet) -> str:
    """Replace; expect the stop, the list unchanged, nothing left; give what was said."""
    before = database.command("dbHash")["collections"]["Equipment"]
    with pytest.raises(RestoreStopped) as stopped:
        restore.replace(ws, restore.plan_replace(ws, backup, ["equipment"]))
    assert database.command("dbHash")["collections"]["Equipment"] == before
    assert [name for name in database.list_collection_names() if "__" in name] == []
    return stopped.value.message


def test_a_doubled_id_names_row_and_id(ws: Workspace, database: Database[Doc]) -> None:
    like = _like(database, ws, {})
    backup = _set_of(ws, [{"_id": "a", "Serial": "1"}, {"_id": "b", "Serial": "2"}, {"_id": "a", "Serial": "3"}], like)

    said = _stopped(ws, database, backup)

    assert said == "Restore stopped; current data unchanged: the backup holds the same _id twice: row 3 (_id a)"


def test_a_unique_index_that_does_not_hold_names_the_records(ws: Workspace, database: Database[Doc]) -> None:
    like = _like(database, ws, {"unique": True})
    backup = _set_of(ws, [{"_id": n, "Serial": json.dumps(n % 3)} for n in range(5)], like)

    said = _stopped(ws, database, backup)

    assert "the unique index Serial_1 does not hold" in said
    assert "Serial '0' in 2 records (_id 0, 3)" in said
    assert "Serial '1' in 2 records (_id 1, 4)" in said


def test_a_drill_finds_it_before_it_is_needed(ws: Workspace, database: Database[Doc]) -> None:
    backup = _set_of(ws, [{"_id": n, "Serial": "same"} for n in range(2)], _like(database, ws, {"unique": True}))

    with pytest.raises(RestoreStopped, match="Serial 'same' in 2 records"):
        drill.drill(ws, backup)
