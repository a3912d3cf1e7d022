"""A second factor through a backup and back: no code works again, and none that was taken away comes back."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pyotp
import pytest
from pymongo.database import Database

from backup_engine import restore_application
from backup_engine.create import create
from backup_engine.workspace import Workspace
from equipment.store import moments
from equipment.store.access import SYSTEM, USERS
from equipment.store.accounts import factors, users
from equipment.store.saved import APPLICATION_DATA
from tests.backup_engine.engine import workspace
from tests.equipment.store.people import signed_in

Db = Database[dict[str, Any]]
NOW = moments.now()


@pytest.fixture
def codes(database: Db) -> list[str]:
    """The recovery codes of the administrator Ada, who has an app as well."""
    who = signed_in(database, "admin", "ada")
    database[USERS].update_one({"_id": "ada"}, {"$set": {"password": "hash of Ada"}})
    secret = factors.offer("ada").secret
    return factors.confirm(database, who, "ada", secret, pyotp.TOTP(secret).at(NOW), now=NOW)


@pytest.fixture
def ws(database: Db, codes: list[str], tmp_path: Path) -> Workspace:
    """A backup of that was made."""
    users.prepare(database)
    ws = workspace(tmp_path / "backups", database, application=APPLICATION_DATA)
    assert create(ws, force=True).set is not None
    return ws


def restore(ws: Workspace) -> tuple[tuple[str, ...], str]:
    """Take the accounts of the backup back; gives what was said before, and afterwards."""
    plan = restore_application.plan(ws, ws.catalog.sets()[-1])
    return plan.would.notes, restore_application.restore(ws, plan).message


def has_factor(database: Db) -> bool:
    return (found := users.find(database, "ada")) is not None and found.has_factor


def test_a_recovery_code_that_was_used_since_stays_used(ws: Workspace, database: Db, codes: list[str]) -> None:
    assert factors.use(database, SYSTEM, "ada", codes[0])

    before, after = restore(ws)

    assert "keep the second factor of now: ada" in before
    assert "Keep the second factor of now: ada." in after
    assert not factors.use(database, SYSTEM, "ada", codes[0])
    assert factors.left(database, "ada") == 9
    assert factors.use(database, SYSTEM, "ada", codes[1])


def test_a_factor_that_was_reset_since_does_not_come_back(ws: Workspace, database: Db) -> None:
    factors.reset(database, signed_in(database, "admin", "eve"), "ada")

    before, after = restore(ws)

    assert "have no second factor now, and that of then stays away: ada" in before
    assert "Have no second factor now, and that of then stays away: ada." in after
    assert not has_factor(database)


def test_on_a_new_machine_the_app_counts_and_the_recovery_codes_do_not(
    ws: Workspace, database: Db, codes: list[str]
) -> None:
    ada = database[USERS].find_one({"_id": "ada"}) or {}
    later, secret = NOW + timedelta(minutes=5), ada["factor"]["secret"]
    database[USERS].drop()

    before, after = restore(ws)

    assert "recovery codes are void; new ones are made under their name: ada" in before
    assert "Recovery codes are void; new ones are made under their name: ada." in after
    assert not factors.use(database, SYSTEM, "ada", codes[1])
    assert factors.use(database, SYSTEM, "ada", pyotp.TOTP(secret).at(later), now=later)
