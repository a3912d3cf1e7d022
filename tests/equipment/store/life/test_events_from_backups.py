"""Events and plans are in every backup, and come back beside what there is: added, never replaced."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest
from pymongo.database import Database

from backup_engine import restore_application
from backup_engine.create import create
from backup_engine.workspace import Workspace
from equipment.domain.life.event import Done
from equipment.domain.life.plan import Rhythm
from equipment.store.access import SYSTEM
from equipment.store.accounts import users
from equipment.store.life import events, plans, servicing
from equipment.store.life.servicing import Wrote
from equipment.store.list import keys, records
from equipment.store.saved import APPLICATION_DATA
from tests.backup_engine.engine import workspace

Db = Database[dict[str, Any]]
TODAY = date(2026, 11, 28)


@pytest.fixture
def ws(database: Db, tmp_path: Path) -> Workspace:
    users.prepare(database)
    events.prepare(database)
    plans.prepare(database)
    users.create(database, SYSTEM, "Ada", "admin", password_hash="hash of Ada")
    database["Equipment"].insert_many([{"_id": number, "ID": number, "Category": "Pump"} for number in range(3)])
    return workspace(tmp_path / "backups", database, application=APPLICATION_DATA)


def repaired(database: Db, number: int) -> str:
    [entry] = records.entries(database, [keys.key_of_id(number)])
    _, [written] = servicing.write(database, SYSTEM, [Wrote(entry, Done("repair", TODAY, note="fuse"))], today=TODAY)
    assert written.event is not None
    return written.event.number


def stored(database: Db, name: str) -> bytes:
    return b"".join(database[name].find_raw_batches({}, sort=[("_id", 1)]))


def test_what_was_lost_is_back_byte_for_byte_and_what_changed_since_stays(ws: Workspace, database: Db) -> None:
    first, second = repaired(database, 1), repaired(database, 2)
    lost = plans.add(database, SYSTEM, Rhythm("repair", 1, "months", TODAY, category="Pump"))
    ended = plans.add(database, SYSTEM, Rhythm("repair", 2, "months", TODAY, category="Pump"))
    before = {name: stored(database, name) for name in (events.EVENTS, plans.PLANS)}
    backup = create(ws, force=True).set
    assert backup is not None and backup.warnings == ()
    for name in before:
        database[name].delete_many({})

    restore_application.restore(ws, restore_application.plan(ws, backup))

    assert {name: stored(database, name) for name in before} == before
    servicing.strike(database, SYSTEM, first, "never happened")
    plans.end(database, SYSTEM, ended.number)
    third = repaired(database, 0)
    database[events.EVENTS].delete_one({"_id": events.ObjectId(second)})

    restore_application.restore(ws, restore_application.plan(ws, backup))

    assert {last.thing for last in events.lasts(database)} == {keys.key_of_id(0), keys.key_of_id(2)}
    kept = events.find(database, first)
    assert kept is not None and kept.why == "never happened" and events.find(database, third) is not None
    assert [plan.number for plan in plans.listed(database)] == [lost.number]
