"""The choices admins make about automatic backups, shared by every process through MongoDB."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from pymongo.database import Database

from backup_engine.policy.due import check_interval

COLLECTION = "backup_restore_state"
DOCUMENT = "preferences"
NAMES = ("interval_hours", "automatic", "drill_every_days", "continuous")


@dataclass(frozen=True)
class Preferences:
    """How often, whether at all, and how often a restore is rehearsed."""

    interval_hours: float = 1.0
    automatic: bool = True
    drill_every_days: float = 7.0
    """Days between two restore drills; 0 switches them off."""
    continuous: bool = False
    """Whether a backup is made within a minute of every change."""


def load(database: Database[dict[str, Any]], defaults: Preferences) -> Preferences:
    """Give the stored preferences, with the defaults for whatever nobody has set."""
    stored = database[COLLECTION].find_one({"_id": DOCUMENT}) or {}
    known = {name: stored[name] for name in NAMES if name in stored}
    return replace(defaults, **known)


def save(database: Database[dict[str, Any]], **changes: Any) -> None:
    """Store preferences by name. Raises ``BadInput`` for an interval outside its bounds."""
    if "interval_hours" in changes:
        changes["interval_hours"] = check_interval(changes["interval_hours"])
    database[COLLECTION].update_one({"_id": DOCUMENT}, {"$set": changes}, upsert=True)


def seed(database: Database[dict[str, Any]], interval_hours: float) -> None:
    """Set the interval unless somebody has set one already."""
    chosen = check_interval(interval_hours)
    state = database[COLLECTION]
    if "interval_hours" not in (state.find_one({"_id": DOCUMENT}) or {}):
        state.update_one({"_id": DOCUMENT}, {"$set": {"interval_hours": chosen}}, upsert=True)
