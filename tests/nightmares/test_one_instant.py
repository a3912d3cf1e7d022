"""Writers all the time: every set shows one instant of both collections."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import bson
import pytest
from pymongo.database import Database

from backup_engine.create import create
from backup_engine.model import BackupSet
from backup_engine.mongo import snapshot
from backup_engine.records import raw
from backup_engine.repository import contents
from backup_engine.workspace import Workspace
from tests.backup_engine.engine import workspace
from tests.mongod import Mongod
from tests.nightmares.crash import ROUNDS

Live = Database[dict[str, Any]]
BACKUPS = 5 * ROUNDS


@contextmanager
def counting(server: Mongod, name: str) -> Iterator[None]:
    """Count up in both collections, in one transaction each time, until the end."""
    stop, started = threading.Event(), threading.Event()

    def count() -> None:
        with server.client() as client, client.start_session() as session:
            both = client[name].Equipment, client[name].Equipment_select_options
            while not stop.is_set():
                with session.start_transaction():
                    for collection in both:
                        collection.update_one({"_id": 0}, {"$inc": {"n": 1}}, session=session)
                started.set()

    thread = threading.Thread(target=count)
    thread.start()
    started.wait(20)
    try:
        yield
    finally:
        stop.set()
        thread.join()


def counter(ws: Workspace, backup: BackupSet, key: str) -> int:
    batches = contents.documents(ws, backup, key)
    documents = (bson.decode(encoded) for batch in batches for encoded in raw.documents_of(batch))
    return next(int(document["n"]) for document in documents if document["_id"] == 0)


@pytest.fixture
def ws(tmp_path: Path, database: Live) -> Workspace:
    for collection in (database.Equipment, database.Equipment_select_options):
        collection.insert_many([{"_id": n, "n": 0, "text": "x" * 500} for n in range(1000)])
    return workspace(tmp_path, database)


@pytest.mark.parametrize("kind", ["full", "differential"])
def test_both_counters_are_the_same_in_every_set(
    ws: Workspace, shared_mongod: Mongod, database: Live, kind: Any
) -> None:
    create(ws, kind="full")
    with counting(shared_mongod, database.name):
        made = [create(ws, force=True, kind=kind).set for _ in range(BACKUPS)]

    pairs = [(counter(ws, backup, "equipment"), counter(ws, backup, "select_options"))
             for backup in made if backup is not None]
    assert len(pairs) == BACKUPS
    assert all(left == right for left, right in pairs)
    assert len(set(pairs)) > 1, "nobody wrote meanwhile: the test would show nothing"


def test_control_without_a_snapshot_the_counters_come_apart(
    ws: Workspace, shared_mongod: Mongod, database: Live, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = snapshot.Snapshot.read

    def slowly(view: snapshot.Snapshot, key: str) -> Iterator[bytes]:
        view._session = None
        before = database.Equipment.find_one({"_id": 0})
        yield from real(view, key)
        while database.Equipment.find_one({"_id": 0}) == before:
            pass

    monkeypatch.setattr(snapshot.Snapshot, "read", slowly)
    with counting(shared_mongod, database.name):
        backup = create(ws, kind="full").set

    assert backup is not None
    assert counter(ws, backup, "equipment") != counter(ws, backup, "select_options")


@pytest.fixture
def short_window(shared_mongod: Mongod) -> Iterator[None]:
    """A server that keeps an instant for one second."""
    with shared_mongod.client() as client:
        window = {"minSnapshotHistoryWindowInSeconds": 300}
        client.admin.command("setParameter", 1, minSnapshotHistoryWindowInSeconds=0)
        yield
        client.admin.command("setParameter", 1, **window)


@pytest.mark.usefixtures("short_window")
def test_a_list_that_cannot_be_read_within_the_snapshot_window_is_backed_up_plainly(
    ws: Workspace, shared_mongod: Mongod, database: Live, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = snapshot.Snapshot.read

    def slowly(view: snapshot.Snapshot, key: str) -> Iterator[bytes]:
        for batch in real(view, key):
            yield batch
            if view.consistency == "snapshot":
                _let_history_go(database)

    monkeypatch.setattr(snapshot.Snapshot, "read", slowly)

    created = create(ws, kind="full")

    assert created.set is not None
    assert created.set.metadata["source"]["consistency"] == "none"
    assert created.warnings == (
        "read without a common instant of all collections (it took longer than the server's snapshot window)",)
    assert created.set.counts == {"equipment": 1000, "select_options": 1000}


def _let_history_go(database: Live) -> None:
    for _ in range(20):
        database.Equipment.update_one({"_id": 0}, {"$inc": {"n": 1}})
    database.client.admin.command("fsync")
    time.sleep(2)
