"""The restores, merges and undos of this database as the engine's journal has them, and the one that can be undone."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import datetime

from pymongo.errors import PyMongoError

from backup_engine import api
from backup_engine.api import BackupSet, DatabaseUnreachable, Past
from equipment.backups import Backups, Caller

__all__ = ["Last", "last", "past"]

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Last:
    """The last operation that changed the list, which Undo takes back."""

    safety: BackupSet
    """What it would bring back."""
    keys: tuple[str, ...]
    kind: str = ""
    """``replace``, ``merge`` or ``undo``; empty where only the folder tells, with the database down."""
    label: str = ""
    """The set it was made from."""
    started: datetime | None = None
    actor: str = ""

    @property
    def is_undo(self) -> bool:
        """Whether taking it back is a redo."""
        return self.kind == "undo"


def past(backups: Backups, caller: Caller) -> list[Past]:
    """Give all of them, the last one first. Raises ``DatabaseUnreachable``."""
    caller.check("backup.see")
    return api.past(backups.workspace(caller).connect())


def last(backups: Backups, caller: Caller) -> Last | None:
    """Give the last one; None where there is none, or its safety set is gone. Works with the database down."""
    safety = backups.undoable()
    if safety is None:
        return None
    try:
        entries = past(backups, caller)
    except (DatabaseUnreachable, PyMongoError) as problem:
        log.info("the journal of restores cannot be read: %s", problem)
        entries = []
    entry = entries[0].entry if entries else None
    if entry is None or entry.safety != safety.backup_id:
        return Last(safety, tuple(safety.parts))
    return Last(safety, entry.keys, entry.kind, entry.label, entry.started, entry.actor)
