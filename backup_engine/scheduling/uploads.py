"""Sending backups off the machine without anybody asking: a thread of its own for each remote.

A slow remote keeps neither a backup nor another remote waiting. Whether there is anything to do is asked of the folder;
only then somebody else is spoken to. What waits is a matter of the folder, which another server need not have, so every
process sends; the day's work at a remote is the leader's.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable

from backup_engine import upkeep
from backup_engine.errors import BackupError, Busy, Cancelled
from backup_engine.model import Watch
from backup_engine.ownership import lookup
from backup_engine.policy.schedule import Schedule
from backup_engine.remotes import registry
from backup_engine.remotes.registry import Remote
from backup_engine.scheduling import sending
from backup_engine.workspace import Workspace

__all__ = ["Uploads"]

log = logging.getLogger(__name__)
TICK_SECONDS = 60.0


class Uploads:
    """Watches one workspace and sends what waits."""

    def __init__(
        self, workspace: Workspace, *, tick_seconds: float = TICK_SECONDS, leads: Callable[[], bool] = lambda: True,
        when: Callable[[str], Schedule | None] = lambda name: None,
    ) -> None:
        """``leads`` tells whether the day's work at the remotes is this process's to do, ``when`` at which times a
        remote gets what waits for it; None for as soon as it is there."""
        self.workspace = workspace
        self._leads = leads
        self._when = when
        self._tick_seconds = tick_seconds
        self._stop = threading.Event()
        self._wake = threading.Event()
        self._loop: threading.Thread | None = None
        self._running: dict[str, threading.Thread] = {}

    def start(self) -> None:
        """Start the loop once."""
        if self._loop is None:
            self._stop.clear()
            self._loop = threading.Thread(target=self._run, name="backup-uploads", daemon=True)
            self._loop.start()

    def end(self) -> None:
        """Let the loop end, and what it sends after the piece at hand."""
        self._stop.set()
        self._wake.set()

    def stop(self, seconds: float = 5) -> bool:
        """End the loop and what it sends; waits so long at most, and gives False when something was still at work then.
        """
        until = time.monotonic() + seconds
        self.end()
        threads = [thread for thread in (self._loop, *self._running.values()) if thread is not None]
        for thread in threads:
            thread.join(max(0.0, until - time.monotonic()))
        alive = [thread for thread in threads if thread.is_alive()]
        self._loop = self._loop if self._loop in alive else None
        return not alive

    def wake(self) -> None:
        """Look now: a set was made."""
        self._wake.set()

    def look(self) -> None:
        """Start what is due, a thread for each remote; what runs already is left alone.

        Raises ``DatabaseUnreachable``: whose the backups are has to be known. While somebody has to say that first, or
        has to let a recovered copy act, nothing is started either; a try would stand in the log every minute.
        """
        database = self.workspace.connect()
        owner = lookup.seen(self.workspace)
        if owner.question is not None or owner.standby is not None or owner.guessed or not owner.database_id:
            return
        for remote in registry.known(self.workspace, database).values():
            running = self._running.get(remote.name)
            if running is None or not running.is_alive():
                thread = threading.Thread(target=self.work, args=(remote,), name=f"upload-{remote.name}", daemon=True)
                self._running[remote.name] = thread
                thread.start()

    def work(self, remote: Remote) -> None:
        """Send what waits for a remote and do the day's work there, if due. Never raises."""
        watch = Watch(cancelled=self._stop.is_set)
        try:
            sending.send_if_due(self.workspace, remote, self._when(remote.name), watch=watch)
            if self._leads():
                upkeep.care_if_due(self.workspace, remote, watch=watch)
        except (Cancelled, Busy) as error:
            log.info("sending to %s ended: %s", remote.name, error)
        except BackupError as error:  # the database is down, or somebody has to say first whose the backups are
            log.warning("nothing is sent to %s: %s", remote.name, error)
        except Exception:  # a thread that ended here would be started again, and say nothing
            log.exception("sending to %s failed", remote.name)

    def _run(self) -> None:
        reached = True
        while not self._stop.is_set():
            self._wake.clear()
            try:
                self.look()
                reached = True
            except BackupError as error:  # said once, and not every minute for a night
                log.log(logging.WARNING if reached else logging.DEBUG, "the remotes were not looked at: %s", error)
                reached = False
            except Exception:  # nor may this loop end
                log.exception("looking at the remotes failed")
            self._wake.wait(self._tick_seconds)
