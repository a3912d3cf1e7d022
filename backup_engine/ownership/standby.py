"""A recovered copy stands by: it does not act as the original until an administrator says so.

While it stands by nothing is made, sent, cleared away or reported by itself, and remotes are only read; otherwise the
copy on a test bench would prune, overtake or answer for the installation that is still at work. One document in
``backup_restore_state``, which is never part of a backup, so that a copy of a copy stands by as well.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pymongo.collection import Collection
from pymongo.database import Database

from backup_engine.errors import StandingBy
from backup_engine.model import BackupSet
from backup_engine.mongo.capabilities import answers_commands, database_errors
from backup_engine.mongo.pinned import DURABLE

__all__ = ["Standby", "enter", "leave", "read", "require_acting"]

COLLECTION = "backup_restore_state"
DOCUMENT = "recovered"
Doc = dict[str, Any]


@dataclass(frozen=True)
class Standby:
    """Whose copy this database is."""

    database_id: str
    """Of the original; empty where the backup does not say."""
    database: str
    label: str
    """Of the backup it was recovered from."""
    source: str
    """Where that lay, in words without secrets."""
    since: datetime

    @property
    def words(self) -> str:
        """A sentence for people."""
        return (f"this is a copy of the database “{self.database}”, recovered from backup {self.label} on "
                f"{self.since:%Y-%m-%d %H:%M} ({self.source}); it makes no backups by itself and changes nothing in a "
                "remote until an administrator lets it act")


def read(database: Database[Doc]) -> Standby | None:
    """Say whose copy this database is while it stands by; None for one that acts. Raises ``DatabaseUnreachable``."""
    with database_errors(database):
        document = _state(database).find_one({"_id": DOCUMENT})
    return None if document is None or document.get("acting") else _standby(document)


def enter(database: Database[Doc], backup: BackupSet, source: str, now: datetime) -> Standby:
    """Stand by from now on, before the first record is restored."""
    document = {"database_id": backup.database_id, "database": backup.database, "label": backup.label,
                "source": source, "since": now.isoformat(), "acting": False}
    with database_errors(database):
        _state(database).update_one({"_id": DOCUMENT}, {"$set": document}, upsert=True)
    return _standby(document)


def leave(database: Database[Doc], now: datetime) -> None:
    """Act from now on."""
    with database_errors(database):
        _state(database).update_one({"_id": DOCUMENT}, {"$set": {"acting": True, "acting_since": now.isoformat()}})


def require_acting(database: Database[Doc]) -> None:
    """Raise ``StandingBy`` where this is a recovered copy that was not told to act."""
    if (standby := read(database)) is not None:
        raise StandingBy(f"{standby.words}.")


def _state(database: Database[Doc]) -> Collection[Doc]:
    if not answers_commands(database):
        return database[COLLECTION]
    return database.get_collection(COLLECTION, write_concern=DURABLE)


def _standby(document: Mapping[str, Any]) -> Standby:
    return Standby(str(document.get("database_id", "")), str(document.get("database", "")),
                   str(document.get("label", "")), str(document.get("source", "")),
                   datetime.fromisoformat(str(document["since"])))
