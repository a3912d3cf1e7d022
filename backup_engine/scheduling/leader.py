"""Who keeps the schedule: one process per database, whatever the number of servers and hosts.

A lease of its own beside that of the locks, renewed by a thread of its own, so that a backup of ten minutes costs
nobody the schedule. It is asked for at every tick: who has it and dies is succeeded when it lapses, after a minute on
the *server's* clock, and who stops gives it back.

It saves work and doubled messages, and protects nothing: should two hosts keep the schedule at once, as after a network
split, whether a backup is due is still asked again under the engine's locks. So whoever cannot write the database, or
could not hear who has the schedule, keeps it by itself rather than leave it to nobody.
"""

from __future__ import annotations

import logging
import os
import threading
from typing import Any

from pymongo.database import Database

from backup_engine.errors import Busy, NoMajority, PermissionDenied
from backup_engine.locking.lease import Holder, Lease, Terms
from backup_engine.mongo.capabilities import answers_commands

__all__ = ["DOCUMENT", "Leader"]

log = logging.getLogger(__name__)
DOCUMENT = "schedule_lease"
TERMS = Terms()


class Leader:
    """This process's part in it."""

    def __init__(self, place: str, terms: Terms | None = None) -> None:
        """``place`` is the backup folder, for people who look at the lease."""
        self._place = place
        self._terms = terms or TERMS
        self._lease: Lease | None = None
        self._alone = ""
        """Why this process keeps the schedule without a lease."""
        self._other: dict[str, Any] = {}
        """The lease of whoever keeps it, when that is another process."""
        self.asked = 0
        """How often it was asked for."""

    @property
    def leads(self) -> bool:
        """Whether this process keeps the schedule, as last heard."""
        return self._lease is not None or bool(self._alone)

    @property
    def words(self) -> str:
        """Who keeps the schedule, as last heard; empty before the first word."""
        if self._lease is not None:
            return "This server keeps the schedule"
        if self._alone:
            return f"This server keeps the schedule by itself: {self._alone}"
        if not self._other:
            return ""
        return f"{self._other.get('host', 'Another host')} (process {self._other.get('pid', '?')}) keeps the schedule"

    def ask(self, database: Database[dict[str, Any]]) -> bool:
        """Ask for the schedule, or whether it is still this process's. Raises ``DatabaseUnreachable``."""
        before = self.words
        self.asked += 1
        try:
            self._hear(database)
        except PermissionDenied:
            self._by_itself("the database user may only read, so others cannot be told")
        except NoMajority:
            self._by_itself("too few members of the replica set answer, so others cannot be told")
        self._told(before)
        return self.leads

    def unheard(self) -> None:
        """The database cannot be asked: keep the schedule by itself, unless another is known to have it."""
        if not self.leads and not self._other:
            before = self.words
            self._by_itself("the database cannot be asked who else does")
            self._told(before)

    def give_back(self, seconds: float = 5) -> None:
        """Let another have it at once. Waits so long for the server to be told; after that it lapses by itself."""
        lease, self._lease, self._alone = self._lease, None, ""
        if lease is None:
            return
        telling = threading.Thread(target=lease.release, name="backup-leader", daemon=True)
        telling.start()
        telling.join(seconds)

    def _hear(self, database: Database[dict[str, Any]]) -> None:
        if not answers_commands(database):  # a stand-in in memory, which is this process's alone
            self._by_itself("the database is in this process's memory")
            return
        if self._lease is not None:
            try:
                self._lease.check()
                return
            except Busy:  # it stood still until another took over, or the database was dropped
                self.give_back()
        holder = Holder("schedule", str(os.getpid()), place=self._place)
        answer = Lease.take(database, holder, locked=False, terms=self._terms, document=DOCUMENT)
        self._alone = ""
        if isinstance(answer, Lease):
            self._lease, self._other = answer, {}
        else:
            self._other = answer

    def _told(self, before: str) -> None:
        if self.words != before:
            log.info("%s", self.words)

    def _by_itself(self, why: str) -> None:
        if self._lease is not None:
            self.give_back()
        self._alone, self._other = why, {}
