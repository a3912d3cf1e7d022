"""What is stored of messages, where a database user may do what, and that a backup takes the choices along."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pymongo.database import Database

from backup_engine.errors import BadInput
from equipment.store import activity, messages
from equipment.store.access import SYSTEM, USERS
from equipment.store.saved import NOT_SAVED, SAVED

Db = Database[dict[str, Any]]


def test_choices_have_versions(database: Db) -> None:
    assert messages.choices(database) == {}
    messages.choose(database, SYSTEM, {"summary": False}, 0, "weekly summary: on → off")
    for stale in (0, 2):
        with pytest.raises(BadInput, match="changed meanwhile"):
            messages.choose(database, SYSTEM, {"summary": True}, stale, "")
    messages.choose(database, SYSTEM, {"hour": 6}, 1, "hour")
    assert messages.choices(database) == {"summary": False, "hour": 6, "version": 2}
    newest = activity.find(database)[0]
    assert (newest["action"], newest["before"], newest["after"]) == ("settings.messages", {"hour": None}, {"hour": 6})


def test_the_state_is_that_of_whoever_was_first(database: Db) -> None:
    assert messages.keep(database, {"turn": 1, "by": "one"}, 0)
    assert not messages.keep(database, {"turn": 1, "by": "other"}, 0)
    assert messages.keep(database, {"turn": 2, "by": "other"}, 1)
    assert messages.kept(database) == {"turn": 2, "by": "other"}


def test_choices_are_saved_and_what_was_told_is_not() -> None:
    assert "equipment_settings" in {source.collection for source in SAVED}
    assert messages.TOLD in NOT_SAVED


def test_entries_about_backups_oldest_first(database: Db) -> None:
    at = datetime(2026, 11, 27, 8, tzinfo=UTC)
    database[activity.ACTIVITY].insert_many(
        [{"action": action, "at": at + timedelta(minutes=number)} for number, action in
         enumerate(("backup.create", "backup.undo", "records.edit", "backup.drill"))])
    assert [entry["action"] for entry in messages.since(database, at + timedelta(minutes=1))] == [
        "backup.undo", "backup.drill"]


def test_who_waits(database: Db) -> None:
    database[USERS].insert_many([{"_id": "a", "state": "pending"}, {"_id": "b", "state": "active"}])
    assert messages.waiting_sign_ups(database) == 1
