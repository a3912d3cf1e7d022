"""Notices that the disk of the data folder is nearly full, and saves what no backup holds while MongoDB still runs."""

from __future__ import annotations

import logging
import threading

from backup_engine.errors import Busy
from equipment import data_disk
from equipment.backups import NOBODY, Backups
from equipment.settings import Settings

__all__ = ["LowSpace"]

log = logging.getLogger(__name__)

LOOK_SECONDS = 5.0


class LowSpace:
    """A thread of the server. What refuses changes asks the disk itself; this one tells, and tries the last backup."""

    def __init__(self, settings: Settings, backups: Backups) -> None:
        self._settings = settings
        self._backups = backups
        self._short = False
        self._saved = False
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Look from now on."""
        self._thread = threading.Thread(target=self._run, name="low-space", daemon=True)
        self._thread.start()

    def stop(self, seconds: float = 5) -> None:
        """End the looking."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join(seconds)

    def look(self) -> None:
        """Look once: below the limit one backup is tried, and no other before there was room again."""
        room = data_disk.look(self._settings)
        short = room is not None and room.short
        if short and not self._short and room is not None:
            log.error("%s", room.refusal())
        elif self._short and not short:
            log.warning("there is room again on the disk of the data folder: the list takes changes")
        self._saved = short and self._saved
        self._short = short
        if short and not self._saved:
            self._saved = self._save()

    def _save(self) -> bool:
        """Try the last backup, or see that there is nothing to save; False when another run is in the way."""
        if not self._backups.changed():
            return True
        if self._backups.running():
            return False
        job = self._backups.create(NOBODY, force=True)
        job.done.wait()
        if job.error is not None:
            log.error("the last backup before the disk is full was not made: %s", job.error)
        return not isinstance(job.error, Busy)

    def _run(self) -> None:
        while not self._stop.wait(LOOK_SECONDS):
            try:
                self.look()
            except Exception:  # a thread that ended here would not notice the next time
                log.exception("looking at the disk of the data folder failed")
