"""What is done by itself, by which schedule, and when next: for people who ask before the time has come."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pymongo.database import Database

from backup_engine.ownership import lookup
from backup_engine.policy.schedule import Schedule
from backup_engine.remotes import registry
from backup_engine.repository import ledger
from backup_engine.scheduling import rounds
from backup_engine.scheduling.preferences import Preferences
from backup_engine.workspace import Workspace

__all__ = ["Planned", "outlook"]


@dataclass(frozen=True)
class Planned:
    """One thing that is done by itself."""

    what: str
    """``backups``, ``remote NAME``, ``verification``, ``restore drill``."""
    words: str
    """By which schedule: ``every hour``, ``at 02:30 every day (Europe/Berlin)``."""
    preference: str
    """The name of the preference that decides."""
    times: tuple[datetime, ...] = ()
    """When next (UTC), the first of them now where it is due; none where it follows something else, or is off."""


def outlook(ws: Workspace, database: Database[dict[str, Any]], wanted: Preferences, count: int = 3) -> list[Planned]:
    """Give what these preferences come to. While automatic backups are off no backup has a time.

    Raises ``DatabaseUnreachable``: which remotes there are stands in the database.
    """
    now, last = ws.clock(), ws.catalog.last(lookup.seen(ws).owns)
    made = wanted.backups.coming(last.started if last else None, now, count) if wanted.automatic else []
    return [
        Planned("backups", wanted.backups.words, "backup_cron" if wanted.backup_cron else "interval_hours",
                tuple(made)),
        *(_sent(ws, name, wanted.sending(name), count) for name in registry.known(ws, database)),
        Planned("verification", wanted.verification.words if wanted.verify_cron else "every day", "verify_cron",
                tuple(wanted.verification.coming(rounds.last(ws.storage, "verify"), now, count))),
        *_rehearsed(ws, wanted, count),
    ]


def _sent(ws: Workspace, name: str, schedule: Schedule | None, count: int) -> Planned:
    if schedule is None:
        return Planned(f"remote {name}", "after every backup", "remote_crons")
    times = schedule.coming(rounds.last(ws.storage, f"remote {name}"), ws.clock(), count)
    return Planned(f"remote {name}", schedule.words, "remote_crons", tuple(times))


def _rehearsed(ws: Workspace, wanted: Preferences, count: int) -> Iterator[Planned]:
    drills = wanted.drills
    if drills is None:
        yield Planned("restore drill", "off", "drill_every_days")
        return
    days = wanted.drill_every_days
    words = drills.words if drills.cron else "every day" if days == 1 else f"every {days:g} days"
    times = drills.coming(ledger.last_drill(ws), ws.clock(), count)
    yield Planned("restore drill", words, "drill_cron" if drills.cron else "drill_every_days", tuple(times))
