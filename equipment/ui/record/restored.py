"""The part of a record's timeline that comes from restores, merges and undos of the whole list."""

from __future__ import annotations

from datetime import datetime

from backup_engine import api
from backup_engine.api import Past
from equipment.backups import LIST
from equipment.domain.history import Event
from equipment.store import moments
from equipment.store.access import require
from equipment.ui.context import App

__all__ = ["events"]

WHAT = {"replace": "The list was replaced by a backup", "merge": "A backup was merged into the list",
        "undo": "A restore was undone"}


def events(app: App, *, created: datetime | None) -> list[Event]:
    """Give what changed the list as a whole since the record was ``created``; None: as far as the journal goes back.

    Which records that touched is not told without reading two backups, so it stands in the history of each.
    """
    require(app.database, app.who, "records.read")
    found = [each for each in api.past(app.database) if LIST in each.entry.keys]
    return [_event(each) for each in found if created is None or moments.aware(each.entry.started) >= created]


def _event(each: Past) -> Event:
    numbers = (each.entry.counted or {}).get(LIST)
    said = "" if numbers is None else (f": {numbers['added']:,} added, {numbers['removed']:,} removed, "
                                       f"{numbers['changed']:,} changed in the whole list")
    undone = ", since undone" if each.undone else ""
    return Event(moments.aware(each.entry.started), each.entry.actor, WHAT.get(each.entry.kind, each.entry.kind),
                 f"Backup {each.entry.label}{said}{undone}.", source="restore")
