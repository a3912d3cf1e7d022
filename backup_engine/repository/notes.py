"""A small JSON file in the state folder: what a run wants to remember, and can do without.

Anybody may have edited, cut or deleted it, so reading it never fails for what it holds. A note that is no note any more
reads as one that was never written, and the next ``write`` replaces it.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar

from bson.errors import BSONError

from backup_engine.errors import BackupError, BackupFileNotFound
from backup_engine.repository import strict_json
from backup_engine.storage.base import STATE, Storage
from backup_engine.storage.disk_errors import disk_errors

__all__ = ["Note"]

log = logging.getLogger(__name__)
MAX_BYTES = 16 << 20
"""The longest note, the ledger, has 150 bytes a set. In its place may lie anything, of any size."""
T = TypeVar("T")

DAMAGE = (ValueError, LookupError, TypeError, AttributeError, ArithmeticError, RecursionError, BSONError)
"""What ``parse`` raises for a value that is not what it expects. Arithmetic: a moment beside year 1 or 9999."""


@dataclass(frozen=True)
class Note(Generic[T]):
    """One note: the name of its file, how its JSON value is understood, and what counts when there is none.

    ``parse`` may trip over a wrong value in any way (``DAMAGE``); ``empty`` makes the value of an absent note.
    """

    name: str
    parse: Callable[[Any], T]
    empty: Callable[[], T]

    def read(self, storage: Storage) -> T:
        """Give what it says, or the empty value when it is missing or damaged. Raises what the storage raises."""
        try:
            with storage.open(STATE, self.name) as file, disk_errors(f"{STATE}/{self.name}"):
                raw = file.read(MAX_BYTES + 1)
        except BackupFileNotFound:
            return self.empty()
        try:
            if len(raw) > MAX_BYTES:
                raise ValueError("it is too large")
            return self.parse(strict_json.loads(raw.decode()))
        except DAMAGE as damage:
            log.info("%s counts as missing: %s", self.name, str(damage) or type(damage).__name__)
            return self.empty()

    def read_anyway(self, storage: Storage) -> T:
        """Give the empty value, too, when the storage does not let it be read: for what works as well without."""
        try:
            return self.read(storage)
        except BackupError as error:
            log.info("%s counts as missing: %s", self.name, error)
            return self.empty()

    def write(self, storage: Storage, value: Any, *, exclusive: bool = False) -> None:
        """Replace it by a JSON value, which may hold moments, in one form whatever the order of its keys.

        ``exclusive`` raises ``FileExistsError`` when it is there. Raises what the storage raises.
        """
        text = json.dumps(value, default=_moment, sort_keys=True, separators=(",", ":"), allow_nan=False)
        storage.put(STATE, self.name, text.encode(), exclusive=exclusive)

    def delete(self, storage: Storage) -> None:
        """Take it away; nothing happens when it is gone."""
        storage.delete(STATE, self.name)


def _moment(value: object) -> str:
    if isinstance(value, datetime):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} has no place in a note")
