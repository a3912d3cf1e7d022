"""The schedule without the app: a process that takes part in keeping it exactly as a server does.

It asks for the same lease, makes the same backups, sends, verifies, rehearses and tells as the app does, and stands by
while another process leads. A database that is away is waited for. ``once`` is one round of all that, for cron and
timers; it does not follow the change stream, which takes a process that stays.
"""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from pymongo.database import Database

from backup_engine.api import BackupError, Check, DatabaseBackupRestore, DatabaseUnreachable, Preferences
from equipment import __version__
from equipment.backups import Backups
from equipment.logs.reach import Reach
from equipment.messages import messenger
from equipment.messages.channels import is_set_up
from equipment.messages.messenger import Messenger
from equipment.server.low_space import LowSpace
from equipment.server.sd_notify import Manager
from equipment.settings import Settings

__all__ = ["Daemon"]

log = logging.getLogger(__name__)
LOOK_SECONDS = 1.0
STOP_SECONDS = 30.0
"""For so long a backup may take to come to an end between two steps, and an upload to finish its piece."""
Connect = Callable[[], Database[dict[str, Any]]]


class Daemon:
    """One installation's, in this process."""

    def __init__(self, settings: Settings, engine: DatabaseBackupRestore, *, own: bool = True) -> None:
        """``own`` says whether this is the installation's own database and folder: only of that somebody is told."""
        self._settings = settings
        self._own = own
        self._reached = _Reached(engine.workspace.connect, say=not own)
        # What was done is noted by the scheduler, as in the app; that a command did it would be a second entry.
        engine.workspace = replace(engine.workspace, connect=self._reached, tell=None)
        self._backups = Backups(engine, self._reached, Preferences(interval_hours=settings.backup_interval_hours))
        self.scheduler = self._backups.scheduler
        self._low_space = LowSpace(settings, self._backups) if own else None
        # Whether no round is at work. Not asked of its thread: a join that a signal interrupts takes that for ended.
        self._done = threading.Event()
        self._done.set()
        self._ending = threading.Event()

    def keep(self, manager: Manager, pause: Callable[[float], object]) -> None:
        """Keep the schedule until ``pause`` raises, which a signal lets it do."""
        log.info("equipment %s works without the app (process %s); backups lie in %s", __version__, os.getpid(),
                 self._backups.place)
        self.scheduler.start()
        if self._own:
            messenger.start(self._settings, self.scheduler)
        if self._low_space is not None:
            self._low_space.start()
        manager.tell(READY=1)
        said, status = "", ""
        while True:
            # while the database is away it could not say anything else, and asking takes seconds
            if not self._reached.problem and (now := self.hindrance()) != said:
                log.warning("%s", now or "Backups are made by themselves again")
                said = now
            if (condition := self.condition()) != status:
                manager.tell(STATUS=condition)
                status = condition
            manager.tell(WATCHDOG=1)
            pause(LOOK_SECONDS)

    def stop(self, seconds: float = STOP_SECONDS) -> bool:
        """End it: cancel what runs at its next step, and give the schedule to whoever comes next.

        Gives False when something was still at work after that time.
        """
        self._ending.set()
        log.info("the daemon ends: what runs is brought to a safe point")
        if self._low_space is not None:
            self._low_space.stop()
        messenger.stop()
        ended = self.scheduler.stop(seconds)
        ended = self._done.wait(seconds) and ended
        ended = self._backups.jobs.wait(seconds) and ended
        self._backups.fetched.close()
        if ended:
            log.info("the daemon has ended")
        else:
            log.warning("the daemon ends in the middle of something; the next start tidies up what is left of it")
        return ended

    def once(self) -> list[Check]:
        """Do what is due now but for sending; gives what came of it.

        Raises ``DatabaseUnreachable``. Interrupted, it goes on until ``stop``.
        """
        begun = self.scheduler.workspace.clock()
        self.scheduler.workspace.connect()
        told = Messenger(self._settings, self.scheduler) if self._own and is_set_up(self._settings) else None
        if told is not None:
            told.start()
        try:
            self._done.clear()
            # In a thread of its own, so that the signal that stops it is heard at once.
            threading.Thread(target=self._round, name="backup-once", daemon=True).start()
            self._done.wait()
            if told is not None:
                told.tick()
        finally:
            if told is not None:
                told.stop()
        return [check for check in self.scheduler.checks() if check.last >= begun]

    def hindrance(self) -> str:
        """Why nothing is made by itself, in words; empty where nothing is in the way."""
        if self.scheduler.standby is not None:
            words = self.scheduler.standby.words
            return f"Nothing is done by itself: {words}"
        wanted = self.scheduler.preferences
        if wanted.automatic:
            return ""
        change = wanted.changed.get("automatic")
        since = f" since {change.at.astimezone():%Y-%m-%d %H:%M}, by {change.by or 'somebody'}" if change else ""
        return f"Automatic backups are off{since}: none is made by itself"

    def condition(self) -> str:
        """How it is, in words, for the service manager."""
        if self._reached.problem:
            return f"{self._reached.problem}; it goes on trying"
        return self.hindrance() or self.scheduler.keeper

    def _round(self) -> None:
        scheduler = self.scheduler
        try:
            scheduler.look()
            # Another process leads, and may hang: a backup that is due is made all the same, as at a page load.
            if not self._ending.is_set() and not scheduler.leads and not self.hindrance() and scheduler.due().is_due:
                scheduler.check("scheduled")
        except BackupError as problem:
            log.error("%s", problem)
        finally:
            self._done.set()


class _Reached:
    """The way to the database, which knows whether it led there last."""

    def __init__(self, connect: Connect, *, say: bool) -> None:
        """``say`` lets the log hear when it is lost and found; the installation's own way says it by itself."""
        self._connect = connect
        self._reach = Reach(answered=True) if say else None
        self.problem = ""
        """Why it did not; empty while it does."""

    def __call__(self) -> Database[dict[str, Any]]:
        asked = self._reach.asking() if self._reach else 0
        try:
            database = self._connect()
        except DatabaseUnreachable as error:
            self.problem = str(error)
            if self._reach:
                self._reach.lost(asked, error)
            raise
        self.problem = ""
        if self._reach:
            self._reach.found(asked)
        return database
