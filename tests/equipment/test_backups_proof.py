"""What can be done with backups that asks who is there: whatever deletes, replaces, or lets something be deleted."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pymongo.database import Database

from backup_engine.api import BackupSet, DatabaseBackupRestore, Preferences, Tiers
from backup_engine.errors import BackupError, FreshSignInNeeded
from equipment import retention, schedules
from equipment.backups import Backups, Caller
from equipment.store import moments
from equipment.store.access import PROVED_FOR, SESSIONS, require
from tests.equipment.store.people import signed_in
from tests.equipment.test_backups import PATIENCE, make_set

Db = Database[dict[str, Any]]


@pytest.fixture
def backups(database: Db, tmp_path: Path) -> Backups:
    database["Equipment"].insert_many([{"_id": number, "ID": number} for number in range(3)])
    engine = DatabaseBackupRestore(connect=lambda: database, backup_folder=str(tmp_path))
    return Backups(engine, lambda: database, Preferences())


@pytest.fixture
def left_open(database: Db) -> Caller:
    """An administrator whose last sign-in is too long ago."""
    who = signed_in(database)
    database[SESSIONS].update_one({"_id": who.session}, {"$set": {"proved": moments.now() - PROVED_FOR}})
    return Caller(who.name, lambda action: require(database, who, action), who)


ASKED: dict[str, Callable[[Backups, Caller, BackupSet], object]] = {
    "replace": lambda backups, by, made: backups.replace(by, made, ("equipment",)),
    "merge": lambda backups, by, made: backups.merge(by, made, {"equipment": None}),
    "undo": lambda backups, by, made: backups.undo(by, made, ("equipment",)),
    "delete": lambda backups, by, made: backups.delete(by, made),
    "unpin": lambda backups, by, made: backups.pin(by, made, False),
    "keep less": lambda backups, by, made: retention.change(backups, by, {"weekly": 7, "daily": 30}),
    "delete though it shrank": lambda backups, by, made: retention.acknowledge(backups, by),
    "let another's go": lambda backups, by, made: backups.adopt(by, "lab", gone=True),
}
NOT_ASKED: dict[str, Callable[[Backups, Caller, BackupSet], object]] = {
    "create": lambda backups, by, made: backups.create(by).done.wait(PATIENCE),
    "pin": lambda backups, by, made: backups.pin(by, made, True),
    "comment": lambda backups, by, made: backups.comment(by, made, "x"),
    "keep more": lambda backups, by, made: retention.change(backups, by, {"weekly": 9}),
    "take back what a database is gone": lambda backups, by, made: backups.adopt(by, "lab", gone=False),
    "schedule": lambda backups, by, made: schedules.change(backups, by, interval_hours=2),
}


@pytest.mark.parametrize("verb", ASKED.values(), ids=ASKED)
def test_a_page_left_open_is_not_enough(
    backups: Backups, database: Db, left_open: Caller, verb: Callable[[Backups, Caller, BackupSet], object]
) -> None:
    who = signed_in(database, "admin", "fresh")
    fresh = Caller(who.name, lambda action: require(database, who, action), who)
    made = make_set(backups, fresh)
    retention.change(backups, fresh, {"weekly": 8})
    backups.pin(fresh, made, True)

    with pytest.raises(FreshSignInNeeded):
        verb(backups, left_open, made)

    assert retention.rules(backups, fresh).tiers == Tiers(weekly=8)
    assert [each.pinned for each in backups.sets(fresh)] == [True]
    assert not backups.running()


@pytest.mark.parametrize("verb", NOT_ASKED.values(), ids=NOT_ASKED)
def test_what_deletes_nothing_goes_on(
    backups: Backups, left_open: Caller, verb: Callable[[Backups, Caller, BackupSet], object]
) -> None:
    made = make_set(backups, left_open)
    try:
        verb(backups, left_open, made)
    except BackupError as error:  # of the engine, which was asked: there is no database lab here
        assert not isinstance(error, FreshSignInNeeded)
    assert [each.backup_id for each in backups.sets(left_open)] == [made.backup_id]
