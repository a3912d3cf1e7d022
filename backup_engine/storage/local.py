"""Backups in a folder of this machine's file system.

Every name is opened relative to its folder's descriptor and without following links, so nothing that lies in the
folder can lead outside it. Files are 0600, folders 0700.
"""

from __future__ import annotations

import errno
import os
import re
import secrets
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from backup_engine.errors import BackupFileNotFound, PermissionDenied
from backup_engine.storage.base import Entry
from backup_engine.storage.disk_errors import disk_errors

TEMPORARY = ".tmp-"
KEPT = ".gitkeep"
_BUFFER = 1 << 20
_TICK_SECONDS = 0.1
_FOLDER = re.compile(r"(?!\.{1,2}$)[A-Za-z0-9._-]*")
# File systems without hard links, such as those of memory cards, answer link() with EPERM.
_NO_LINKS = frozenset({errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK})


class LocalStorage:
    """A folder; ``""`` names the folder itself, other folder names are one level below it."""

    def __init__(self, root: str | Path) -> None:
        self.root = Path(root).expanduser().absolute()

    def describe(self) -> str:
        """Give the path."""
        return str(self.root)

    def lock_file(self) -> Path | None:
        """Give the file whose ``flock`` guards this folder, making the folder if needed."""
        with disk_errors(str(self.root)):
            self.root.mkdir(mode=0o700, parents=True, exist_ok=True)
        return self.root / ".lock"

    def entries(self, folder: str) -> list[Entry]:
        """List regular files; a folder that is missing is empty, one that is a link or a file is refused."""
        try:
            with self._folder(folder) as descriptor, os.scandir(descriptor) as listing:
                return sorted(_regular(listing), key=lambda entry: entry.name)
        except BackupFileNotFound:
            return []

    def names(self, folder: str) -> set[str]:
        """List names, whatever bears them; as ``entries`` for a folder that is missing or none."""
        try:
            with self._folder(folder) as descriptor:
                return set(os.listdir(descriptor))  # noqa: PTH208 - Path knows no descriptors
        except BackupFileNotFound:
            return set()

    def stamp(self, folder: str) -> object:
        """Give the folder's own times; None for one that changed so recently that a clock tick may hide more."""
        try:
            status = (self.root / folder).lstat()
        except FileNotFoundError:
            return "missing"
        except OSError:
            return None
        return None if abs(time.time() - status.st_mtime) < _TICK_SECONDS else (status.st_ino, status.st_mtime_ns)

    def open(self, folder: str, name: str) -> BinaryIO:
        """Open a regular file for reading."""
        where = self._where(folder, name)
        with self._folder(folder, where) as descriptor, disk_errors(where):
            # Looked at before it is opened, because opening a device may do something, and after, if it was exchanged.
            _require_regular(os.stat(name, dir_fd=descriptor, follow_symlinks=False).st_mode, where)
            flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC  # nor may a FIFO hold us
            file = os.fdopen(os.open(name, flags, dir_fd=descriptor), "rb", buffering=_BUFFER)
            try:
                _require_regular(os.fstat(file.fileno()).st_mode, where)
            except PermissionDenied:
                file.close()
                raise
        return file

    def draft(self, folder: str, prefix: str) -> LocalDraft:
        """Start a file under a temporary name."""
        name = f"{TEMPORARY}{prefix}-{secrets.token_hex(4)}"
        where = self._where(folder, name)
        return LocalDraft(self._descriptor(folder, where, create=True), name, where)

    def put(self, folder: str, name: str, data: bytes, *, exclusive: bool = False) -> None:
        """Write a small file atomically and sync it together with its folder."""
        self._where(folder, name)  # a bad name is refused before anything is written
        draft = self.draft(folder, "put")
        try:
            draft.write(data)
            draft.sync()
            if exclusive:
                draft.publish(name)
            else:
                draft.replace(name)
        finally:
            draft.discard()
        self.sync(folder)

    def delete(self, folder: str, name: str) -> None:
        """Remove a file; links are removed, never followed."""
        where = self._where(folder, name)
        with suppress(BackupFileNotFound), self._folder(folder, where) as descriptor, disk_errors(where):
            os.unlink(name, dir_fd=descriptor)

    def sync(self, folder: str) -> None:
        """Bring the folder's names to stable storage."""
        with suppress(BackupFileNotFound), self._folder(folder) as descriptor, disk_errors(f"{self.root}/{folder}"):
            os.fsync(descriptor)

    def free_bytes(self) -> int | None:
        """Count the bytes an ordinary user may still write here."""
        existing = next((path for path in (self.root, *self.root.parents) if path.exists()), None)
        if existing is None:
            return None
        with disk_errors(str(self.root)):
            room = os.statvfs(existing)
        return room.f_bavail * room.f_frsize

    def check_writable(self) -> None:
        """Write and remove a probe, so that denied, read-only and full are known before anything starts."""
        draft = self.draft("", "probe")
        try:
            draft.write(b"probe")
            draft.sync()
        finally:
            draft.discard()

    def _where(self, folder: str, name: str) -> str:
        if not name or name in (".", "..") or any(sign in name for sign in "/\\\0"):
            raise PermissionDenied(f"{name!r} is not a file name")
        return f"{self.root}/{folder}/{name}" if folder else f"{self.root}/{name}"

    @contextmanager
    def _folder(self, folder: str, where: str = "") -> Iterator[int]:
        descriptor = self._descriptor(folder, where or f"{self.root}/{folder}")
        try:
            yield descriptor
        finally:
            os.close(descriptor)

    def _descriptor(self, folder: str, where: str, *, create: bool = False) -> int:
        if not _FOLDER.fullmatch(folder):
            raise PermissionDenied(f"{folder!r} is not a folder of backups")
        with disk_errors(where):
            if create:
                self.root.mkdir(mode=0o700, parents=True, exist_ok=True)
            # The folder somebody chose may be a link; what lies in it may not.
            root = os.open(self.root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
            if not folder:
                return root
            try:
                if create:
                    with suppress(FileExistsError):
                        os.mkdir(folder, 0o700, dir_fd=root)
                descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=root)
                if create:
                    _take_over(descriptor)
                return descriptor
            finally:
                os.close(root)


def _take_over(descriptor: int) -> None:
    """Make a folder private that came empty with a checkout: git keeps no modes and creates it for everybody."""
    if stat.S_IMODE(os.fstat(descriptor).st_mode) & 0o077 and set(os.listdir(descriptor)) == {KEPT}:
        with suppress(PermissionError):  # another user's checkout; the diagnosis names the folder
            os.fchmod(descriptor, 0o700)


class LocalDraft:
    """A file without a final name yet."""

    def __init__(self, descriptor: int, name: str, where: str) -> None:
        self.name = name
        self._folder = descriptor
        self._where = where
        self._gone = False
        try:
            with disk_errors(where):
                flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
                self._file = os.fdopen(os.open(name, flags, 0o600, dir_fd=descriptor), "wb", buffering=_BUFFER)
        except BaseException:
            os.close(descriptor)
            raise

    def write(self, data: bytes, /) -> int:
        """Append."""
        with disk_errors(self._where):
            return self._file.write(data)

    def sync(self) -> None:
        """Flush and fsync."""
        with disk_errors(self._where):
            self._file.flush()
            os.fsync(self._file.fileno())

    def reopen(self) -> BinaryIO:
        """Open what has been written for reading, through its temporary name."""
        with disk_errors(self._where):
            self._file.flush()
            flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC
            return os.fdopen(os.open(self.name, flags, dir_fd=self._folder), "rb", buffering=_BUFFER)

    def publish(self, name: str) -> None:
        """Give the final name by a hard link, or by an exclusive placeholder where links do not exist."""
        with disk_errors(self._where):
            self._file.flush()
            try:
                os.link(self.name, name, src_dir_fd=self._folder, dst_dir_fd=self._folder, follow_symlinks=False)
            except FileExistsError:
                raise
            except OSError as problem:
                if problem.errno not in _NO_LINKS:
                    raise
                # rename() replaces what is there, so the name must be ours before.
                os.close(os.open(name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600, dir_fd=self._folder))
                os.rename(self.name, name, src_dir_fd=self._folder, dst_dir_fd=self._folder)
        self.discard()

    def replace(self, name: str) -> None:
        """Give the final name, taking the place of an older file in one step."""
        with disk_errors(self._where):
            self._file.flush()
            os.rename(self.name, name, src_dir_fd=self._folder, dst_dir_fd=self._folder)
        self.discard()

    def discard(self) -> None:
        """Remove the temporary name and close."""
        if self._gone:
            return
        self._gone = True
        with suppress(OSError):  # a full disk refuses the last buffer; the file is on its way out
            self._file.close()
        with suppress(FileNotFoundError):
            os.unlink(self.name, dir_fd=self._folder)
        os.close(self._folder)


def _regular(listing: Iterator[os.DirEntry[str]]) -> Iterator[Entry]:
    for item in listing:
        try:
            if item.is_file(follow_symlinks=False):
                status = item.stat(follow_symlinks=False)
                yield Entry(item.name, status.st_size, status.st_mtime)
        except FileNotFoundError:
            continue  # gone since the listing


def _require_regular(mode: int, where: str) -> None:
    if not stat.S_ISREG(mode):
        raise PermissionDenied(f"{where} is not a regular file")
