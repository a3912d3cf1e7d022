"""Two places as one: the backup folder, and a work folder for what has to be written while the first can only be read.

Both are read always, so that a safety backup which lies in the work folder is listed and found by Undo whatever becomes
of the mount. Which of the two is written is decided by ``refusal``, which the locks ask at the start of every run: a
mount that turns read-only in the middle of a backup must not tear it in two.
"""

from __future__ import annotations

import logging
from collections.abc import Collection
from pathlib import Path
from typing import BinaryIO

from backup_engine.errors import BackupError, BackupFileNotFound, PermissionDenied
from backup_engine.storage.base import STATE, Draft, Entry, Storage
from backup_engine.storage.disk_errors import is_refusal

__all__ = ["OverlayStorage"]

log = logging.getLogger(__name__)


class OverlayStorage:
    """The union of a backup folder and a work folder; of two files with one name that in the work folder counts."""

    def __init__(self, main: Storage, work: Storage) -> None:
        self.main = main
        self.work = work
        self._refused = False

    def describe(self) -> str:
        """Name the backup folder."""
        return self.main.describe()

    @property
    def aside(self) -> str:
        """Name the work folder."""
        return self.work.describe()

    def refusal(self) -> PermissionDenied | None:
        """Ask the backup folder; from here on the work folder is written when it refuses, else the folder itself."""
        refusal = self.main.refusal()
        self._refused = refusal is not None
        return refusal

    def lock_file(self) -> Path | None:
        """Give the lock of the place that is written."""
        return self._written.lock_file()

    def entries(self, folder: str) -> list[Entry]:
        """List both."""
        aside = self.work.entries(folder) if self._in_work(folder) else []
        files = {entry.name: entry for entry in (*self.main.entries(folder), *aside)}
        return sorted(files.values(), key=lambda entry: entry.name)

    def entries_of(self, folder: str, names: Collection[str]) -> list[Entry]:
        """List these alone."""
        aside = self.work.entries_of(folder, names) if self._in_work(folder) else []
        files = {entry.name: entry for entry in (*self.main.entries_of(folder, names), *aside)}
        return sorted(files.values(), key=lambda entry: entry.name)

    def names(self, folder: str) -> set[str]:
        """List the names in both."""
        return self.main.names(folder) | self._in_work(folder)

    def stamp(self, folder: str) -> object:
        """Give the marks of both."""
        marks = self.main.stamp(folder), self.work.stamp(folder)
        return None if None in marks else marks

    def open(self, folder: str, name: str) -> BinaryIO:
        """Open the file in the work folder, else in the backup folder."""
        try:
            return self.work.open(folder, name)
        except BackupFileNotFound:
            return self.main.open(folder, name)
        except BackupError as problem:
            log.warning("left out: %s", problem)
            return self.main.open(folder, name)

    def draft(self, folder: str, prefix: str) -> Draft:
        """Start a file in the place that is written."""
        if self._refused:
            return _Aside(self.work.draft(folder, prefix), self, folder)
        return self.main.draft(folder, prefix)

    def put(self, folder: str, name: str, data: bytes, *, exclusive: bool = False) -> None:
        """Write a small file into the place that is written; what belongs to a set in the work folder stays there."""
        if self._refused:
            if exclusive and name in self.main.names(folder):
                raise FileExistsError(name)
            self.work.put(folder, name, data, exclusive=exclusive)
            return
        hidden = name in self._in_work(folder)
        if hidden and exclusive:
            raise FileExistsError(name)
        if hidden and folder != STATE:
            self.work.put(folder, name, data)
            return
        self.main.put(folder, name, data, exclusive=exclusive)
        if hidden:
            self.work.delete(folder, name)  # an older note there would hide the new one

    def delete(self, folder: str, name: str) -> None:
        """Remove it from both. Raises ``PermissionDenied`` when it lies in a folder that can only be read."""
        if name in self._in_work(folder):
            self.work.delete(folder, name)
        try:
            self.main.delete(folder, name)
        except PermissionDenied as refused:
            # A read-only mount refuses before it looks whether there is such a file.
            if not is_refusal(refused) or name in self.main.names(folder):
                raise

    def sync(self, folder: str) -> None:
        """Sync the place that is written, and the work folder in any case: files of it may have been deleted."""
        if self._refused:
            self.work.sync(folder)
            return
        self.main.sync(folder)
        try:
            self.work.sync(folder)
        except PermissionDenied as problem:  # nothing of it can have been deleted
            log.warning("left out: %s", problem)

    def free_bytes(self) -> int | None:
        """Count the room in the place that is written."""
        return self._written.free_bytes()

    def check_writable(self) -> None:
        """Look at the place that is written."""
        self._written.check_writable()

    def weaknesses(self) -> tuple[str, ...]:
        """Say what the place that is written cannot promise."""
        return self._written.weaknesses()

    def place(self, folder: str, name: str) -> str:
        """Say in which of the two it lies."""
        return (self.work if name in self._in_work(folder) else self.main).describe()

    @property
    def _written(self) -> Storage:
        return self.work if self._refused else self.main

    def inside(self, name: str) -> OverlayStorage:
        """Give the two places inside as one."""
        return OverlayStorage(self.main.inside(name), self.work.inside(name))

    def _in_work(self, folder: str) -> set[str]:
        """The work folder of another user, or a broken one, must not take the backups away."""
        try:
            return self.work.names(folder)
        except BackupError as problem:
            log.warning("left out: %s", problem)
            return set()


class _Aside:
    """A draft in the work folder that respects names taken in the backup folder."""

    def __init__(self, draft: Draft, storage: OverlayStorage, folder: str) -> None:
        self._draft = draft
        self._storage = storage
        self._folder = folder
        self.name = draft.name
        self.write, self.sync, self.reopen, self.discard = draft.write, draft.sync, draft.reopen, draft.discard

    def publish(self, name: str) -> None:
        """Give the final name unless the backup folder has it."""
        if name in self._storage.main.names(self._folder):
            raise FileExistsError(name)
        self._draft.publish(name)
