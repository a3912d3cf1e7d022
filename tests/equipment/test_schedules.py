"""Schedules as the screens ask: who may change them, what an option decides, what the log says."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pymongo.database import Database

from backup_engine.errors import AdminOnly, BadInput
from equipment import backups as processes, schedules
from equipment.backups import Backups
from equipment.store import activity
from tests.equipment.test_backups import caller
from tests.equipment.test_sealing import installation
from tests.mongod import Mongod

Db = Database[dict[str, Any]]


@pytest.fixture
def backups(database: Db, shared_mongod: Mongod, tmp_path: Path) -> Iterator[Backups]:
    options = {"backup_verify_schedule": "0 5 * * *"}
    chosen = installation(database, shared_mongod, tmp_path).model_copy(update=options)
    yield processes.of(chosen, lambda: database)
    processes.stop()


def test_what_is_changed_stands_in_activity_in_words(backups: Backups, database: Db) -> None:
    by = caller(database, "admin")

    schedules.change(backups, by, automatic=False)
    schedules.change(backups, by, backup_cron="30 2 * * *", time_zone="Europe/Berlin", interval_hours=2)

    logged = activity.find(database, activity.Filter(actions=("backup.settings",)))
    assert [(entry["who"], entry["note"]) for entry in logged] == [
        (by.name, "Schedule: at 02:30 every day (Europe/Berlin); Verification: at 05:00 every day (Europe/Berlin)"),
        (by.name, "Automatic backups off")]
    first, second = reversed(schedules.versions(backups, by))
    assert (first.by, first.values) == (by.name, {"automatic": False})
    assert second.number == 2


def test_an_option_is_named_and_decides(backups: Backups, database: Db) -> None:
    by = caller(database, "admin")

    stands = schedules.shown(backups, by)

    assert stands.given == {"verify_cron": "BACKUP_VERIFY_SCHEDULE"}
    assert stands.preferences.verify_cron == "0 5 * * *"
    with pytest.raises(BadInput, match="decides about verify_cron"):
        schedules.change(backups, by, verify_cron="")


@pytest.mark.parametrize("role", ["user", "technician", "manager"])
def test_only_an_administrator_changes_them(backups: Backups, database: Db, role: str) -> None:
    with pytest.raises(AdminOnly):
        schedules.change(backups, caller(database, role), automatic=False)

    assert backups.scheduler.refresh().automatic
