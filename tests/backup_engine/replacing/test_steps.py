"""R8 after a change of primary: live is what was loaded, or the safety set comes back."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pymongo.database import Database

from backup_engine import create, failpoints, restore, undo
from backup_engine.errors import BackupError, Cancelled, RestoreIncomplete, RestoreStopped
from backup_engine.model import Progress, Watch
from backup_engine.replacing import journal, recovery, staging, steps
from backup_engine.replacing.prepare import Filled
from backup_engine.replacing.steps import Replacing
from backup_engine.workspace import Workspace
from tests.backup_engine.engine import fill, workspace
from tests.mongod import Mongod

Doc = dict[str, Any]


@pytest.fixture
def ws(database: Database[Doc], tmp_path: Path) -> Workspace:
    """A set of 20 records; the list has 15 of them now, and one that is new."""
    return _prepared(database, tmp_path)


@pytest.fixture
def _elected(monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody else is primary whenever one asks."""
    terms = itertools.count()
    monkeypatch.setattr(steps, "election_id", lambda database: str(next(terms)))


def _prepared(database: Database[Doc], folder: Path) -> Workspace:
    fill(database)
    ws = workspace(folder, database)
    create.create(ws, force=True)
    database.Equipment.delete_many({"_id": {"$gte": 15}})
    database.Equipment.insert_one({"_id": "new"})
    return ws


def _replace(ws: Workspace) -> restore.Restored:
    backup = next(backup for backup in ws.catalog.sets() if backup.trigger != "pre_restore")
    return restore.replace(ws, restore.plan_replace(ws, backup, ["equipment"]))


def _take_records_back(ws: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    """After its proof the staging collection loses records, once: what an election does to writes of one member."""
    def lose() -> None:
        failpoints.hooks.pop("R5")
        swap = journal.running(ws.connect())[0].swaps[0]
        ws.connect()[swap.staging].delete_many({"_id": {"$gte": 3}})

    monkeypatch.setitem(failpoints.hooks, "R5", lose)


def _ids(database: Database[Doc]) -> set[Any]:
    return {record["_id"] for record in database.Equipment.find({}, {"_id": 1})}


def test_without_an_election_nothing_is_read_again(ws: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(staging, "measure_at", lambda *words, **more: pytest.fail("measured"))

    assert _replace(ws).counts == {"equipment": 20}


@pytest.mark.usefixtures("_elected")
def test_what_others_wrote_after_the_swap_is_no_difference(
    ws: Workspace, database: Database[Doc], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(failpoints.hooks, "R7", lambda: database.Equipment.insert_one({"_id": "after"}))

    done = _replace(ws)

    assert done.problems == ()
    assert _ids(database) == {*range(20), "after"}


@pytest.mark.usefixtures("_elected")
def test_records_taken_back_bring_the_safety_set_back(
    ws: Workspace, database: Database[Doc], monkeypatch: pytest.MonkeyPatch
) -> None:
    _take_records_back(ws, monkeypatch)

    with pytest.raises(RestoreStopped, match="held 3 records, and 20 were loaded") as stopped:
        _replace(ws)

    assert "what was there before is there again" in stopped.value.message
    assert _ids(database) == {*range(15), "new"}
    assert journal.running(database) == []
    assert [name for name in database.list_collection_names() if "__" in name] == []
    assert _replace(ws).counts == {"equipment": 20}
    undo.undo(ws)
    assert _ids(database) == {*range(15), "new"}


@pytest.mark.usefixtures("_elected")
def test_when_that_fails_as_well_it_is_said_and_undo_does_it(
    ws: Workspace, database: Database[Doc], monkeypatch: pytest.MonkeyPatch
) -> None:
    _take_records_back(ws, monkeypatch)
    load = Replacing.fill

    def fail_the_second_time(run: Replacing) -> list[Filled]:
        if run.entry.kind == "undo":
            raise BackupError("no room")
        return load(run)

    with monkeypatch.context() as patched:
        patched.setattr(Replacing, "fill", fail_the_second_time)
        with pytest.raises(RestoreIncomplete, match="could not be brought back: Backup error: no room") as problem:
            _replace(ws)

    assert "Undo" in problem.value.hint
    undo.undo(ws)
    assert _ids(database) == {*range(15), "new"}


@pytest.mark.usefixtures("_elected")
def test_recovery_makes_the_same_sure(
    ws: Workspace, database: Database[Doc], monkeypatch: pytest.MonkeyPatch
) -> None:
    _take_records_back(ws, monkeypatch)
    monkeypatch.setitem(failpoints.hooks, "R7", lambda: (_ for _ in ()).throw(KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt):
        _replace(ws)
    failpoints.hooks.pop("R7")
    assert _ids(database) == {0, 1, 2}

    said = recovery.recover_now(ws)

    assert "what was there before is there again" in said[0]
    assert _ids(database) == {*range(15), "new"}
    assert recovery.recover_now(ws) == []


@pytest.fixture(scope="module")
def standalone() -> Iterator[Mongod]:
    server = Mongod(replica_set=False)
    yield server
    server.stop()


def test_on_a_standalone_a_difference_is_of_others_and_said_in_numbers(
    standalone: Mongod, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with standalone.client() as client:
        database = client.lab
        ws = _prepared(database, tmp_path)
        monkeypatch.setitem(failpoints.hooks, "R7", lambda: database.Equipment.insert_one({"_id": "after"}))

        done = _replace(ws)

    assert "Equipment, once put in place, held 21 records, and 20 were loaded: others have written" in done.message


def test_past_the_point_of_no_return_it_says_so_and_cannot_be_stopped(ws: Workspace, database: Database[Doc]) -> None:
    backup, told = ws.catalog.sets()[0], list[Progress]()
    watch = Watch(told.append, lambda: any(progress.final for progress in told))

    assert restore.replace(ws, restore.plan_replace(ws, backup, ["equipment"]), watch=watch).counts == {"equipment": 20}

    assert len(_ids(database)) == 20
    ended = [progress.final for progress in told]
    assert True in ended and ended == sorted(ended), "what is final stays so"
    assert told[ended.index(True)].phase == steps.IN_PLACE


def test_right_before_it_a_cancel_changes_nothing(
    ws: Workspace, database: Database[Doc], monkeypatch: pytest.MonkeyPatch
) -> None:
    backup, before, stop = ws.catalog.sets()[0], _ids(database), threading.Event()
    monkeypatch.setitem(failpoints.hooks, "R6", stop.set)

    with pytest.raises(Cancelled):
        restore.replace(ws, restore.plan_replace(ws, backup, ["equipment"]), watch=Watch(cancelled=stop.is_set))

    assert _ids(database) == before and journal.running(database) == []
    assert not [name for name in database.list_collection_names() if "__restore_" in name]
