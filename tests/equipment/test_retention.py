"""Retention in tiers as the screens ask: who may change it, what an option decides, what the log says."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pymongo.database import Database

from backup_engine.api import Tiers
from backup_engine.errors import AdminOnly, BadInput
from backup_engine.scheduling import preferences
from backup_engine.scheduling.wording import version as version_words
from equipment import backups as processes, retention, settings
from equipment.backups import Backups
from equipment.settings import Settings
from equipment.store import activity
from tests.equipment.test_backups import caller, make_set
from tests.equipment.test_sealing import installation
from tests.mongod import Mongod

Db = Database[dict[str, Any]]


@pytest.fixture
def backups(database: Db, shared_mongod: Mongod, tmp_path: Path) -> Iterator[Backups]:
    database["Equipment"].insert_many([{"_id": number, "ID": number} for number in range(3)])
    yield processes.of(installation(database, shared_mongod, tmp_path), lambda: database)
    processes.stop()


def test_what_is_chosen_counts_for_every_way_and_stands_in_activity(
    backups: Backups, database: Db, shared_mongod: Mongod, tmp_path: Path
) -> None:
    from backup_csv_for_db_restore import DatabaseBackupRestore
    from backup_engine import keep

    by = caller(database, "admin")
    assert retention.rules(backups, by) == retention.Rules(7, Tiers(), {})

    retention.change(backups, by, {"daily": 14, "weekly": 8})
    retention.change(backups, by, {"daily": 0, "yearly": 1})

    with settings.use(installation(database, shared_mongod, tmp_path)):
        assert keep.counting(DatabaseBackupRestore(shared_mongod.uri).workspace) == Tiers(weekly=8, yearly=1)
    assert retention.rules(backups, by).tiers == Tiers(weekly=8, yearly=1)
    logged = activity.find(database, activity.Filter(actions=("backup.settings",)))
    assert [(entry["who"], entry["target"], entry["note"]) for entry in logged] == [
        (by.name, "retention", "kept in tiers: 14 days and 8 weeks → 8 weeks and 1 year"),
        (by.name, "retention", "kept in tiers: nothing → 14 days and 8 weeks")]
    assert [(version.by, version_words(version)) for version in preferences.history(database)] == [
        (by.name, "Kept in tiers: 8 weeks and 1 year"), (by.name, "Kept in tiers: 14 days and 8 weeks")]


@pytest.mark.parametrize("role", ["user", "technician", "manager"])
def test_only_an_administrator_chooses(backups: Backups, database: Db, role: str) -> None:
    by = caller(database, role)
    for act in (lambda: retention.change(backups, by, {"weekly": 8}), lambda: retention.rules(backups, by),
                lambda: retention.tried(backups, by, {"weekly": 8})):
        with pytest.raises(AdminOnly):
            act()
    assert database["backup_restore_state"].find_one({"tiers": {"$exists": True}}) is None


@pytest.mark.parametrize("number", [-1, 521, 10**20, "8", "many", None, 1.5, True])
def test_what_is_no_number_within_bounds_is_refused_and_not_stored(
    backups: Backups, database: Db, number: Any
) -> None:
    by = caller(database, "admin")
    for act in (retention.change, retention.tried):
        with pytest.raises(BadInput, match="weekly must be a whole number of weeks, 0 to 520, not"):
            act(backups, by, {"weekly": number})  # type: ignore[operator]
    assert database["backup_restore_state"].find_one({"tiers": {"$exists": True}}) is None


def test_what_an_option_decides_is_named_and_not_changed(
    database: Db, shared_mongod: Mongod, tmp_path: Path
) -> None:
    chosen = installation(database, shared_mongod, tmp_path, backup_keep_weekly=4, backup_keep_hourly=0)
    by = caller(database, "admin")
    here = processes.of(chosen, lambda: database)
    try:
        retention.change(here, by, {"weekly": 4, "daily": 3})
        with pytest.raises(BadInput, match="An option of this installation decides about hourly, weekly"):
            retention.change(here, by, {"weekly": 8, "daily": 9, "hourly": 1})
        said = retention.rules(here, by)
    finally:
        processes.stop()

    assert said.tiers == Tiers(daily=3, weekly=4)
    assert dict(said.given) == {"weekly": "BACKUP_KEEP_WEEKLY", "hourly": "BACKUP_KEEP_HOURLY"}


def test_trying_changes_nothing(backups: Backups, database: Db) -> None:
    by = caller(database, "admin")
    made = make_set(backups, by)

    tried = retention.tried(backups, by, {"weekly": 8})

    assert [(decision.backup.label, decision.rules) for decision in tried.decisions] == [
        (made.label, ("protected", "days", "weekly"))]
    assert retention.rules(backups, by).tiers == Tiers()


def test_numbers_in_the_environment() -> None:
    read = settings.read({"BACKUP_KEEP_WEEKLY": "8", "BACKUP_KEEP_HOURLY": "0", "BACKUP_KEEP_YEARLY": ""})

    assert read.backup_tiers == {"hourly": 0, "weekly": 8}
    assert Settings().backup_tiers == {}


@pytest.mark.parametrize(("name", "value"), [
    ("WEEKLY", "-1"), ("WEEKLY", "521"), ("HOURLY", "8785"), ("DAILY", "3651"), ("MONTHLY", "121"), ("YEARLY", "101"),
    ("DAILY", "many"), ("DAILY", "1.5"), ("DAILY", "7d"), ("YEARLY", "1" + "0" * 30),
])
def test_a_number_in_the_environment_that_is_none_is_refused_by_name(name: str, value: str) -> None:
    with pytest.raises(BadInput, match=f"BACKUP_KEEP_{name}: Input should be"):
        settings.read({f"BACKUP_KEEP_{name}": value})
