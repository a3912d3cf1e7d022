"""The files of this installation: its Python, its program, its settings file, its account."""

from __future__ import annotations

import os
import sys
from datetime import datetime, timedelta
from pathlib import Path

from backup_engine.api import Schedule, system_user
from equipment.server.database import Choice
from equipment.settings import ROOT, Settings, file_of, home
from equipment.unattended import timers
from equipment.unattended.timers import Text

__all__ = ["COMMAND", "files", "minutes_for"]

COMMAND = "backup_csv_for_db_restore.py"
STEPS = ((timedelta(minutes=45), timers.MINUTES), (timedelta(minutes=15), 5))
"""How often to ask whether something is due, where so much passes between two backups; else each minute.
All divide the hour, as cron and systemd want it."""


def minutes_for(schedule: Schedule, now: datetime) -> int:
    """Say how often the system has to ask, so that a schedule is kept to a third of its pauses."""
    gap = schedule.gap(now)
    return next((minutes for least, minutes in STEPS if gap >= least), 1)


def files(
    settings: Settings, choice: Choice, *, settings_file: Path | None = None, minutes: int = timers.MINUTES
) -> list[Text]:
    """Give the files of this installation; they read ``settings_file``, by default that of the data folder.

    Raises ``BadInput`` for paths that no file can carry.
    """
    read = (settings_file or file_of(settings)).absolute()
    command = (sys.executable, str(ROOT / COMMAND), "--settings", str(read))
    return timers.texts(command, folder=str(home(settings.home)), user=_user(), minutes=minutes,
                        search_path=_search_path() if choice is Choice.PATH else "",
                        own_server=choice in (Choice.EMBEDDED, Choice.PATH))


def _search_path() -> str:
    """The PATH on which a mongod is found that an empty environment would not find."""
    from equipment.server.embedded import path_binary  # here: Windows has no such module

    binary = path_binary()
    # In an empty environment a program is looked for in these folders only.
    usual = os.defpath.split(os.pathsep)
    return os.pathsep.join((str(binary.parent), *usual)) if binary and str(binary.parent) not in usual else ""


def _user() -> str:
    return system_user() or (str(os.getuid()) if hasattr(os, "getuid") else "")
