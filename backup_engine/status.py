"""How the backups stand, from the folder alone: works with the database down."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

from backup_engine.model import BackupSet, Room
from backup_engine.ownership import lookup
from backup_engine.ownership.owner import Question
from backup_engine.ownership.standby import Standby
from backup_engine.repository import companions
from backup_engine.workspace import Workspace

WINDOW = timedelta(days=7)


@dataclass(frozen=True)
class Status:
    """The state of one folder of backups; ages and gaps as time spans, free space in bytes."""

    last: BackupSet | None
    age: timedelta | None
    total: int
    today: int
    damaged: int
    longest_gap: timedelta | None
    """Longest time without a backup within the last 7 days, the present gap included; None without any set."""
    free_bytes: int | None
    foreign: int = 0
    """Sets of other databases in the folder; they count for nothing else here."""
    question: Question | None = None
    """What an administrator has to say before everything goes on as usual."""
    standby: Standby | None = None
    """Whose copy this is, while it does not act as the original: as last heard of the database."""
    application: str = ""
    """Why the application's own data that was saved with the last set cannot be relied on; empty when it can."""
    room: Room | None = None
    """The disk under the database, where that can be seen."""


def status(ws: Workspace) -> Status:
    """Read the folder and say how things stand."""
    now = ws.clock()
    everything = ws.catalog.sets(fresh=False)
    owner = lookup.shown(ws)
    sets = owner.at_hand(everything)
    usable = [backup for backup in sets if backup.usable]
    last = ws.catalog.last(owner.owns, fresh=False, continuous=True)
    return Status(
        last=last,
        age=now - last.started if last else None,
        total=len(usable),
        today=sum(backup.started.astimezone(now.tzinfo).date() == now.date() for backup in usable),
        damaged=sum(backup.state == "damaged" for backup in sets),
        longest_gap=longest_gap([backup.started for backup in usable], now),
        free_bytes=ws.storage.free_bytes(),
        foreign=len(everything) - len(sets),
        question=owner.question,
        standby=owner.standby,
        application=companions.trouble(ws, last) if last else "",
        room=ws.look_at_room(),
    )


def longest_gap(moments: Sequence[datetime], now: datetime) -> timedelta | None:
    """Give the longest span without a backup in the last 7 days.

    A gap that began before the window counts from the window's start; a young history from its first backup.
    """
    if not moments:
        return None
    begin = now - WINDOW
    ordered = sorted(moment for moment in moments if moment <= now)
    inside = [moment for moment in ordered if moment > begin]
    edges = ([begin] if len(inside) < len(ordered) else []) + inside + [now]
    return max((later - earlier for earlier, later in pairwise(edges)), default=timedelta(0))
