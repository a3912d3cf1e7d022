"""What the list lost since a backup is told from two numbers, and never as more than they prove."""

from __future__ import annotations

from typing import Any

from pymongo.database import Database

from backup_engine.errors import DatabaseUnreachable
from equipment.backups import NOBODY, Backups
from equipment.restores import since

Db = Database[dict[str, Any]]


def test_removed_records_are_counted_and_added_ones_are_none(place: Backups, database: Db) -> None:
    backup = place.engine.create(force=True).set
    assert backup is not None
    database["Equipment"].delete_many({"_id": {"$in": [0, 1]}})
    assert since.removed(backup, since.records_now(place, NOBODY)) == 2

    database["Equipment"].insert_many([{"_id": number} for number in range(10, 20)])
    assert since.removed(backup, since.records_now(place, NOBODY)) == 0


def test_with_the_database_down_nothing_is_said(place: Backups) -> None:
    backup = place.engine.create(force=True).set

    def down() -> Db:
        raise DatabaseUnreachable("down")

    object.__setattr__(place._workspace, "connect", down)
    now = since.records_now(place, NOBODY)

    assert backup is not None and now is None and since.removed(backup, now) == 0
