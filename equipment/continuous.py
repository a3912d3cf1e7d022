"""Continuous protection for the screens: who may switch it, what is at risk, and the backup of any minute."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from backup_engine import api
from backup_engine.api import BackupSet, Hole, Loss
from equipment import schedules
from equipment.backups import Backups, Caller

__all__ = ["State", "acts", "at", "at_risk", "state", "switch"]


@dataclass(frozen=True)
class State:
    """How continuous protection goes."""

    on: bool
    given: str
    """The option that decides it; empty where it is switched on the page."""
    trouble: str
    """Why it cannot protect this list, in sentences; empty when it can, and while it is off."""
    last: BackupSet | None
    """The newest backup that it made."""
    holes: tuple[Hole, ...]
    """Stretches of time it has missed, newest first."""


def state(backups: Backups, caller: Caller) -> State:
    """Say how it goes, from the folder and what was last heard of the database."""
    caller.check("backup.see")
    noted = api.protection(backups.engine.workspace.storage)
    last = next((backup for backup in backups.sets(caller) if backup.trigger == "continuous"), None)
    stands = schedules.shown(backups, caller)
    on = stands.preferences.continuous
    given = stands.given.get("continuous", "")
    return State(on, given, noted.trouble if on else "", last, tuple(reversed(noted.holes)))


def switch(backups: Backups, caller: Caller, on: bool) -> None:
    """Switch it on or off. Raises ``AdminOnly``, and ``BadInput`` where an option decides."""
    schedules.change(backups, caller, continuous=on)


def at_risk(backups: Backups) -> Loss | None:
    """What would be lost if this disk died now; None while nothing is protected continuously, or nobody knows."""
    return backups.risk.loss() if acts(backups) else None


def acts(backups: Backups) -> bool:
    """Whether every change is backed up within a minute now: it is switched on, and nothing keeps it from that."""
    scheduler = backups.scheduler
    on = scheduler.preferences.continuous and scheduler.preferences.automatic and scheduler.standby is None
    return on and not api.protection(backups.engine.workspace.storage).trouble


def at(backups: Backups, caller: Caller, sets: Iterable[BackupSet], moment: datetime) -> BackupSet:
    """Give the newest good one of these sets at a moment or before. Raises ``NoBackupsFound``."""
    caller.check("backup.see")
    return api.newest_at(sets, moment, api.bad(backups.checks()))
