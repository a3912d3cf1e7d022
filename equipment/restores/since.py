"""What the list has lost since a backup, as far as two numbers tell without reading either."""

from __future__ import annotations

from pymongo.errors import PyMongoError

from backup_engine.api import BackupError, BackupSet
from equipment.backups import LIST, Backups, Caller

__all__ = ["records_now", "removed"]


def records_now(backups: Backups, caller: Caller) -> int | None:
    """Count the records of the list; None with the database down."""
    caller.check("backup.see")
    ws = backups.workspace(caller)
    try:
        return int(ws.connect()[ws.source(LIST).collection].estimated_document_count())
    except (BackupError, PyMongoError):
        return None


def removed(backup: BackupSet, now: int | None) -> int:
    """Give how many records were removed since the backup at least; more, where others were added as well."""
    held = backup.counts.get(LIST)
    return 0 if held is None or now is None else max(0, held - now)
