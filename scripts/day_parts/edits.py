"""The changes of a day: what people do to the list, when, and which of it every set holds.

The change stream is that of the real server, whose clock nobody turns; when the first change came that a set does not
hold is said here in its place.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from typing import Any, Final
from unittest.mock import patch

from bson import decode
from pymongo.database import Database

from backup_engine.api import BackupSet
from backup_engine.making import following
from backup_engine.making.resume_tokens import Followed
from backup_engine.records.raw import documents_of
from backup_engine.repository import contents
from backup_engine.workspace import Workspace
from scripts.day_parts.clock import Clock

__all__ = ["LIST", "RECORDS", "Edits"]

RECORDS: Final = 200
LIST: Final = "equipment"


class Edits:
    """Every change has a number; the record holds that of its last one."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.at: list[datetime] = []
        """When each change was made (UTC)."""
        self._stands: dict[str, int] = {}

    def fill(self, database: Database[dict[str, Any]]) -> None:
        """Make the list."""
        database["Equipment"].insert_many(
            [{"_id": number, "ID": number, "Location": "Lab", "Edit": 0} for number in range(RECORDS)])

    def edit(self, database: Database[dict[str, Any]]) -> None:
        """Change one record."""
        number = len(self.at) + 1
        database["Equipment"].update_one({"_id": number % RECORDS}, {"$set": {"Edit": number}})
        self.at.append(self._clock.true)

    def stand(self, sets: Iterable[BackupSet]) -> None:
        """Note which changes there were when these sets were made, unless that is known: all until now."""
        for backup in sets:
            self._stands.setdefault(backup.backup_id, len(self.at))

    def missing(self, ws: Workspace, backup: BackupSet) -> str:
        """Read a set; say what of the changes that there were when it was made it does not hold."""
        found = {int(record["_id"]): int(record["Edit"]) for batch in contents.documents(ws, backup, LIST)
                 for record in map(decode, documents_of(batch))}
        until = self._stands[backup.backup_id]
        wanted = {number: max(range(number, until + 1, RECORDS), default=0) for number in range(RECORDS)}
        return "" if found == wanted else f"{backup.label} does not hold the list as it was"

    def holds(self, backup: BackupSet) -> int:
        """The number of the last change that there was when a set was made."""
        return self._stands[backup.backup_id]

    @contextmanager
    def followed(self) -> Iterator[None]:
        """Let the change stream say when the first change was made by the clock of the day."""
        since = following.since

        def told(ws: Workspace, database: Database[dict[str, Any]], backup: BackupSet, limit: int) -> Followed:
            found, held = since(ws, database, backup, limit), self._stands.get(backup.backup_id, 0)
            now = int(self._clock.true.timestamp())
            if found.first is None or held >= len(self.at):
                return replace(found, now=now)
            return replace(found, first=int(self.at[held].timestamp()), now=now)

        with patch.object(following, "since", told):
            yield
