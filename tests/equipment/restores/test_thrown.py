"""What the trash still holds comes back from there, and not by a restore."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from pymongo.database import Database

from backup_engine.errors import AdminOnly, DatabaseUnreachable
from equipment.backups import Backups, Caller
from equipment.restores import thrown
from equipment.store.access import Who, require
from equipment.store.list import keys, trash
from equipment.store.list.records import Entry
from tests.equipment.store.people import signed_in

Db = Database[dict[str, Any]]


def caller(database: Db, who: Who, *, own_app: bool = True) -> Caller:
    return Caller(who.name, lambda action: require(database, who, action), who, own_app)


def throw(database: Db, who: Who, number: int) -> None:
    """Move that many records to the trash."""
    found = [raw for batch in database["Equipment"].find_raw_batches(limit=number) for raw in _documents(batch)]
    trash.move(database, who, [Entry(keys.key_of(raw), raw) for raw in found])


def _documents(batch: bytes) -> list[bytes]:
    from backup_engine.records import raw

    return list(raw.documents_of(batch))


def test_a_deletion_of_a_moment_ago_is_offered_and_comes_back(place: Backups, database: Db) -> None:
    who = signed_in(database, "admin")
    by, before = caller(database, who), list(database["Equipment"].find())
    assert thrown.newest(place, by) is None
    throw(database, who, 2)

    deletion = thrown.newest(place, by)
    assert deletion is not None and (len(deletion.numbers), deletion.by) == (2, who.name)
    assert thrown.bring_back(place, by, deletion) == thrown.Brought(back=2, left=0)
    assert sorted(database["Equipment"].find(), key=lambda record: int(record["_id"])) == before
    assert thrown.newest(place, by) is None


def test_nobody_else_and_nothing_old_is_offered(place: Backups, database: Db) -> None:
    who = signed_in(database, "admin")
    throw(database, who, 1)
    deletion = thrown.newest(place, caller(database, who))
    assert deletion is not None
    assert thrown.newest(place, caller(database, who, own_app=False)) is None, "another app's people have no account"
    with pytest.raises(AdminOnly):
        thrown.bring_back(place, caller(database, signed_in(database, "manager")), deletion)

    now = place._workspace.clock
    object.__setattr__(place._workspace, "clock", lambda: now() + thrown.RECENT + timedelta(minutes=1))
    assert thrown.newest(place, caller(database, who)) is None


def test_with_the_database_down_there_is_none(place: Backups, database: Db) -> None:
    def down() -> Db:
        raise DatabaseUnreachable("down")

    object.__setattr__(place._workspace, "connect", down)

    assert thrown.newest(place, Caller("ada", lambda action: None, own_app=True)) is None
