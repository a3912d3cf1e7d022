"""The schedule that counts: what is done by itself, who decided so, and when next."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pymongo.database import Database

from backup_engine import api
from backup_engine.api import Preferences, Workspace
from equipment.schedules import OPTIONS
from equipment.settings import Settings, option_name

__all__ = ["Line", "in_force"]

SWITCHES = {"automatic": "automatic backups", "continuous": "continuous protection"}


@dataclass(frozen=True)
class Line:
    """One thing that is done by itself, or a switch."""

    what: str
    words: str
    source: str
    """Who decided so: an option by its name, a person with the moment, or the default."""
    times: tuple[datetime, ...] = ()
    """When next (UTC)."""


def in_force(
    ws: Workspace, database: Database[dict[str, Any]], settings: Settings, wanted: Preferences
) -> list[Line]:
    """Give everything, switches first. Raises ``DatabaseUnreachable``."""
    given = _told_in(ws.schedules)
    zone = wanted.time_zone or f"{api.machine_zone()} (this machine's)"
    return [
        *(Line(words, "on" if getattr(wanted, name) else "off", _source(name, wanted, given, settings))
          for name, words in SWITCHES.items()),
        Line("time zone of cron texts", zone, _source("time_zone", wanted, given, settings)),
        *(Line(each.what, each.words, _source(each.preference, wanted, given, settings), each.times)
          for each in api.outlook(ws, database, wanted)),
    ]


def _told_in(schedules: Mapping[str, str]) -> Mapping[str, str]:
    """Say which preferences an option decides, and its name."""
    return {api.SCHEDULES[name]: OPTIONS[api.SCHEDULES[name]] for name, text in schedules.items() if text}


def _source(name: str, wanted: Preferences, given: Mapping[str, str], settings: Settings) -> str:
    if name in given:
        return given[name]
    if name in wanted.changed:
        change = wanted.changed[name]
        return f"{change.by or 'somebody'} on {change.at.astimezone():%Y-%m-%d %H:%M}"
    if name == "interval_hours" and wanted.interval_hours != settings.backup_interval_hours:
        return "stored in the database"
    if name == "interval_hours" and "backup_interval_hours" in settings.model_fields_set:
        return option_name("backup_interval_hours")
    return "default"
