"""Late writes end up in a safety set exactly: read again while the old collection exists, replayed after that."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import bson
import pytest
from pymongo.database import Database

from backup_engine import verify
from backup_engine.locking.locks import hold
from backup_engine.making.write_set import write_set
from backup_engine.model import BackupSet
from backup_engine.mongo.snapshot import SnapshotChanged
from backup_engine.records import raw
from backup_engine.replacing import journal, late_writes as late_module, swap
from backup_engine.replacing.capture import Capture
from backup_engine.replacing.journal import Entry, Swap
from backup_engine.replacing.late_writes import Late
from backup_engine.repository import contents
from backup_engine.workspace import Workspace
from tests.backup_engine.engine import workspace

Doc = dict[str, Any]
SWAP = Swap("equipment", "Equipment", "stage")


@pytest.fixture
def ws(database: Database[Doc], tmp_path: Path) -> Workspace:
    database.Equipment.insert_many([{"_id": n, "v": {"n": n, "l": [1, 2, 3]}} for n in range(20)])
    database.stage.insert_one({"_id": "new list"})
    return workspace(tmp_path, database)


@contextmanager
def late_of(ws: Workspace) -> Iterator[Late]:
    """R3 done: the stream is open and the safety set made."""
    with hold(ws, "restore") as held:
        database = held.need_database()
        entry = journal.start(database, Entry("e", "replace", "b", "l", "", ws.clock(), (SWAP,)))
        with Capture(database, entry.swaps, entry.id) as capture:
            safety = write_set(ws, held, trigger="pre_restore")
            yield Late(ws, held, capture, {"equipment": "Equipment"}, safety)


def _state(ws: Workspace, backup: BackupSet) -> dict[Any, Doc]:
    verify.require(ws, backup, 2)
    return {document["_id"]: document for batch in contents.documents(ws, backup, "equipment")
            for document in map(bson.decode, raw.documents_of(batch))}


def test_without_late_writes_the_full_set_is_enough(ws: Workspace) -> None:
    with late_of(ws) as late:
        full = late.safety
        late.settle()
        swap.rename(ws.connect(), SWAP)

        assert late.finish(["equipment"]) == 0
        assert late.safety == full


def test_writes_before_the_last_reading_are_read_again(ws: Workspace, database: Database[Doc]) -> None:
    with late_of(ws) as late:
        database.Equipment.update_one({"_id": 1}, {"$push": {"v.l": 4}})
        database.Equipment.delete_one({"_id": 2})
        database.Equipment.insert_one({"_id": "late"})
        before = {document["_id"]: document for document in database.Equipment.find()}
        late.settle()

        assert late.safety.kind == "differential"
        assert _state(ws, late.safety) == before


def test_writes_between_the_last_reading_and_the_swap_are_replayed(ws: Workspace, database: Database[Doc]) -> None:
    with late_of(ws) as late:
        database.Equipment.update_one({"_id": 1}, {"$set": {"v.first": True}})
        late.settle()
        database.Equipment.update_one({"_id": 1}, {"$set": {"v.second": True}})
        database.Equipment.update_one({"_id": 5}, {"$set": {"v.l.1": "never read again"}})
        database.Equipment.delete_one({"_id": 6})
        database.Equipment.insert_one({"_id": "in"})
        database.Equipment.update_one({"_id": "in"}, {"$set": {"and": "changed"}})
        database.Equipment.insert_one({"_id": "in and out"})
        database.Equipment.delete_one({"_id": "in and out"})
        database.Equipment.replace_one({"_id": 7}, {"whole": "new"})
        before = {document["_id"]: document for document in database.Equipment.find()}
        swap.rename(database, SWAP)
        database.Equipment.insert_one({"_id": "belongs to the new list"})

        late.finish(["equipment"])

        assert _state(ws, late.safety) == before


def test_goes_on_after_a_crash_from_the_set_and_the_instant(ws: Workspace, database: Database[Doc]) -> None:
    with late_of(ws) as late:
        database.Equipment.update_one({"_id": 1}, {"$set": {"v.first": True}})
        database.Equipment.delete_one({"_id": 2})
        late.settle()
        database.Equipment.update_one({"_id": 1}, {"$set": {"v.second": True}})
        database.Equipment.update_one({"_id": 9}, {"$unset": {"v": 1}})
        before = {document["_id"]: document for document in database.Equipment.find()}
        swap.rename(database, SWAP)

    with hold(ws, "restore") as held, Capture(database, (SWAP,), "e", since=late.as_of) as capture:
        again = Late(ws, held, capture, {"equipment": "Equipment"}, late.safety, late.as_of)
        again.finish(["equipment"])

    assert _state(ws, again.safety) == before


def test_only_the_last_differential_stays(ws: Workspace, database: Database[Doc]) -> None:
    with late_of(ws) as late:
        database.Equipment.delete_one({"_id": 2})
        late.settle()
        database.Equipment.delete_one({"_id": 3})
        swap.rename(database, SWAP)
        late.finish(["equipment"])
        late.remove_superseded()

        assert [(backup.kind, backup.trigger) for backup in ws.catalog.sets()] == [
            ("full", "pre_restore"), ("differential", "pre_restore")]
        assert ws.catalog.sets()[-1] == late.safety


def test_an_instant_the_server_no_longer_has_is_taken_anew(
    ws: Workspace, database: Database[Doc], monkeypatch: pytest.MonkeyPatch
) -> None:
    read_at, instants = late_module._read_at, list[Any]()

    def disturbed(database: Any, name: str, identities: Any, instant: Any) -> Any:
        instants.append(instant)
        if len(instants) == 1:
            raise SnapshotChanged("no such instant")
        return read_at(database, name, identities, instant)

    monkeypatch.setattr(late_module, "_read_at", disturbed)
    with late_of(ws) as late:
        database.Equipment.delete_one({"_id": 2})
        late.settle()

        assert len(set(instants)) == 2
        assert _state(ws, late.safety).keys() == set(range(20)) - {2}
