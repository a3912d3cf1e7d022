"""SIGKILL while accounts, settings, trash and activity are brought back: what was there is saved, and doing it again
finishes it. At no moment is somebody active who is disabled, and at none does nobody administer."""

from __future__ import annotations

import signal
from pathlib import Path
from typing import Any

import pytest
from pymongo.database import Database

from backup_engine import restore_application
from backup_engine.create import create
from backup_engine.locking.locks import hold
from backup_engine.workspace import Workspace
from equipment.store import activity, taking_back
from equipment.store.access import SYSTEM
from equipment.store.accounts import users
from equipment.store.saved import APPLICATION_DATA
from tests.backup_engine.engine import fill, own_of, workspace
from tests.mongod import Mongod
from tests.nightmares.crash import die, die_at_step, run_in_child

Db = Database[dict[str, Any]]


def ready(database: Db, root: Path) -> tuple[Workspace, str]:
    fill(database)
    for name in ("Ada", "Cy"):
        users.create(database, SYSTEM, name, "admin", password_hash="hash")
    users.create(database, SYSTEM, "Bob", "user", password_hash="hash")
    database.Equipment_trash.insert_one({"_id": 1, "record": {"_id": "gone"}})
    ws = workspace(root, database, application=APPLICATION_DATA)
    made = create(ws, force=True).set
    assert made is not None
    database.Equipment_trash.drop()
    activity.record(database, SYSTEM, "records.save", "record:later")
    users.set_role(database, SYSTEM, "cy", "user")
    users.disable(database, SYSTEM, "bob")
    users.create(database, SYSTEM, "Eve", "admin", password_hash="hash")
    return ws, made.backup_id


def state(database: Db) -> dict[str, tuple[str, str]]:
    return {user["_id"]: (user["role"], user["state"]) for user in database.equipment_users.find()}


@pytest.mark.parametrize("where", ["B1", "B2", *range(1, 8)])
def test_killed(where: str | int, shared_mongod: Mongod, database: Db, tmp_path: Path) -> None:
    ws, backup_id = ready(database, tmp_path)
    before = state(database)

    def bring_back() -> None:
        inside = workspace(tmp_path, lambda: shared_mongod.client()[database.name], application=APPLICATION_DATA)
        if isinstance(where, str):
            die_at_step(where)
        else:
            _die_before_write(where)
        restore_application.restore(inside, restore_application.plan(inside, inside.catalog.find(backup_id)))

    assert run_in_child(bring_back) == (-signal.SIGKILL if where != 7 else 0)  # six collections are written

    between = state(database)
    assert between["bob"][1] == "disabled"
    assert any(user == ("admin", "active") for user in between.values())
    if where != "B2" and where != 7:
        assert between == before
    with hold(ws, "restore", wait=1):
        pass
    restore_application.restore(ws, restore_application.plan(ws, ws.catalog.find(backup_id)))
    assert state(database) == {"ada": ("admin", "active"), "cy": ("admin", "active"), "bob": ("user", "disabled"),
                               "eve": ("admin", "disabled")}
    assert database.Equipment_trash.count_documents({}) == 1
    assert database.equipment_activity.count_documents({"target": "record:later"}) == 1
    listed = database.equipment_settings.find_one({"_id": "administrators"})
    assert listed is not None and sorted(listed["names"]) == ["ada", "cy"]

    safety = [found for found in own_of(ws).catalog.sets() if found.trigger == "pre_restore"]
    assert safety and all(found.state == "complete" for found in safety)


def _die_before_write(number: int) -> None:
    real, calls = taking_back.apply, []

    def counting(*arguments: Any, **more: Any) -> Any:
        calls.append(1)
        if len(calls) == number:
            die()
        return real(*arguments, **more)

    taking_back.apply = counting  # type: ignore[assignment]  # in a child that dies or ends
