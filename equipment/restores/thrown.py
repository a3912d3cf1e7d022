"""The last deletion that the trash still holds: nothing has to be restored for that."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from pymongo.errors import PyMongoError

from backup_engine.errors import BackupError
from equipment.backups import Backups, Caller
from equipment.store.list import trash

__all__ = ["RECENT", "Brought", "bring_back", "newest"]

RECENT = timedelta(days=7)
"""Older deletions are no longer what somebody who opens Restore Data has just noticed."""


@dataclass(frozen=True)
class Brought:
    """What came of bringing records back."""

    back: int
    left: int
    """Records that stay in the trash, such as those whose place in the list is taken."""


def newest(backups: Backups, caller: Caller) -> trash.Deletion | None:
    """Give the last deletion of the last days, as far as its records are not in the list; None without one.

    None also for whoever is at this screen in another app: its people have no accounts here.
    """
    caller.check("backup.see")
    if not caller.own_app:
        return None
    try:
        found = trash.last_deletion(backups.workspace(caller).connect())
    except (BackupError, PyMongoError):
        return None  # with the database down the backups are shown all the same
    return found if found is not None and backups.now() - found.at < RECENT else None


def bring_back(backups: Backups, caller: Caller, deletion: trash.Deletion) -> Brought:
    """Put its records back into the list. Raises ``AdminOnly`` and what the database says."""
    caller.check("backup.restore")
    saved = trash.bring_back(backups.workspace(caller).connect(), caller.who, deletion.numbers)
    backups.risk.forget()
    back = sum(each.status in ("inserted", "unchanged") for each in saved)
    return Brought(back, len(saved) - back)
