"""What continuous protection could not do: a note in the state folder, for every process that shows it.

Losing it costs no set. A damaged note reads as an empty one.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any

from backup_engine.errors import BackupError
from backup_engine.repository.notes import Note
from backup_engine.storage.base import Storage

__all__ = ["Hole", "Protection", "add", "begins", "ends", "read", "trouble"]

log = logging.getLogger(__name__)
KEPT = 20


@dataclass(frozen=True)
class Hole:
    """A stretch of time whose states no backup may have: from the set before it to the full one that closed it."""

    since: datetime
    until: datetime
    why: str


@dataclass(frozen=True)
class Protection:
    """How continuous protection has been going."""

    began: datetime | None = None
    """When it was switched on; None while it is off."""
    trouble: str = ""
    """Why it cannot protect this list, in sentences; empty when it can."""
    holes: tuple[Hole, ...] = ()
    """The last ones, oldest first."""


def read(storage: Storage) -> Protection:
    """Give what is noted."""
    return _note.read_anyway(storage)


def begins(storage: Storage, now: datetime) -> datetime:
    """Note that it is on, if that is new; gives since when."""
    noted = read(storage)
    # in the future: the clock went back
    if noted.began is None or noted.began > now:
        _write(storage, replace(noted, began=now))
        return now
    return noted.began


def ends(storage: Storage) -> None:
    """Note that it is off, if that is new."""
    noted = read(storage)
    if noted.began is not None or noted.trouble:
        _write(storage, replace(noted, began=None, trouble=""))


def trouble(storage: Storage, words: str) -> bool:
    """Note what is in the way, or that nothing is; says whether that is new."""
    noted = read(storage)
    if noted.trouble == words:
        return False
    _write(storage, replace(noted, trouble=words))
    return True


def add(storage: Storage, hole: Hole) -> None:
    """Note a hole."""
    noted = read(storage)
    _write(storage, replace(noted, holes=(*noted.holes, hole)[-KEPT:]))


def _write(storage: Storage, protection: Protection) -> None:
    try:
        _note.write(storage, asdict(protection))
    except BackupError as problem:
        log.warning("how continuous protection goes was not noted: %s", problem)


def _parsed(about: Mapping[str, Any]) -> Protection:
    began = about["began"]
    holes = tuple(Hole(_moment(each["since"]), _moment(each["until"]), str(each["why"])) for each in about["holes"])
    return Protection(None if began is None else _moment(began), str(about["trouble"]), holes)


def _moment(text: object) -> datetime:
    return datetime.fromisoformat(str(text)).astimezone()


_note: Note[Protection] = Note("continuous.json", _parsed, Protection)
