"""What is wrong with an installation now, from its folder, its database and its disks."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pymongo.database import Database
from pymongo.errors import PyMongoError

from backup_engine import api
from backup_engine.api import BackupError
from equipment.messages.entries import reason_in
from equipment.messages.troubles import Trouble
from equipment.messages.wording import moment
from equipment.settings import Settings
from equipment.store import messages as stored

__all__ = ["DRILLED", "Found", "Place", "look"]

log = logging.getLogger(__name__)
DRILLED = 3
"""The level of a check that was a restore drill."""


@dataclass(frozen=True)
class Place:
    """What is looked at, and when it was first looked at."""

    scheduler: api.Scheduler
    settings: Settings
    first: datetime

    @property
    def workspace(self) -> api.Workspace:
        """The engine's."""
        return self.scheduler.workspace


@dataclass(frozen=True)
class Found:
    """What is wrong, and the kinds of which nothing can be said at present."""

    troubles: tuple[Trouble, ...]
    unknown: frozenset[str]


def look(
    place: Place, database: Database[dict[str, Any]] | None, failing: tuple[tuple[str, str], ...], now: datetime
) -> Found:
    """Look at everything. ``failing`` is what Activity tells: backups and drills that failed."""
    looks: dict[str, Callable[[], Iterator[Trouble]]] = {
        "overdue": lambda: _overdue(place, now), "verify": lambda: _damaged(place),
        "retention": lambda: _retention(place), "disk": lambda: _disk(place),
    }
    troubles, unknown = list[Trouble](), set[str]()
    if database is None:
        # why backups, uploads and drills fail now is said by this one
        troubles.append(Trouble("database"))
        unknown |= {"backup", "drill", "upload", "sign_up"}
    else:
        alive = database
        looks |= {"upload": lambda: _uploads(place), "sign_up": lambda: _sign_ups(alive)}
        troubles += [Trouble(kind, "", why) for kind, why in failing]
    for kind, ask in looks.items():
        try:
            troubles += ask()
        except (BackupError, PyMongoError) as problem:
            log.info("nothing can be said of %s: %s", kind, problem)
            unknown.add(kind)
        except Exception:  # a fault in one look must not keep the others from being told
            log.exception("looking at %s failed", kind)
            unknown.add(kind)
    return Found(tuple(troubles), frozenset(unknown))


def _overdue(place: Place, now: datetime) -> Iterator[Trouble]:
    ws = place.workspace
    newest = ws.catalog.newest_good(api.owner_seen(ws).owns)
    schedule = place.scheduler.preferences.backups
    last = newest.started if newest is not None else place.first
    if now - last > 2 * schedule.gap(now):
        words = f"The newest good one began at {moment(last, now)}" if newest is not None else "There is none at all"
        yield Trouble("overdue", "", f"{words}; the schedule is {schedule.words}.")


def _damaged(place: Place) -> Iterator[Trouble]:
    ws = place.workspace
    bad = {name for name, check in api.checks(ws.storage).items() if not check.ok and check.level < DRILLED}
    owner = api.owner_seen(ws)
    sets = [backup for backup in owner.at_hand(ws.catalog.sets(fresh=False))
            if backup.state == "damaged" or backup.backup_id in bad]
    if sets:
        yield Trouble("verify", "", f"{_backups(len(sets))}; the newest of them is {sets[-1].label}.")


def _retention(place: Place) -> Iterator[Trouble]:
    ws = place.workspace
    if ws.catalog.newest_good(api.owner_seen(ws).owns) is None:
        return  # before the first good backup it has nothing to measure from, and nothing to delete
    if api.retention_halted(ws):  # the reason may name files
        yield Trouble("retention", "", "Nothing is deleted until an administrator has looked.")


def _disk(place: Place) -> Iterator[Trouble]:
    room = place.workspace.look_at_room()
    if room is not None and room.short:
        yield Trouble("disk", "", f"{room.free / 1e6:,.0f} MB are free for the database, "
                                  f"{room.least / 1e6:,.0f} MB are needed.")
        return
    free, least = place.workspace.storage.free_bytes(), place.settings.min_free_mb * 1_000_000
    if free is not None and free < least:
        yield Trouble("disk", "", f"{free / 1e6:,.0f} MB are free for backups, {least / 1e6:,.0f} MB should be.")


def _uploads(place: Place) -> Iterator[Trouble]:
    for standing in api.remote_standings(place.workspace):
        if standing.state == "trouble":
            why = reason_in(standing.line.problem or "Remote storage failed").replace(
                "Activity has the rest", "Auto Backup has the rest")
            yield Trouble("upload", standing.name, f"{_backups(len(standing.waiting))} waiting. {why}")


def _sign_ups(database: Database[dict[str, Any]]) -> Iterator[Trouble]:
    if count := stored.waiting_sign_ups(database):
        yield Trouble("sign_up", "", f"{count:,} {'person waits' if count == 1 else 'people wait'}.")


def _backups(count: int) -> str:
    return f"{count:,} backup{'' if count == 1 else 's'}"
