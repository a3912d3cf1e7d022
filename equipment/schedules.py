"""Schedules for the screens: when what is done by itself, who keeps the schedule, who may change it, and who did."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from backup_engine import api
from backup_engine.api import SCHEDULES, Preferences
from equipment.backups import Backups, Caller
from equipment.settings import option_name

__all__ = ["OPTIONS", "Shown", "change", "shown", "versions"]

OPTIONS = {
    SCHEDULES["backup"]: option_name("backup_schedule"), SCHEDULES["verify"]: option_name("backup_verify_schedule"),
    SCHEDULES["drill"]: option_name("backup_drill_schedule"), SCHEDULES["time_zone"]: option_name("backup_time_zone"),
    SCHEDULES["continuous"]: option_name("backup_continuous"),
}
"""The option that decides about a preference when it is given."""


@dataclass(frozen=True)
class Shown:
    """What counts now, as last heard."""

    preferences: Preferences
    given: Mapping[str, str]
    """Which preferences an option decides, and its name; the others are chosen on the page."""
    keeper: str
    """Which process keeps the schedule, in words."""


def shown(backups: Backups, caller: Caller) -> Shown:
    """Say what counts. Works with the database down, as it was last heard of."""
    caller.check("backup.see")
    scheduler = backups.scheduler
    given = {name: option for name, option in OPTIONS.items() if name in scheduler.given}
    return Shown(scheduler.preferences, given, scheduler.keeper)


def change(backups: Backups, caller: Caller, *, version: int | None = None, **changes: Any) -> Preferences:
    """Store preferences by name; gives what counts then.

    ``version`` is that of the preferences that were looked at. Raises ``AdminOnly``, ``BadInput`` for what cannot be
    used, for what an option decides, and when somebody else changed them meanwhile; ``DatabaseUnreachable``.
    """
    caller.check("backup.settings")
    before = backups.scheduler.refresh()
    after = backups.scheduler.change(by=caller.name, version=version, **changes)
    backups.note(caller, "backup.settings", "schedule", api.preference_changes(before, after))
    return after


def versions(backups: Backups, caller: Caller) -> list[api.Version]:
    """Give the last changes, newest first. Raises ``DatabaseUnreachable``."""
    caller.check("backup.see")
    return api.preference_versions(backups.workspace(caller).connect())
