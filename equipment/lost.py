"""Lost & found for the screens: records that are in some backup, but neither in the list nor in the trash."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from backup_engine import api
from backup_engine.api import Lost, Watch
from equipment.backups import LIST, Backups, Caller
from equipment.jobs import Job
from equipment.store import activity
from equipment.store.list import listing, records, trash

__all__ = ["bring_back", "find"]


def find(backups: Backups, caller: Caller, *, kind: str, about: Any = None) -> Job:
    """Start to read every set in the backup folder for such equipment records; the result is a list of ``Lost``."""
    caller.check("backup.restore")

    def work(watch: Watch) -> list[Lost]:
        ws = backups.workspace(caller)
        return api.lost_and_found(ws, LIST, present=trash.documents(ws.connect()), watch=watch)

    return backups.jobs.start(kind, "Lost & found", caller.name, work, about=about)


@activity.one_deed()
def bring_back(backups: Backups, caller: Caller, chosen: Sequence[Lost]) -> int:
    """Put lost records back as they were; gives how many. One that is there again stays as it is."""
    caller.check("backup.restore")
    ws = backups.workspace(caller)
    database, changes = ws.connect(), [api.Change(None, lost.document) for lost in chosen]
    log_to = records.log_changes(database, caller.who, "records.bring_back", "lost & found")
    applied = api.apply_changes(database[ws.source(LIST).collection], changes, also=log_to)
    listing.wrote(database)
    backups.risk.forget()
    return sum(outcome.written for outcome in applied)
