"""A file on its way into a folder: written and synced under a temporary name, then given its own.

Also what mounts differ in: not every file system has hard links, and not every one flushes a folder when asked to.
"""

from __future__ import annotations

import errno
import os
from contextlib import suppress
from typing import BinaryIO

from backup_engine.errors import NoSpace
from backup_engine.storage.disk_errors import disk_errors
from backup_engine.storage.folders import Folder, sync_file

__all__ = ["BUFFER", "LocalDraft"]

BUFFER = 1 << 20
# What link() answers where there are no hard links: vfat and exFAT EPERM, Android EACCES, FUSE ENOSYS or EPERM, SMB
# ENOTSUP or EINVAL, quota projects and stacked mounts EXDEV, a file system with one name a file EMLINK. What is really
# forbidden is so to the exclusive create that comes instead, and says so then.
_NO_LINKS = frozenset({errno.EPERM, errno.EACCES, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK,
                       errno.EXDEV, errno.EINVAL})


class LocalDraft:
    """A file without a final name yet."""

    def __init__(self, folder: Folder, name: str, where: str) -> None:
        """Make it in an open folder, which is closed with it."""
        self.name = name
        self._folder = folder
        self._where = where
        self._gone = False
        try:
            with disk_errors(where):
                descriptor = folder.open(name, os.O_RDWR | os.O_CREAT | os.O_EXCL)
                self._file = os.fdopen(descriptor, "wb", buffering=BUFFER)
        except BaseException:
            folder.close()
            raise

    def write(self, data: bytes, /) -> int:
        """Append."""
        with disk_errors(self._where):
            return self._file.write(data)

    def sync(self) -> None:
        """Flush and fsync."""
        with disk_errors(self._where):
            self._file.flush()
            sync_file(self._file.fileno())

    def reopen(self) -> BinaryIO:
        """Open what has been written for reading, through its temporary name."""
        with disk_errors(self._where):
            self._file.flush()
            return os.fdopen(self._folder.open(self.name, os.O_RDONLY), "rb", buffering=BUFFER)

    def publish(self, name: str) -> None:
        """Give the final name by a hard link, or by an exclusive placeholder where links do not exist."""
        with disk_errors(self._where):
            self._file.flush()
            if not self._link(name):
                self._take_name(name)
        self.discard()

    def put(self, name: str, data: bytes, *, exclusive: bool) -> None:
        """Write all of a small file and give it its name, over an older one unless ``exclusive``; then it is over."""
        try:
            self.write(data)
            self.sync()
            if exclusive:
                self.publish(name)
            else:
                self.replace(name)
        finally:
            self.discard()

    def shortcomings(self) -> list[str]:
        """Try with this file what some mounts cannot do; gives what follows from it, in words."""
        said, other = [], f"{self.name}-link"
        with suppress(NoSpace), disk_errors(self._where):
            try:
                linked = self._link(other)
            finally:
                with suppress(FileNotFoundError):
                    self._folder.unlink(other)
            if not linked:
                said.append("has no hard links: who looks at it while a backup is made may see an empty file")
            if not self._folder.flush():
                said.append("cannot flush folders to the disk: after a power cut the newest backup may be missing")
        return said

    def replace(self, name: str) -> None:
        """Give the final name, taking the place of an older file in one step."""
        with disk_errors(self._where):
            self._file.close()  # Windows renames no open file
            self._folder.rename(self.name, name)
        self.discard()

    def discard(self) -> None:
        """Remove the temporary name and close."""
        if self._gone:
            return
        self._gone = True
        with suppress(OSError):  # a full disk refuses the last buffer; the file is on its way out
            self._file.close()
        with suppress(FileNotFoundError):
            self._folder.unlink(self.name)
        self._folder.close()

    def _link(self, name: str) -> bool:
        """Link under another name; False where that does not exist. Raises ``FileExistsError``."""
        try:
            self._folder.link(self.name, name)
        except FileExistsError:
            # NFS repeats a request whose answer was lost, and finds what the first one made.
            if not self._is_ours(name):
                raise
        except OSError as problem:
            if problem.errno not in _NO_LINKS:
                raise
            return False
        return True

    def _take_name(self, name: str) -> None:
        """Rename over an empty file of our own: rename() replaces what is there, so the name must be ours before."""
        placeholder = self._folder.open(name, os.O_WRONLY | os.O_CREAT | os.O_EXCL)
        ours = os.fstat(placeholder)
        os.close(placeholder)
        self._file.close()
        try:
            self._folder.rename(self.name, name)
        except BaseException:
            with suppress(OSError):  # what keeps us from removing it is what the caller is told of
                if os.path.samestat(ours, self._folder.stat(name)):
                    self._folder.unlink(name)
            raise

    def _is_ours(self, name: str) -> bool:
        there = self._folder.stat(name)
        return os.path.samestat(os.fstat(self._file.fileno()), there)
