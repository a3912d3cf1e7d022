"""Accounts, settings, trash and activity come back from a backup by rules under which nothing and nobody slips."""

from __future__ import annotations

import io
import random
import threading
from datetime import date
from pathlib import Path
from typing import Any

import bson
import mongomock
import pytest
from bson.objectid import ObjectId
from pymongo.database import Database

from backup_engine import failpoints, restore_application
from backup_engine.create import create
from backup_engine.errors import BadInput, NoBackupsFound
from backup_engine.model import BackupSet
from backup_engine.storage import open_storage
from backup_engine.workspace import Workspace
from equipment.domain.life.attachment import Limits
from equipment.domain.query import Query
from equipment.store import activity, taking_back
from equipment.store.access import SESSIONS, SYSTEM, USERS, identify
from equipment.store.accounts import administrators, credentials, sessions, users
from equipment.store.life import attachments, file_bytes, filing
from equipment.store.list import columns, records, trash, views
from equipment.store.saved import APPLICATION_DATA
from equipment.store.taking_back import take_back
from tests import odd_mount
from tests.backup_engine.engine import workspace
from tests.equipment.store.people import signed_in

Db = Database[dict[str, Any]]


@pytest.fixture
def ws(database: Db, tmp_path: Path) -> Workspace:
    users.prepare(database)
    users.create(database, SYSTEM, "Ada", "admin", password_hash="hash of Ada")
    users.create(database, SYSTEM, "Bob", "technician", password_hash="hash of Bob")
    for number in range(6):
        records.add(database, SYSTEM, {"Vendor": f"V{number}", "Secret": f"s{number}"})
    return workspace(tmp_path / "backups", database, application=APPLICATION_DATA)


def saved(ws: Workspace) -> BackupSet:
    made = create(ws, force=True).set
    assert made is not None and made.warnings == ()
    return made


def restore(ws: Workspace, backup: BackupSet) -> restore_application.ApplicationRestored:
    return restore_application.restore(ws, restore_application.plan(ws, backup))


def contents(database: Db) -> dict[str, list[dict[str, Any]]]:
    """What the collections hold, the entries about backups aside."""
    return {source.key: [document for document in database[source.collection].find({}, sort=[("_id", 1)])
                         if APPLICATION_DATA.counts(source.key, bson.encode(document))]
            for source in APPLICATION_DATA.sources}


def entries(database: Db) -> list[records.Entry]:
    return list(records.page(database, Query(sort="ID"), {}, date(2026, 3, 2), size=100).entries)


def test_what_was_lost_comes_back_and_undo_takes_that_back(ws: Workspace, database: Db) -> None:
    who = signed_in(database)
    trash.move(database, SYSTEM, entries(database)[:2])
    columns.delete(database, SYSTEM, "Secret")
    before = contents(database)
    backup = saved(ws)
    for source in APPLICATION_DATA.sources:
        database[source.collection].drop()
    users.create(database, SYSTEM, "Eve", "admin", password_hash="hash of Eve")

    done = restore(ws, backup)

    after = contents(database)
    for key in ("trash", "deleted_columns", "columns", "views"):
        assert after[key] == before[key], key
    assert [entry for entry in after["activity"] if entry in before["activity"]] == before["activity"]
    assert {user["_id"]: user["state"] for user in after["users"]} == {
        "ada": "active", "bob": "active", "some admin": "active", "eve": "disabled"}
    assert identify(database, who) is None
    assert done.done.counts["trash"] == {"added": 2, "kept": 0}

    restore_application.undo(ws)
    back = {user["_id"]: user["state"] for user in contents(database)["users"]}
    assert back == {"ada": "disabled", "bob": "disabled", "some admin": "disabled", "eve": "active"}
    assert credentials.of_name(database, "Eve").password_hash == "hash of Eve"  # type: ignore[union-attr]


def test_the_plan_says_what_is_done_and_writes_nothing(ws: Workspace, database: Db) -> None:
    trash.move(database, SYSTEM, entries(database)[:2])
    backup = saved(ws)
    database.Equipment_trash.delete_many({})
    users.set_role(database, SYSTEM, "bob", "manager")
    before = contents(database)

    planned = restore_application.plan(ws, backup)
    assert contents(database) == before
    done = restore_application.restore(ws, planned)

    assert planned.would.counts == done.done.counts
    assert done.done.counts["users"] == {"unchanged": 1, "changed": 1}
    assert "have another role again: Bob (manager → technician)" in done.done.notes
    assert "Restored accounts, settings, trash and activity as of backup" in done.message


def test_done_twice_it_changes_nothing_more(ws: Workspace, database: Db) -> None:
    trash.move(database, SYSTEM, entries(database)[:1])
    backup = saved(ws)
    database.Equipment_trash.delete_many({})
    restore(ws, backup)
    first = contents(database)

    again = restore(ws, backup)

    second = contents(database)
    assert {key: counts.get("added", 0) + counts.get("changed", 0) for key, counts in again.done.counts.items()} == (
        dict.fromkeys(first, 0))
    for name in ("epoch", "signed_out_at"):
        for user in (*first["users"], *second["users"]):
            user.pop(name)
    assert first == second


def test_activity_is_added_to_and_never_replaced(ws: Workspace, database: Db) -> None:
    backup = saved(ws)
    activity.record(database, SYSTEM, "records.save", "record:later")
    kept = database.equipment_activity.find_one({"target": "record:later"})
    gone = database.equipment_activity.find_one_and_delete({"target": "user:bob"})

    restore(ws, backup)

    assert database.equipment_activity.find_one({"_id": kept["_id"]}) == kept  # type: ignore[index]
    assert database.equipment_activity.find_one({"target": "user:bob"}) == gone


def test_a_record_is_in_the_list_or_in_the_trash(ws: Workspace, database: Db) -> None:
    first, second, third, *_ = entries(database)
    trash.move(database, SYSTEM, [first, second, third])
    backup = saved(ws)
    numbers = {trashed.entry.key: trashed.number for trashed in trash.entries(database)}
    trash.bring_back(database, SYSTEM, [numbers[first.key], numbers[second.key]])
    [again] = [entry for entry in entries(database) if entry.key == second.key]
    trash.move(database, SYSTEM, [again])  # under a number of its own
    database.Equipment_trash.delete_one({"_id": ObjectId(numbers[third.key])})

    done = restore(ws, backup)

    trashed_now = sorted(trashed.entry.key for trashed in trash.entries(database))
    assert trashed_now == sorted([second.key, third.key])
    assert first.key in {entry.key for entry in entries(database)}
    assert done.done.counts["trash"] == {"added": 1, "kept": 0}


def test_a_deleted_column_can_be_brought_back_whenever_it_was_deleted(ws: Workspace, database: Db) -> None:
    backup = saved(ws)
    before = [entry.raw for entry in entries(database)]
    columns.delete(database, SYSTEM, "Secret")

    restore(ws, backup)

    [deleted] = columns.deleted(database)
    columns.bring_back(database, SYSTEM, deleted.number)
    assert [entry.raw for entry in entries(database)] == before


def test_a_column_brought_back_since_is_not_deleted_again(ws: Workspace, database: Db) -> None:
    columns.delete(database, SYSTEM, "Secret")
    backup = saved(ws)
    [deleted] = columns.deleted(database)
    columns.bring_back(database, SYSTEM, deleted.number)

    restore(ws, backup)

    assert columns.deleted(database) == []
    assert database.equipment_deleted_columns.count_documents({}) == 0


def test_views_and_settings_become_what_they_were_and_later_ones_stay(ws: Workspace, database: Db) -> None:
    who = signed_in(database, "manager")
    views.save(database, who, "then", Query(text="a"))
    database.equipment_settings.insert_one({"_id": "sign_up", "open": False})
    backup = saved(ws)
    views.save(database, who, "then", Query(text="b"))
    views.save(database, who, "later", Query())
    database.equipment_settings.update_one({"_id": "sign_up"}, {"$set": {"open": True}})
    database.equipment_settings.insert_one({"_id": "of a newer version"})

    done = restore(ws, backup)

    assert {document["name"]: document["query"].get("text") for document in database.equipment_views.find()} == {
        "then": "a", "later": Query().to_document().get("text")}
    assert database.equipment_settings.find_one({"_id": "sign_up"}) == {"_id": "sign_up", "open": False}
    assert database.equipment_settings.find_one({"_id": "of a newer version"})
    assert done.done.counts["views"] == {"added": 0, "changed": 1, "kept": 1, "unchanged": 0}


def test_without_an_administrator_nothing_is_changed(ws: Workspace, database: Db) -> None:
    backup = saved(ws)
    users.create(database, SYSTEM, "Eve", "admin", password_hash="hash")
    users.disable(database, SYSTEM, "ada")
    before = contents(database)

    with pytest.raises(BadInput, match="nobody could sign in as an administrator"):
        restore_application.plan(ws, backup)

    assert contents(database) == before
    with pytest.raises(NoBackupsFound, match="were never restored here"):
        restore_application.undo(ws)


def test_the_last_administrator_is_guarded_afterwards(ws: Workspace, database: Db) -> None:
    users.create(database, SYSTEM, "Cy", "admin", password_hash="hash")
    backup = saved(ws)
    users.set_role(database, SYSTEM, "cy", "user")
    users.create(database, SYSTEM, "Eve", "admin", password_hash="hash")

    restore(ws, backup)

    listed = database.equipment_settings.find_one({"_id": "administrators"})
    assert listed is not None and sorted(listed["names"]) == ["ada", "cy"]
    users.disable(database, SYSTEM, "cy")
    with pytest.raises(BadInput, match="last administrator"):
        administrators.dismiss(database, "ada")


def test_every_session_ends_with_the_accounts_and_not_later(ws: Workspace, database: Db) -> None:
    backup = saved(ws)
    who = signed_in(database, "manager")
    users.insert(database, users.new_document("Old", "user", "active", by="test"))
    account = credentials.of_name(database, "Bob")
    assert account is not None
    session = sessions.open_session(database, account.account, account.epoch, address="", agent="",
                                    lifetimes=sessions.USUAL)
    kept = database[SESSIONS].find_one({"_id": session})

    restore(ws, backup)
    database[SESSIONS].insert_one(kept)  # type: ignore[arg-type]  # as if it had been opened in that moment

    assert identify(database, who) is None
    assert identify(database, type(who)(session, "Bob")) is None


def test_who_is_disabled_in_that_very_moment_stays_disabled(
    ws: Workspace, database: Db, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the look at the accounts and their writing somebody is disabled; nobody ever sees them active again."""
    for number in range(30):
        users.create(database, SYSTEM, f"user {number}", "user", password_hash="hash")
    backup = saved(ws)
    database[USERS].update_many({"_id": {"$regex": "^user"}}, {"$set": {"role": "manager"}})
    disabled: set[str] = set()
    seen_active: set[str] = set()
    over = threading.Event()

    def disable_all() -> None:
        for number in range(30):
            users.disable(database, SYSTEM, f"user {number}")
            disabled.add(f"user {number}")

    def look() -> None:
        while not over.is_set():
            known = set(disabled)
            seen_active.update(user["_id"] for user in database[USERS].find({"state": "active"})
                               if user["_id"] in known)

    workers = [threading.Thread(target=disable_all), threading.Thread(target=look)]
    monkeypatch.setitem(failpoints.hooks, "B1", lambda: [worker.start() for worker in workers])
    try:
        restore(ws, backup)
    finally:
        workers[0].join()
        over.set()
        workers[1].join()

    assert seen_active == set()
    assert database[USERS].count_documents({"state": "disabled"}) == 30


def test_from_a_folder_that_can_only_be_read(
    ws: Workspace, database: Db, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    backup = saved(ws)
    users.set_role(database, SYSTEM, "bob", "manager")
    union = workspace(open_storage(tmp_path / "backups", tmp_path / "work"), database, application=APPLICATION_DATA)
    odd_mount.read_only(monkeypatch, tmp_path / "backups")
    before = sorted(tmp_path.glob("backups/**/*"))

    restore(union, union.catalog.find(backup.backup_id))

    assert database[USERS].find_one({"_id": "bob"})["role"] == "technician"  # type: ignore[index]
    assert sorted(tmp_path.glob("backups/**/*")) == before
    assert len(list(tmp_path.glob("work/.app/*day/users_backup_*.csv"))) == 1
    restore_application.undo(union)
    assert database[USERS].find_one({"_id": "bob"})["role"] == "manager"  # type: ignore[index]


def test_a_backup_of_nothing_brings_nothing_back(database: Db) -> None:
    users.create(database, SYSTEM, "Ada", "admin", password_hash="hash")

    with pytest.raises(BadInput, match="nobody could sign in"):
        take_back(database, lambda key: ())


def test_in_memory_it_is_the_same() -> None:
    db: Any = mongomock.MongoClient().db
    ada = users.new_document("Ada", "admin", "active", by="test") | {"password": "hash"}
    saved_documents = {"users": [bson.encode(ada)], "activity": [bson.encode({"_id": 1, "action": "x"})]}

    done = take_back(db, lambda key: saved_documents.get(key, ()))

    assert done.counts["users"] == {"added": 1}
    assert db.equipment_users.find_one()["epoch"] == 1
    assert db.equipment_activity.count_documents({}) == 1


def attached(database: Db, data: bytes) -> str:
    """Attach a file to the first record; gives its hash."""
    return filing.attach(database, SYSTEM, entries(database)[0], "scan.bin", io.BytesIO(data), Limits(1 << 30, 1 << 30)
                         ).sha256


def test_attached_files_come_back_to_the_last_byte(ws: Workspace, database: Db) -> None:
    data = random.Random(7).randbytes(3 * file_bytes.PART + 5)
    sha256 = attached(database, data)
    database[file_bytes.CHUNKS].insert_one({"files_id": "writing:of a crash", "n": 0, "data": b"half"})
    before = contents(database)["files"]
    backup = saved(ws)
    for name in (file_bytes.CHUNKS, file_bytes.FILES, attachments.ATTACHMENTS):
        database[name].drop()

    restore(ws, backup)

    assert contents(database)["files"] == before
    assert b"".join(file_bytes.read(database, sha256)) == data
    assert database[file_bytes.CHUNKS].count_documents({}) == 4  # not what a crash left half done


def test_a_file_that_was_attached_again_is_there_once(ws: Workspace, database: Db) -> None:
    data = random.Random(7).randbytes(2 * file_bytes.PART)
    sha256 = attached(database, data)
    backup = saved(ws)
    for name in (file_bytes.CHUNKS, file_bytes.FILES, attachments.ATTACHMENTS):
        database[name].drop()
    attached(database, data)  # its parts have other numbers now

    done = restore(ws, backup)

    assert done.done.counts["file_parts"] == {"added": 0, "kept": 0}
    assert b"".join(file_bytes.read(database, sha256)) == data
    assert database[attachments.ATTACHMENTS].count_documents({"removed": {"$exists": False}}) == 1


def test_a_part_that_is_gone_is_put_back(ws: Workspace, database: Db) -> None:
    data = random.Random(7).randbytes(2 * file_bytes.PART)
    sha256 = attached(database, data)
    backup = saved(ws)
    database[file_bytes.CHUNKS].delete_one({"files_id": sha256, "n": 1})

    restore(ws, backup)

    assert b"".join(file_bytes.read(database, sha256)) == data


def test_large_documents_are_not_all_in_memory_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(taking_back, "MOST_BYTES", 100)

    groups = list(taking_back._groups(bson.encode({"_id": n, "data": b"x" * 60}) for n in range(5)))

    assert [len(group) for group in groups] == [2, 2, 1]
