"""Attachments are in every backup, and come back beside newer ones without a file being on a record twice."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest
from pymongo.database import Database

from backup_engine import restore_application
from backup_engine.create import create
from backup_engine.model import BackupSet
from backup_engine.workspace import Workspace
from equipment.domain.life.attachment import Attachment, Limits
from equipment.store.access import SYSTEM
from equipment.store.accounts import users
from equipment.store.life import attachments, filing
from equipment.store.life.attachments import ATTACHMENTS
from equipment.store.list import keys, records
from equipment.store.saved import APPLICATION_DATA
from tests.backup_engine.engine import workspace

Db = Database[dict[str, Any]]
THING = keys.key_of_id(1)


@pytest.fixture
def ws(database: Db, tmp_path: Path) -> Workspace:
    users.prepare(database)
    attachments.prepare(database)
    users.create(database, SYSTEM, "Ada", "admin", password_hash="hash of Ada")
    database["Equipment"].insert_one({"_id": 1, "ID": 1})
    return workspace(tmp_path / "backups", database, application=APPLICATION_DATA)


def attach(database: Db, data: bytes = b"%PDF-1", name: str = "a.pdf") -> Attachment:
    [entry] = records.entries(database, [THING])
    return filing.attach(database, SYSTEM, entry, name, io.BytesIO(data), Limits(999, 9_999))


def saved(ws: Workspace) -> BackupSet:
    made = create(ws, force=True).set
    assert made is not None and made.warnings == ()
    return made


def restore(ws: Workspace, backup: BackupSet) -> None:
    restore_application.restore(ws, restore_application.plan(ws, backup))


def test_what_was_lost_is_back_and_what_was_removed_stays_removed(ws: Workspace, database: Db) -> None:
    there, removed = attach(database), attach(database, b"other", "b.txt")
    filing.remove(database, SYSTEM, removed.number)
    before = list(database[ATTACHMENTS].find({}, sort=[("_id", 1)]))
    backup = saved(ws)
    database[ATTACHMENTS].delete_many({})

    restore(ws, backup)

    assert list(database[ATTACHMENTS].find({}, sort=[("_id", 1)])) == before
    assert attachments.of_thing(database, THING) == [there]


def test_beside_a_newer_one_of_the_same_file_it_comes_back_as_removed(ws: Workspace, database: Db) -> None:
    old = attach(database)
    backup = saved(ws)
    database[ATTACHMENTS].delete_many({})
    newer = attach(database, name="newer.pdf")

    restore(ws, backup)

    assert attachments.of_thing(database, THING) == [newer]
    assert [each.number for each in attachments.of_thing(database, THING, removed=True)] == [old.number]
