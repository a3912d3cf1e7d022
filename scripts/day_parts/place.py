"""The installation of a day: the real scheduler, continuous protection, uploads, retention and messages, over a real
database, on a clock that is turned by hand.

None of them has a thread of its own: ``work`` does what their loops would do at this moment.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any, NoReturn
from unittest.mock import patch

from pymongo.database import Database

from backup_engine.api import BackupError, DatabaseBackupRestore, Preferences
from backup_engine.errors import DatabaseUnreachable, NoSpace
from equipment.backups import Backups, Caller
from equipment.messages import findings
from equipment.messages.deadline import Talks
from equipment.messages.findings import Found
from equipment.messages.messenger import Messenger
from equipment.messages.troubles import Trouble
from equipment.settings import Settings
from equipment.store.access import Who
from equipment.store.saved import application_of
from scripts.day_parts.clock import ZONE, Clock
from scripts.day_parts.edits import Edits

__all__ = ["TICK", "Place"]

TICK = timedelta(seconds=15)
"""Of the simulation: continuous protection looks at each, the others at every second one or fourth one."""
LOOK = findings.look
HANGING_SECONDS = 2.0
"""Of real time, for a channel that hangs; each of its tries costs that."""
ROOM, FULL = 50_000_000_000, 2_000_000
TOLD = {
    "backup.verify.failed": "Verification found a damaged backup", "backup.drill": "A restore drill succeeded",
    "backup.drill.failed": "A restore drill failed", "backup.auto.failed": "A check for backups failed",
}
"""What the installation does by itself and a table should show, by its entry in Activity."""


class Place:
    """What a script turns, breaks and reads."""

    def __init__(self, database: Database[dict[str, Any]], folder: Path, clock: Clock) -> None:
        self.database, self.clock, self.folder = database, clock, folder
        self.remote = folder / "disk"
        self.remote.mkdir()
        self.settings = Settings(
            data_folder=folder / "data", backup_folder=folder / "backups", backup_schedule="0 * * * *",
            backup_verify_schedule="0 3 * * *", backup_drill_schedule="30 3 * * *", backup_time_zone=ZONE,
            backup_continuous=True, backup_keep_days=8, backup_keep_daily=14, backup_keep_weekly=8, min_free_mb=500,
            backup_remote=f"disk=file://{self.remote}")
        self.edits = Edits(clock)
        self.away = self.full = False
        self.failing: tuple[Trouble, ...] = ()
        """What else is wrong."""
        self.noted: list[str] = []
        """What was done since somebody asked, in words."""
        self.backups: Backups | None = None
        self.messenger: Messenger | None = None

    @contextmanager
    def running(self) -> Iterator[None]:
        """Begin, and end whatever runs at the end."""
        with ExitStack() as ends:
            ends.enter_context(self.edits.followed())
            ends.enter_context(patch.object(findings, "look", self._looked))
            ends.callback(self.stop)
            self.start()
            yield

    def start(self) -> None:
        """Start the server."""
        engine = DatabaseBackupRestore(
            connect=self._connect, backup_folder=str(self.settings.backup_folder), clock=self.clock,
            keep_days=self.settings.backup_keep_days, tiers=self.settings.backup_tiers, workers=1,
            application=application_of(self.settings), remotes=self.settings.backup_remote,
            schedules=self.settings.backup_schedules)
        _may_be_full(self, engine.workspace.storage)
        self.backups = _Noting(engine, self._connect, Preferences(), self.noted)
        self.messenger = Messenger(self.settings, self.backups.scheduler, talks=Talks(HANGING_SECONDS))
        self.work(everything=True)

    def stop(self) -> None:
        """Stop it."""
        if self.backups is not None:
            self.backups.scheduler.stop()
        self.backups = self.messenger = None

    def work(self, *, everything: bool = False) -> None:
        """Do what the loops of the server do at this moment."""
        if self.backups is None:
            return
        assert self.messenger is not None
        number = round(self.clock.monotonic() / TICK.total_seconds())
        scheduler = self.backups.scheduler
        if everything or number % 2 == 0:
            scheduler.look()
            self.note_sets()
        with suppress(BackupError):  # as its loop does
            scheduler.continuous.look()
        self.note_sets()
        if everything or number % 4 == 0 or scheduler.uploads._wake.is_set():
            scheduler.uploads._wake.clear()
            with suppress(BackupError):
                scheduler.uploads.look()
            for thread in scheduler.uploads._running.values():
                thread.join()
        if everything or number % 2 == 0:
            self.messenger.tick()

    def note_sets(self) -> None:
        """Remember which changes there were when the newest sets were made."""
        if self.backups is not None:
            self.edits.stand(self.backups.engine.workspace.catalog.sets())

    def anybody(self, name: str) -> Caller:
        """Somebody who may do everything."""
        return Caller(name, lambda action: None, Who("", name))

    def _looked(self, *given: Any) -> Found:
        found = LOOK(*given)
        return replace(found, troubles=(*found.troubles, *self.failing))

    def _connect(self) -> Database[dict[str, Any]]:
        if self.away:
            raise DatabaseUnreachable("db.example.org: no answer")
        return self.database


class _Noting(Backups):
    """Which also says what is written into Activity."""

    def __init__(self, engine: Any, connect: Any, defaults: Preferences, noted: list[str]) -> None:
        super().__init__(engine, connect, defaults)
        self._noted = noted

    def note(self, caller: Caller, action: str, target: str, note: str) -> None:
        """Note it as usual."""
        super().note(caller, action, target, note)
        if note.startswith("A hole in continuous protection"):
            self._noted.append("A hole in continuous protection was closed by a full backup")
        elif action in TOLD:
            self._noted.append(TOLD[action])
        elif action == "backup.prune":
            self._noted.append(f"Retention: {note}")


def _may_be_full(place: Place, storage: Any) -> None:
    """Let a storage have as much room as the place says."""
    put, draft = storage.put, storage.draft
    # of the storage itself and not of its kind: that of the remote has room
    storage.free_bytes = lambda: FULL if place.full else ROOM
    storage.put = lambda *given, **named: _full() if place.full else put(*given, **named)
    storage.draft = lambda *given, **named: _full() if place.full else draft(*given, **named)


def _full() -> NoReturn:
    raise NoSpace("the disk of the backups is full")
