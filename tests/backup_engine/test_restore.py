"""Replace makes the list exactly what the backup holds, or leaves it alone and says why."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import mongomock
import pytest
from bson import Timestamp
from pymongo.database import Database

from backup_engine import create, failpoints, prune, restore, undo
from backup_engine.errors import (
    BackupError,
    BackupFileNotFound,
    BadInput,
    Cancelled,
    NoSpace,
    RestoreIncomplete,
    VerificationFailed,
)
from backup_engine.locking.locks import hold
from backup_engine.model import BackupSet, Room, Watch
from backup_engine.replacing import recovery
from backup_engine.storage import MemoryStorage
from backup_engine.workspace import Workspace
from tests.backup_engine.engine import fill, workspace

Doc = dict[str, Any]
EQUIPMENT, OPTIONS = "Equipment", "Equipment_select_options"


@pytest.fixture
def ws(database: Database[Doc], tmp_path: Path) -> Workspace:
    fill(database, 60, 5)
    return workspace(tmp_path, database)


def _backup(ws: Workspace) -> BackupSet:
    made = create.create(ws, force=True).set
    assert made is not None
    return made


def _hashes(database: Database[Doc]) -> dict[str, str]:
    return dict(database.command("dbHash")["collections"])


def _mess_up(database: Database[Doc]) -> None:
    database.Equipment.delete_many({"_id": {"$gte": 50}})
    database.Equipment.update_many({"_id": {"$lt": 5}}, {"$set": {"Vendor": "changed"}})
    database.Equipment.insert_one({"_id": "added"})
    database.Equipment_select_options.drop()


def _replace(ws: Workspace, backup: BackupSet, *keys: str, **more: Any) -> restore.Restored:
    return restore.replace(ws, restore.plan_replace(ws, backup, keys or ("equipment", "select_options")), **more)


def test_both_collections_come_back_byte_for_byte(ws: Workspace, database: Database[Doc]) -> None:
    database.Equipment.update_one({"_id": 3}, [{"$set": {"t": Timestamp(0, 0)}}])
    database.Equipment.create_index([("Vendor", -1), ("Serial", 1)], unique=False)
    before, backup = _hashes(database), _backup(ws)
    _mess_up(database)
    database.Equipment.drop_indexes()

    done = _replace(ws, backup)

    after = _hashes(database)
    assert {name: after[name] for name in (EQUIPMENT, OPTIONS)} == {name: before[name] for name in (EQUIPMENT, OPTIONS)}
    assert database.Equipment.index_information()["Vendor_-1_Serial_1"]["key"] == [("Vendor", -1), ("Serial", 1)]
    assert done.counts == {"equipment": 60, "select_options": 5}
    assert done.message.startswith("Restore completed successfully: 60 records in Equipment, 5 records in")


def test_one_collection_leaves_the_other_alone(ws: Workspace, database: Database[Doc]) -> None:
    backup = _backup(ws)
    _mess_up(database)

    _replace(ws, backup, "equipment")

    assert database.Equipment.count_documents({}) == 60
    assert OPTIONS not in database.list_collection_names()


def test_nothing_but_the_wished_collections_stays_behind(ws: Workspace, database: Database[Doc]) -> None:
    _replace(ws, _backup(ws))

    assert sorted(database.list_collection_names()) == [
        EQUIPMENT, OPTIONS, "backup_restore_journal", "backup_restore_state"]


def test_an_empty_collection_is_restored_as_empty(ws: Workspace, database: Database[Doc]) -> None:
    database.Equipment.delete_many({})
    backup = _backup(ws)
    database.Equipment.insert_one({"_id": 1})

    assert _replace(ws, backup, "equipment").counts == {"equipment": 0}
    assert database.Equipment.count_documents({}) == 0


def test_the_plan_says_the_numbers_and_writes_nothing(ws: Workspace, database: Database[Doc]) -> None:
    backup = _backup(ws)
    _mess_up(database)
    before = _hashes(database)

    plan = restore.plan_replace(ws, backup, ["select_options", "equipment"])

    assert (plan.keys, plan.before, plan.after) == (
        ("equipment", "select_options"), {"equipment": 51, "select_options": 0},
        {"equipment": 60, "select_options": 5})
    assert _hashes(database) == before


@pytest.mark.parametrize("keys", [[], ["nonsense"], ["equipment", "users"]])
def test_unknown_collections_are_refused(ws: Workspace, keys: list[str]) -> None:
    with pytest.raises(BadInput, match="Unknown collection type"):
        restore.plan_replace(ws, _backup(ws), keys)


def test_a_damaged_set_stops_before_anything(ws: Workspace, database: Database[Doc], tmp_path: Path) -> None:
    backup = _backup(ws)
    plan = restore.plan_replace(ws, backup, ["equipment"])
    file = next(tmp_path.rglob("equipment_backup_*.csv"))
    file.write_bytes(file.read_bytes().replace(b"ACME", b"AKME", 1))
    before = _hashes(database)

    with pytest.raises(VerificationFailed, match="row"):
        restore.replace(ws, plan)

    assert _hashes(database)[EQUIPMENT] == before[EQUIPMENT]
    assert [listed.trigger for listed in ws.catalog.sets()] == ["manual"]


def test_a_missing_file_leaves_the_other_collection_restorable(
    ws: Workspace, database: Database[Doc], tmp_path: Path
) -> None:
    _backup(ws)
    next(tmp_path.rglob("equipment_backup_*.csv")).unlink()
    backup = ws.catalog.sets()[-1]
    _mess_up(database)

    with pytest.raises(BackupFileNotFound, match="equipment_backup_"):
        _replace(ws, backup, "equipment")
    assert _replace(ws, backup, "select_options").counts == {"select_options": 5}


@pytest.mark.parametrize(("options", "words"), [
    ({"capped": True, "size": 4096}, "a capped collection"), ({"timeseries": {"timeField": "t"}}, "a time-series"),
    ({"viewOn": OPTIONS}, "a view"),
])
def test_what_a_rename_cannot_replace_is_refused(
    ws: Workspace, database: Database[Doc], options: Doc, words: str
) -> None:
    backup = _backup(ws)
    database.Equipment.drop()
    database.create_collection(EQUIPMENT, **options)

    with pytest.raises(BadInput, match=words):
        _replace(ws, backup, "equipment")


def test_old_records_come_back_under_new_rules_and_it_is_said(ws: Workspace, database: Database[Doc]) -> None:
    database.command("collMod", EQUIPMENT, validator={"Model": {"$exists": True}})
    backup = _backup(ws)

    done = _replace(ws, backup, "equipment")

    assert database.Equipment.count_documents({}) == 60
    assert "60 records of Equipment do not meet its validation rules" in done.message
    options = next(iter(database.list_collections(filter={"name": EQUIPMENT})))["options"]
    assert options == {"validator": {"Model": {"$exists": True}}, "validationLevel": "strict",
                       "validationAction": "error"}


@pytest.mark.parametrize("step", ["R1", "R2", "R3", "R4", "R5", "R6"])
def test_stopped_at_any_step_before_the_swap_nothing_has_changed(
    ws: Workspace, database: Database[Doc], step: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    backup = _backup(ws)
    _mess_up(database)
    before = _hashes(database)
    monkeypatch.setitem(failpoints.hooks, step, _raise(BackupError("the world ended")))

    with pytest.raises(BackupError, match="the world ended") as stopped:
        _replace(ws, backup)

    assert stopped.value.exit_code == (1 if step == "R1" else 20)
    assert _hashes(database).get(EQUIPMENT) == before[EQUIPMENT]
    assert not [name for name in database.list_collection_names() if "__" in name]
    assert undo.undoable(ws) is None or step not in ("R1", "R2")


def _raise(error: BaseException) -> Any:
    def hook() -> None:
        raise error

    return hook


def test_trouble_after_the_swap_says_so_and_recovery_finishes(
    ws: Workspace, database: Database[Doc], monkeypatch: pytest.MonkeyPatch
) -> None:
    backup = _backup(ws)
    _mess_up(database)
    monkeypatch.setitem(failpoints.hooks, "R7", _raise(NoSpace("the disk is full")))

    with pytest.raises(RestoreIncomplete, match="undo available"):
        _replace(ws, backup, "equipment")
    with hold(ws, "recover") as held:
        said = recovery.recover(ws, held)
    monkeypatch.undo()

    assert any("was finished" in line for line in said)
    assert database.Equipment.count_documents({}) == 60
    undo.undo(ws)
    assert database.Equipment.find_one({"_id": "added"}) == {"_id": "added"}


def test_cancelling_while_loading_changes_nothing(ws: Workspace, database: Database[Doc]) -> None:
    backup = _backup(ws)
    _mess_up(database)
    before = _hashes(database)[EQUIPMENT]
    phases: list[str] = []

    with pytest.raises(Cancelled):
        _replace(ws, backup, "equipment", watch=Watch(
            lambda progress: phases.append(progress.phase), lambda: "Loading Equipment" in phases))

    assert _hashes(database)[EQUIPMENT] == before


def test_cancelling_after_the_swap_comes_too_late(
    ws: Workspace, database: Database[Doc], monkeypatch: pytest.MonkeyPatch
) -> None:
    backup = _backup(ws)
    asked: list[bool] = []
    monkeypatch.setitem(failpoints.hooks, "R6", lambda: database.Equipment.insert_one({"_id": "to be saved"}))
    monkeypatch.setitem(failpoints.hooks, "R7", lambda: asked.append(True))

    done = _replace(ws, backup, "equipment", watch=Watch(cancelled=lambda: bool(asked)))

    assert (done.counts, done.captured) == ({"equipment": 60}, 1)


def test_the_application_makes_its_own_indexes_afterwards(ws: Workspace, database: Database[Doc]) -> None:
    def own(database: Database[Doc], key: str) -> None:
        database[ws.source(key).collection].create_index("Serial", name="own")

    done = _replace(ws, _backup(ws), "equipment", after=own)

    assert "own" in database.Equipment.index_information()
    assert done.problems == ()


def test_a_fault_of_the_application_afterwards_is_reported(ws: Workspace) -> None:
    def faulty(database: Database[Doc], key: str) -> None:
        raise ZeroDivisionError("by zero")

    done = _replace(ws, _backup(ws), "equipment", after=faulty)

    assert done.problems == ("after restoring Equipment: by zero",)


def test_the_safety_backup_does_not_prune_the_set_that_is_restored(
    ws: Workspace, database: Database[Doc], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(prune, "after_backup", lambda *_, **__: "")
        sets = [_backup(workspace(tmp_path, database, clock=_ago(days))) for days in (30, 3, 2, 1, 0)]

    assert _replace(ws, sets[0], "equipment").counts == {"equipment": 60}
    assert sets[0].label in [backup.label for backup in ws.catalog.sets()]


def _ago(days: float) -> Callable[[], datetime]:
    return lambda: datetime.now().astimezone() - timedelta(days=days)


def test_in_memory_it_is_weaker_and_says_so() -> None:
    database: Any = mongomock.MongoClient().db
    fill(database, 6, 2)
    ws = workspace(MemoryStorage(), database)
    backup = _backup(ws)
    database.Equipment.delete_many({"_id": {"$gt": 2}})
    database.Equipment.insert_one({"_id": "added"})

    done = _replace(ws, backup, "equipment")

    assert "not one single step" in done.message
    assert sorted(record["_id"] for record in database.Equipment.find()) == list(range(6))
    undo.undo(ws)
    assert {record["_id"] for record in database.Equipment.find()} == {0, 1, 2, "added"}


def test_in_memory_a_failure_puts_the_old_records_back(monkeypatch: pytest.MonkeyPatch) -> None:
    database: Any = mongomock.MongoClient().db
    fill(database, 6, 2)
    ws = workspace(MemoryStorage(), database)
    backup = _backup(ws)
    database.Equipment.insert_one({"_id": "added"})
    kind = type(database.Equipment)
    insert, calls = kind.insert_many, []

    def fail_once(self: Any, documents: Any) -> Any:
        calls.append(1)
        if len(calls) == 1:
            raise BackupError("no more memory")
        return insert(self, documents)

    monkeypatch.setattr(kind, "insert_many", fail_once)
    with pytest.raises(BackupError, match="no more memory"):
        _replace(ws, backup, "equipment")

    assert {record["_id"] for record in database.Equipment.find()} == {0, 1, 2, 3, 4, 5, "added"}


def test_a_restore_that_would_not_fit_beside_the_list_is_not_begun(ws: Workspace, database: Database[Doc]) -> None:
    backup = _backup(ws)
    _mess_up(database)
    before = _hashes(database)[EQUIPMENT]
    plain = sum(part.plain_bytes for part in backup.parts.values())
    tight = replace(ws, room=lambda: Room("/data", 500_000_000 + 2 * plain - 1, 500_000_000))

    with pytest.raises(NoSpace, match=r"are free on the disk of the data folder /data, and 500 MB are needed"):
        _replace(tight, backup)

    assert _hashes(database)[EQUIPMENT] == before
    _replace(replace(ws, room=lambda: Room("/data", 500_000_000 + 2 * plain, 500_000_000)), backup)
    assert database[EQUIPMENT].count_documents({}) == 60
