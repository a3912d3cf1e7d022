"""After a crash the journal and the UUIDs decide: take back, or finish."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import mongomock
import pytest
from pymongo.database import Database

from backup_engine import create, failpoints, restore, undo
from backup_engine.errors import DatabaseUnreachable, RestoreRunning, RestoreStopped
from backup_engine.locking.locks import hold
from backup_engine.replacing import capture, journal, recovery, steps
from backup_engine.replacing.journal import Entry, Swap
from backup_engine.scheduling.preferences import Preferences
from backup_engine.scheduling.scheduler import Scheduler
from backup_engine.storage import MemoryStorage
from backup_engine.workspace import Workspace
from tests.backup_engine.engine import anybodys, fill, workspace
from tests.server.running_app import wait_for

Doc = dict[str, Any]


class Crash(BaseException):
    """The process ends here, as far as the engine can tell."""


@pytest.fixture
def ws(database: Database[Doc], tmp_path: Path) -> Workspace:
    fill(database, 30, 5)
    ws = workspace(tmp_path, database)
    create.create(ws, force=True)
    database.Equipment.delete_many({"_id": {"$lt": 10}})
    database.Equipment_select_options.delete_many({})
    return ws


def _crash_at(ws: Workspace, monkeypatch: pytest.MonkeyPatch, step: str, *keys: str) -> None:
    def crash() -> None:
        raise Crash

    backup = ws.catalog.newest_good(anybodys)
    assert backup is not None
    with monkeypatch.context() as patch:
        patch.setitem(failpoints.hooks, step, crash)
        patch.setattr("backup_engine.replacing.steps.Replacing.abandon", lambda *_: None)
        with pytest.raises(Crash):
            restore.replace(ws, restore.plan_replace(ws, backup, keys or ("equipment",)))


def _recover(ws: Workspace) -> list[str]:
    with hold(ws, "recover") as held:
        return recovery.recover(ws, held)


def test_nothing_to_do_says_nothing(ws: Workspace) -> None:
    assert _recover(ws) == []


def test_before_the_swap_staging_goes_and_the_list_stays(
    ws: Workspace, database: Database[Doc], monkeypatch: pytest.MonkeyPatch
) -> None:
    database.create_collection("Equipment__restore_mine")
    _crash_at(ws, monkeypatch, "R5")

    said = _recover(ws)

    assert len(said) == 1
    assert said[0].endswith("was cleared up; the data is as it was before.")
    assert [name for name in database.list_collection_names() if "__" in name] == ["Equipment__restore_mine"]
    assert database.Equipment.count_documents({}) == 20
    assert undo.undoable(ws) is None


def test_after_the_swap_it_is_finished(
    ws: Workspace, database: Database[Doc], monkeypatch: pytest.MonkeyPatch
) -> None:
    _crash_at(ws, monkeypatch, "R7")

    assert [sentence.split(" was ")[-1] for sentence in _recover(ws)] == ["finished."]
    assert database.Equipment.count_documents({}) == 30
    assert [entry["status"] for entry in database[journal.COLLECTION].find()] == ["done"]


def test_a_list_that_somebody_moved_after_the_swap_is_not_taken_for_the_old_one(
    ws: Workspace, database: Database[Doc], monkeypatch: pytest.MonkeyPatch
) -> None:
    _crash_at(ws, monkeypatch, "R7")
    entry = journal.running(database)[0]
    journal.advance(database, entry, changed=True)
    database.Equipment.rename("Moved")

    said = _recover(ws)

    assert "was finished, but" in said[0]
    assert database.Moved.count_documents({}) == 30
    assert undo.undoable(ws) is not None


def test_half_swapped_goes_forward_and_keeps_what_was_written_meanwhile(
    ws: Workspace, database: Database[Doc], monkeypatch: pytest.MonkeyPatch
) -> None:
    rename, renamed = steps.rename, list[str]()

    def crash_at_the_second(*words: Any) -> None:
        if renamed:
            raise Crash
        renamed.append("first")
        database.Equipment.insert_one({"_id": "last moment"})
        database.Equipment.update_one({"_id": 20}, {"$set": {"Vendor": "last moment"}})
        rename(*words)

    with monkeypatch.context() as patch:
        patch.setattr(steps, "rename", crash_at_the_second)
        _crash_at(ws, monkeypatch, "R8", "equipment", "select_options")
    database.Equipment_select_options.insert_one({"_id": "written after the crash"})
    database.Equipment.insert_one({"_id": "in the new list"})

    _recover(ws)

    assert database.Equipment_select_options.count_documents({}) == 5
    assert database.Equipment.find_one({"_id": "in the new list"})
    undo.undo(ws)
    assert [document["_id"] for document in database.Equipment_select_options.find()] == ["written after the crash"]
    assert database.Equipment.count_documents({}) == 21
    assert database.Equipment.find_one({"_id": 20}) == {"_id": 20, "Serial": "00020", "Vendor": "last moment"}


def test_when_the_oplog_no_longer_reaches_back_it_is_said_and_closed(
    ws: Workspace, database: Database[Doc], monkeypatch: pytest.MonkeyPatch
) -> None:
    _crash_at(ws, monkeypatch, "R7")

    def lost(*_: Any, **__: Any) -> None:
        raise RestoreStopped("the server's operation log is too small")

    monkeypatch.setattr(capture.Capture, "await_swaps", lost)
    said = _recover(ws)

    assert "may be missing from the safety backup" in said[0]
    assert _recover(ws) == []
    assert undo.undoable(ws) is not None


def test_a_server_that_goes_away_leaves_it_for_the_next_time(
    ws: Workspace, database: Database[Doc], monkeypatch: pytest.MonkeyPatch
) -> None:
    _crash_at(ws, monkeypatch, "R7")

    def gone(*_: Any, **__: Any) -> None:
        raise DatabaseUnreachable("no answer")

    with monkeypatch.context() as patch:
        patch.setattr(capture.Capture, "await_swaps", gone)
        with pytest.raises(DatabaseUnreachable):
            _recover(ws)

    assert "was finished." in _recover(ws)[0]


def test_the_next_restore_and_the_next_backup_recover_first(
    ws: Workspace, database: Database[Doc], monkeypatch: pytest.MonkeyPatch
) -> None:
    _crash_at(ws, monkeypatch, "R4")

    create.create(ws, force=True)

    assert [name for name in database.list_collection_names() if "__" in name] == []


def test_at_the_start_of_a_server_it_is_looked_for(
    ws: Workspace, database: Database[Doc], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert recovery.recover_now(ws) == []
    _crash_at(ws, monkeypatch, "R7")

    assert "was finished." in recovery.recover_now(ws)[0]
    assert recovery.recover_now(ws) == []


def test_a_scheduler_settles_it_at_its_first_look(
    ws: Workspace, database: Database[Doc], monkeypatch: pytest.MonkeyPatch
) -> None:
    _crash_at(ws, monkeypatch, "R7")
    loop = Scheduler(ws, Preferences(automatic=False, drill_every_days=0))
    loop.start()
    try:
        wait_for(lambda: not journal.running(database), "the end of the interrupted restore")
    finally:
        loop.stop()

    assert database.Equipment.count_documents({}) == 30


def test_while_somebody_restores_nothing_is_recovered(ws: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    _crash_at(ws, monkeypatch, "R4")

    with hold(ws, "restore"), pytest.raises(RestoreRunning):
        recovery.recover_now(ws)


def test_a_stand_in_in_memory_has_nothing_to_recover() -> None:
    ws = workspace(MemoryStorage(), mongomock.MongoClient().db)
    journal.start(ws.connect(), Entry("x", "replace", "b", "l", "", ws.clock(), (Swap("equipment", "E", "S"),)))

    assert _recover(ws) == []
