"""The last restore is known by what it was, also by whoever asks from another program."""

from __future__ import annotations

from typing import Any

from pymongo.database import Database

from backup_engine.errors import DatabaseUnreachable
from equipment.backups import NOBODY, Backups
from equipment.restores import past

Db = Database[dict[str, Any]]


def restored(place: Backups) -> str:
    backup = place.engine.create(force=True).set
    assert backup is not None
    assert place.replace(NOBODY, backup, ("equipment",)).done.wait(60)
    return backup.label


def test_there_is_none_before_the_first(place: Backups) -> None:
    place.engine.create(force=True)

    assert past.last(place, NOBODY) is None
    assert past.past(place, NOBODY) == []


def test_a_restore_and_then_its_undo(place: Backups) -> None:
    label = restored(place)
    last = past.last(place, NOBODY)
    assert last is not None
    assert (last.kind, last.label, last.keys, last.actor, last.is_undo) == (
        "replace", label, ("equipment",), "system", False)

    assert place.undo(NOBODY, last.safety, last.keys).done.wait(60)
    undone = past.last(place, NOBODY)
    assert undone is not None and undone.is_undo and undone.safety.backup_id != last.safety.backup_id
    assert [(each.entry.kind, each.undone) for each in past.past(place, NOBODY)] == [
        ("undo", False), ("replace", True)]


def test_with_the_database_down_the_folder_knows_the_safety_set(place: Backups) -> None:
    restored(place)
    expected = past.last(place, NOBODY)

    def down() -> Db:
        raise DatabaseUnreachable("down")

    object.__setattr__(place._workspace, "connect", down)
    last = past.last(place, NOBODY)

    assert expected is not None and last is not None
    assert (last.safety.backup_id, last.kind) == (expected.safety.backup_id, "")
