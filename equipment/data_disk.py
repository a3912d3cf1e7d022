"""How much is free on the disk of the data folder, and what must not be written while that is too little.

A full disk kills MongoDB at its next write, and then it does not even start: it needs room for its journal first. So
below a limit (``EQUIPMENT_MIN_FREE_MB``) the list takes no changes any more, while there still is some room. Asked anew
every time (a hundredth of a millisecond), so that room which is back counts at once, in every process.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pymongo
from pymongo.database import Database

from backup_engine.model import Room
from equipment.settings import Settings, get_settings

__all__ = ["START_NEEDS", "look", "require_room", "start_advice", "usage"]

START_NEEDS = 300_000_000
"""Bytes with which MongoDB starts after a crash for lack of room, whatever state its journal of 100 MB files is in.

Tried on a disk of 500 MB: with up to 130 MB free MongoDB 6.0 did not start, and took up to 210 MB for its recovery.
"""


def look(settings: Settings) -> Room | None:
    """Ask the disk; None where MongoDB keeps its files elsewhere, or the mount does not say."""
    if settings.mongodb_uri is not None or not settings.embedded_database:
        return None
    told = usage(settings.data_folder)
    return Room(str(settings.data_folder), told.free, settings.min_free_mb * 1_000_000) if told else None


def start_advice(folder: Path) -> str:
    """Say how much is free and how much must be, where that is too little for MongoDB to start; else nothing."""
    told = usage(folder)
    if told is None or told.free >= START_NEEDS:
        return ""
    free = told.free
    return (f"{free / 1e6:,.0f} MB are free on the disk of the data folder {folder}, and MongoDB needs "
            f"{START_NEEDS / 1e6:,.0f} MB to start. Free {max(1, round((START_NEEDS - free) / 1e6)):,} MB there.")


def require_room(db: Database[dict[str, Any]]) -> None:
    """Raise ``NoSpace`` while the list takes no changes. Asked before every change of the list, and between batches."""
    if isinstance(db.client, pymongo.MongoClient):  # the stand-in in memory has no disk
        room = look(get_settings())
        if room is not None and room.short:
            raise room.refusal()


def _is_there(path: Path) -> bool:
    try:
        return path.exists()
    except OSError:  # a name that is too long for any disk
        return False


def usage(folder: Path) -> Any:
    """Ask the disk of a folder, whether that is there yet or not, for ``total`` and ``free`` bytes; None where it does
    not say."""
    place = next((path for path in (folder, *folder.parents) if _is_there(path)), None)
    told = shutil.disk_usage(place) if place else None
    # FUSE programs that count nothing answer zeros; a full disk still has a size.
    return told if told and told.total else None
