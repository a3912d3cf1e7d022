"""The index of a set made continuously is worked out of that of its full set, and is the one that reading it gives."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import bson
import numpy as np
import pytest
from pymongo.database import Database

from backup_engine.create import create
from backup_engine.history import history_of
from backup_engine.model import BackupSet
from backup_engine.repository import contents, history_index
from backup_engine.workspace import Workspace
from tests.backup_engine.engine import back_up, fill, workspace
from tests.backup_engine.stored import file_of, flip

Db = Database[dict[str, Any]]


@pytest.fixture
def ws(tmp_path: Path, database: Db) -> Workspace:
    fill(database, records=197)
    database.Equipment.insert_many([{"_id": "kept", "Vendor": "ACME"}, {"_id": "gone", "Vendor": "ACME"}, {"_id": "x"}])
    ws = workspace(tmp_path, database)
    back_up(ws)
    database.Equipment.update_one({"_id": "kept"}, {"$set": {"Vendor": "minute"}})
    made(ws)
    database.Equipment.delete_one({"_id": "gone"})
    database.Equipment.insert_one({"_id": "new", "Vendor": "minute"})
    made(ws)
    for n in range(2):
        database.Equipment.update_one({"_id": n}, {"$set": {"Vendor": f"minute {n}"}})
        database.Equipment.delete_one({"_id": 100 + n})
        database.Equipment.insert_one({"_id": 1000 + n, "Serial": "new"})
        made(ws)
    return ws


def made(ws: Workspace) -> BackupSet:
    backup = create(ws, trigger="continuous", kind="differential", force=True).set
    assert backup is not None and backup.kind == "differential"
    return backup


def test_it_is_what_reading_the_set_gives_and_reads_the_changed_rows_alone(
    ws: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[str] = []
    documents = contents.documents
    monkeypatch.setattr(contents, "documents",
                        lambda ws, backup, *of, **more: read.append(backup.kind) or documents(ws, backup, *of, **more))
    quick = history_index.index_of(ws, "equipment")
    assert read == ["full"]

    builder = history_index._Builder(ws, "equipment", history_index.SILENT, secret=False)
    for entry in quick:
        slow = builder._scan(entry.backup)
        assert np.array_equal(entry.identities, slow.identities)
        assert np.array_equal(entry.contents, slow.contents)
    assert [len(entry.identities) for entry in quick] == [200] * 5


def test_every_version_is_found(ws: Workspace) -> None:
    def found(record: str) -> set[Any]:
        versions = history_of(ws, "equipment", record).versions
        return {each.document and bson.decode(each.document).get("Vendor") for each in versions}

    assert found("kept") == {"ACME", "minute"}
    assert found("gone") == {"ACME", None}
    assert found("new") == {"minute"}


def test_a_damaged_file_is_said(ws: Workspace, database: Db) -> None:
    database.Equipment.delete_one({"_id": "x"})
    backup = made(ws)
    flip(file_of(ws, backup), 40)
    assert "does not hold what was saved" in history_index.index_of(ws, "equipment")[-1].problem
