"""Say who holds the lock of the database, and take it away from a holder that is dead.

Nothing waits for this: the kernel frees a file lock when its holder dies, and a lease lapses a minute after its last
heartbeat or counts for nothing when its date is impossible. It is for people who want to see that for themselves.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from backup_engine.deeds import told
from backup_engine.errors import Busy
from backup_engine.locking.file_lock import busy
from backup_engine.locking.lease import MARGIN_MILLISECONDS, Lease, Terms
from backup_engine.locking.locks import this_machine
from backup_engine.mongo.capabilities import answers_commands
from backup_engine.workspace import Workspace

__all__ = ["Holder", "Unlocked", "holder", "unlock"]


@dataclass(frozen=True)
class Holder:
    """Who has the lease; moments are naive UTC of the server's clock."""

    purpose: str
    host: str
    folder: str
    process: int | None
    since: datetime
    heartbeat: datetime
    now: datetime

    @property
    def silent(self) -> timedelta:
        """Time since the last heartbeat; negative when that is dated in the future."""
        return self.now - self.heartbeat

    @property
    def words(self) -> str:
        """Everything that is known, in one sentence."""
        process = f", process {self.process}" if self.process else ""
        heartbeat = (f"{self.silent.total_seconds():,.0f} s ago" if self.silent >= timedelta(0)
                     else f"dated {self.heartbeat:%Y-%m-%d %H:%M:%S} UTC, in the future")
        return (f"{self.purpose} on {self.host}{process}, folder {self.folder or 'unknown'}, since "
                f"{self.since:%Y-%m-%d %H:%M:%S} UTC, last heartbeat {heartbeat}")


@dataclass(frozen=True)
class Unlocked:
    """What came of it; ``holder`` is who had the lease, None when nobody did."""

    message: str
    holder: Holder | None

    @property
    def deed(self) -> str:
        """What was done; nothing when nobody had it."""
        return self.message if self.holder else ""


def holder(ws: Workspace) -> Holder | None:
    """Look who has the lease; nothing is changed. Raises ``DatabaseUnreachable``."""
    return _holder(_look(ws))


@told("backup.unlock")
def unlock(ws: Workspace) -> Unlocked:
    """Release the lease of a dead holder.

    Raises ``Busy`` / ``RestoreRunning`` while the folder's file lock is held or the last heartbeat is younger than the
    lease lasts (60 s), ``DatabaseUnreachable``, and ``PermissionDenied`` for a database user who may only read.
    """
    with this_machine(ws):
        seen = _look(ws)
        had = _holder(seen)
        if had is None:
            return Unlocked("No lock is held.", None)
        # what is dated further ahead than clocks differ is nobody's, as for whoever takes the lock
        if -timedelta(milliseconds=MARGIN_MILLISECONDS) <= had.silent < _lasts(seen):
            raise _alive(had)
        if not Lease.free(ws.connect(), seen):
            raise Busy("its holder has just given a sign of life", hint="Try again when it has finished.")
    return Unlocked(f"The lock is released. It was held by: {had.words}.", had)


def _look(ws: Workspace) -> Mapping[str, Any]:
    database = ws.connect()
    return Lease.look(database) if answers_commands(database) else {}


def _holder(seen: Mapping[str, Any]) -> Holder | None:
    if seen.get("until") is None:
        return None
    since, pid = seen.get("since"), seen.get("pid")
    heartbeat = seen["until"] - _lasts(seen)  # every heartbeat dates it anew
    return Holder(str(seen.get("purpose", "")), str(seen.get("host", "")), str(seen.get("place", "")),
                  pid if isinstance(pid, int) else None, since if isinstance(since, datetime) else heartbeat, heartbeat,
                  seen["now"])


def _lasts(seen: Mapping[str, Any]) -> timedelta:
    return timedelta(milliseconds=seen.get("lasts", Terms().lasts * 1000))


def _alive(had: Holder) -> Busy:
    problem = busy(had.purpose, f"on {had.host}: {had.words}")
    problem.hint = "It is alive: wait for it, or end that process. The lock is free a minute later at the latest."
    return problem
