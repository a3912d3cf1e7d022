"""A recovered copy stands by: it does not act as the original until an administrator says so.

While it stands by nothing is made, sent, cleared away or reported by itself, and remotes are only read; otherwise the
copy on a test bench would prune, overtake or answer for the installation that is still at work. One document in
``backup_restore_state``, which is never part of a backup, so that a copy of a copy stands by as well; and a note of it
in the folder, for commands that do not ask the database.
"""

from __future__ import annotations

import hashlib
import logging
import socket
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from pymongo.collection import Collection
from pymongo.database import Database

from backup_engine.errors import BackupError, StandingBy
from backup_engine.model import BackupSet
from backup_engine.mongo.capabilities import answers_commands, database_errors
from backup_engine.mongo.pinned import DURABLE
from backup_engine.repository.notes import Note
from backup_engine.storage.base import Storage

__all__ = ["Standby", "enter", "keep_noted", "leave", "noted", "read", "require_acting"]

log = logging.getLogger(__name__)
COLLECTION = "backup_restore_state"
DOCUMENT = "recovered"
HINT = ("When the original is no more, or no longer makes backups, let this copy act: on the Backup & Restore page, or "
        "with the command activate.")
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

    @property
    def refusal(self) -> StandingBy:
        """What is raised where something is asked of it that only the original may do."""
        return StandingBy(f"{self.words}.", hint=HINT)


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
        raise standby.refusal


def noted(storage: Storage, database: str) -> Standby | None:
    """What was last noted in the folder of the database of that name; None as well when there is no note."""
    return _note(database).read_anyway(storage)


def keep_noted(storage: Storage, database: str, standby: Standby | None) -> None:
    """Let the note in the folder say what the database says. A folder that can only be read keeps its own."""
    if noted(storage, database) == standby:
        return
    try:
        if standby is None:
            _note(database).delete(storage)
        else:
            _note(database).write(storage, asdict(standby))
    except BackupError as refusal:
        log.info("that the database stands by, or no longer does, is not noted in the folder: %s", refusal)


def _note(database: str) -> Note[Standby | None]:
    # of this host: the original may keep its backups in the same folder, under the same name, and is no copy
    whose = hashlib.sha256(f"{database}\0{socket.gethostname()}".encode()).hexdigest()
    return Note(f"standby_{whose[:16]}.json", _standby, lambda: None)


def _state(database: Database[Doc]) -> Collection[Doc]:
    if not answers_commands(database):
        return database[COLLECTION]
    return database.get_collection(COLLECTION, write_concern=DURABLE)


def _standby(document: Mapping[str, Any]) -> Standby:
    return Standby(str(document.get("database_id", "")), str(document.get("database", "")),
                   str(document.get("label", "")), str(document.get("source", "")),
                   datetime.fromisoformat(str(document["since"])))
