"""The database, the disks, and who is signed in."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from backup_engine.errors import DatabaseUnreachable
from equipment import data_disk
from equipment.server import database
from equipment.server.metrics.samples import Sample
from equipment.settings import Settings
from equipment.store.accounts import sessions

__all__ = ["accounts", "answering", "disks", "up"]


def up(settings: Settings) -> Iterator[Sample]:
    """Tell whether the database answers."""
    yield Sample("database_up", database.answering(settings) is not None)


def answering(settings: Settings) -> database.Db:
    """Give the database if it answers at once. Raises ``DatabaseUnreachable``; nothing is started."""
    found = database.answering(settings)
    if found is None:
        raise DatabaseUnreachable("it does not answer")
    return found


def disks(settings: Settings) -> Iterator[Sample]:
    """Tell of the disks of this machine."""
    room = data_disk.look(settings)
    yield Sample("list_read_only", room is not None and room.short)
    yield from _disk("backups", data_disk.usage(settings.backup_folder), settings)
    if room is not None:
        yield from _disk("database", data_disk.usage(settings.data_folder), settings)


def accounts(settings: Settings) -> Iterator[Sample]:
    """Tell what only the database knows. Raises ``DatabaseUnreachable`` and ``PyMongoError``."""
    db = answering(settings)
    for role, count in sessions.count_by_role(db).items():
        yield Sample("signed_in_sessions", count, (role,))
    if data_disk.look(settings) is None and database.choose(settings) is not database.Choice.DEMO:
        told: dict[str, Any] = db.command("dbStats")
        if "fsTotalSize" in told:
            total, used = int(told["fsTotalSize"]), int(told["fsUsedSize"])
            yield Sample("disk_free_bytes", total - used, ("database",))
            yield Sample("disk_total_bytes", total, ("database",))
            yield Sample("disk_min_free_bytes", settings.min_free_mb * 1_000_000, ("database",))


def _disk(name: str, told: Any, settings: Settings) -> Iterator[Sample]:
    if told is not None:
        yield Sample("disk_free_bytes", told.free, (name,))
        yield Sample("disk_total_bytes", told.total, (name,))
        yield Sample("disk_min_free_bytes", settings.min_free_mb * 1_000_000, (name,))
