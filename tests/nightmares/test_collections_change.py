"""A collection is indexed, dropped, renamed or created in the middle of a backup: the set agrees with itself."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from pymongo.database import Database

from backup_engine.create import create
from backup_engine.mongo import snapshot
from backup_engine.mongo.snapshot import SnapshotChanged
from backup_engine.records import raw
from backup_engine.repository import contents
from backup_engine.verify import verify
from backup_engine.workspace import Workspace
from tests.backup_engine.engine import fill, workspace

Live = Database[dict[str, Any]]
CHANGES: dict[str, Callable[[Live], Any]] = {
    "index": lambda db: db.Equipment_select_options.create_index("Category"),
    "validator": lambda db: db.command("collMod", "Equipment_select_options", validator={"_id": {"$gte": 0}}),
    "drop": lambda db: db.Equipment_select_options.drop(),
    "drop and fill again": lambda db: (db.Equipment_select_options.drop(),
                                       db.Equipment_select_options.insert_one({"_id": 77})),
    "rename": lambda db: db.Equipment_select_options.rename("elsewhere"),
    "rename another over it": lambda db: db.other.rename("Equipment_select_options", dropTarget=True),
    "drop the one already read": lambda db: db.Equipment.drop(),
}


@pytest.fixture
def ws(tmp_path: Path, database: Live) -> Workspace:
    fill(database)
    database.other.insert_one({"_id": "other"})
    return workspace(tmp_path, database)


def between(monkeypatch: pytest.MonkeyPatch, change: Callable[[], Any], times: int = 1) -> list[str]:
    """Make a change after the first collection was read, in the first so many attempts."""
    real, read = snapshot.Snapshot.read, list[str]()

    def reading(view: snapshot.Snapshot, key: str) -> Iterator[bytes]:
        read.append(key)
        if key == "select_options" and read.count(key) <= times:
            change()
        yield from real(view, key)

    monkeypatch.setattr(snapshot.Snapshot, "read", reading)
    return read


@pytest.mark.parametrize("change", CHANGES)
def test_the_set_is_taken_again_and_shows_the_state_after_the_change(
    ws: Workspace, database: Live, monkeypatch: pytest.MonkeyPatch, change: str
) -> None:
    read = between(monkeypatch, lambda: CHANGES[change](database))

    backup = create(ws).set

    assert backup is not None
    assert read == ["equipment", "select_options"] * 2
    assert verify(ws, backup, level=2).ok
    for key, part in backup.parts.items():
        collection = database[part.collection]
        live = [document for batch in collection.find_raw_batches({}) for document in raw.documents_of(batch)]
        kept = [document for batch in contents.documents(ws, backup, key) for document in raw.documents_of(batch)]
        assert sorted(kept) == sorted(live)
        assert sorted(index["name"] for index in part.indexes) == sorted(collection.index_information())


@pytest.mark.parametrize("back", ["after reading", "before the end"])
def test_a_collection_that_was_away_while_it_should_be_read(
    ws: Workspace, database: Live, monkeypatch: pytest.MonkeyPatch, back: str
) -> None:
    """Renamed away and back it has the same UUID, and reads as empty in between."""
    real, tries = snapshot.Snapshot.read, list[str]()

    def reading(view: snapshot.Snapshot, key: str) -> Iterator[bytes]:
        tries.append(key)
        away = len(tries) == 1
        if away:
            database.Equipment.rename("elsewhere")
        yield from real(view, key)
        if away and back == "after reading":
            database.elsewhere.rename("Equipment")
        if len(tries) == 2 and back == "before the end":
            database.elsewhere.rename("Equipment")

    monkeypatch.setattr(snapshot.Snapshot, "read", reading)

    backup = create(ws).set

    assert backup is not None
    assert backup.counts == {"equipment": 20, "select_options": 5}


def test_a_collection_created_meanwhile_is_in_the_set(
    ws: Workspace, database: Live, monkeypatch: pytest.MonkeyPatch
) -> None:
    database.Equipment.drop()
    read = between(monkeypatch, lambda: database.Equipment.insert_one({"_id": 1}))

    backup = create(ws).set

    assert backup is not None
    assert len(read) == 4
    assert backup.counts["equipment"] == 1


def test_collections_that_never_stand_still_end_in_an_error_and_no_set(
    ws: Workspace, database: Live, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = iter("abcdefgh")
    between(monkeypatch, lambda: database.Equipment.create_index(next(names)), times=99)

    with pytest.raises(SnapshotChanged, match="changed during the backup"):
        create(ws)

    assert ws.catalog.sets() == []
    assert next(names) == "d"
