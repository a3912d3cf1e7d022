"""An open folder: every name in it is opened relative to the folder itself, and no link is followed.

Linux and macOS hold a folder by its descriptor, so that nobody can exchange it between two steps. Windows opens no
folders: there it is held by its path, names that mean a device or a stream of a file are refused, and every file is
looked at before it is opened.
"""

from __future__ import annotations

import errno
import os
import re
import stat
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Protocol

from backup_engine.errors import PermissionDenied
from backup_engine.machine import private

__all__ = ["Folder", "open_below", "open_root", "sync_file"]

_ONLY_HERE = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)
_A_FOLDER = getattr(os, "O_DIRECTORY", 0)
HELD = bool(_A_FOLDER) and os.open in os.supports_dir_fd
"""Whether this system opens folders."""
# What fsync() of a folder answers where that means nothing: CIFS and vboxsf EINVAL, FUSE ENOTSUP or ENOSYS, some
# network mounts EBADF or EACCES for a descriptor that is open for reading, as a folder's always is. Never EIO.
_NO_FLUSH = frozenset({errno.EINVAL, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EBADF, errno.EACCES,
                       errno.EPERM, errno.EISDIR})
_NO_NAME = re.compile(r'(?i)(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³]|conin\$|conout\$)(\..*)?$|.*[<>:"|?*].*|.*[. ]$')
"""What Windows takes for a device or for a stream of another file, and names whose end it cuts off."""
_JUNCTION = 0xA0000003
"""What leads elsewhere on Windows and is no link to Python."""
_IN_USE_SECONDS = 2.0
"""A scanner or an indexer that looks at a new file has it open for some tenths of a second."""


class Folder(Protocol):
    """A folder that is open until ``close``; names are those of what lies right in it."""

    def scan(self) -> Iterator[os.DirEntry[str]]:
        """Give what lies in it."""

    def stat(self, name: str) -> os.stat_result:
        """Look at a name itself, not at what it may point to."""

    def open(self, name: str, flags: int, mode: int = private.FILE) -> int:
        """Open a file as ``os.open`` does; a link is refused with ELOOP."""

    def rename(self, name: str, other: str) -> None:
        """Give a file another name, in the place of what bears it."""

    def link(self, name: str, other: str) -> None:
        """Give a file a second name; raises ``FileExistsError``."""

    def unlink(self, name: str) -> None:
        """Take a name away."""

    def make_private(self, only: str) -> None:
        """Shut others out of a folder that holds nothing but the file ``only``."""

    def flush(self) -> bool:
        """Bring the names to stable storage; False where that cannot be done."""

    def close(self) -> None:
        """Let go of it."""


def open_root(path: Path) -> Folder:
    """Open the folder somebody chose, which may be a link."""
    if HELD:
        return _Held(os.open(path, os.O_RDONLY | _A_FOLDER | _ONLY_HERE & ~getattr(os, "O_NOFOLLOW", 0)))
    if not stat.S_ISDIR(path.stat().st_mode):
        raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR))
    return _Named(path)


def open_below(folder: Folder, name: str, *, create: bool) -> Folder:
    """Open a folder that lies in another one, and is no link."""
    if isinstance(folder, _Held):
        if create:
            with suppress(FileExistsError):
                os.mkdir(name, private.FOLDER, dir_fd=folder.descriptor)
        return _Held(os.open(name, os.O_RDONLY | _A_FOLDER | _ONLY_HERE, dir_fd=folder.descriptor))
    assert isinstance(folder, _Named)
    if create:
        with suppress(FileExistsError):
            folder.path(name).mkdir(private.FOLDER)
    if not stat.S_ISDIR(folder.stat(name).st_mode):
        raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR))
    return _Named(folder.path(name))


def sync_file(descriptor: int) -> None:
    """Bring a file to stable storage; on macOS ``fsync`` alone leaves it in the memory of the disk."""
    if sys.platform == "darwin":
        import fcntl

        with suppress(OSError):  # a mount that knows no such thing
            fcntl.fcntl(descriptor, fcntl.F_FULLFSYNC)
            return
    os.fsync(descriptor)


class _Held:
    """By its descriptor."""

    def __init__(self, descriptor: int) -> None:
        self.descriptor = descriptor

    def scan(self) -> Iterator[os.DirEntry[str]]:
        with os.scandir(self.descriptor) as listing:
            yield from listing

    def stat(self, name: str) -> os.stat_result:
        return os.stat(name, dir_fd=self.descriptor, follow_symlinks=False)

    def open(self, name: str, flags: int, mode: int = private.FILE) -> int:
        return os.open(name, flags | _ONLY_HERE, mode, dir_fd=self.descriptor)

    def rename(self, name: str, other: str) -> None:
        os.rename(name, other, src_dir_fd=self.descriptor, dst_dir_fd=self.descriptor)

    def link(self, name: str, other: str) -> None:
        os.link(name, other, src_dir_fd=self.descriptor, dst_dir_fd=self.descriptor, follow_symlinks=False)

    def unlink(self, name: str) -> None:
        os.unlink(name, dir_fd=self.descriptor)

    def make_private(self, only: str) -> None:
        if stat.S_IMODE(os.fstat(self.descriptor).st_mode) & 0o077 and {entry.name for entry in self.scan()} == {only}:
            with suppress(PermissionError):  # another user's checkout; the diagnosis names the folder
                os.fchmod(self.descriptor, private.FOLDER)

    def flush(self) -> bool:
        try:
            sync_file(self.descriptor)
        except OSError as problem:
            if problem.errno not in _NO_FLUSH:
                raise
            return False
        return True

    def close(self) -> None:
        os.close(self.descriptor)


class _Named:
    """By its path, where folders cannot be opened."""

    def __init__(self, place: Path) -> None:
        self.place = place

    def path(self, name: str) -> Path:
        if _NO_NAME.fullmatch(name):
            raise PermissionDenied(f"{name!r} is not a file name on this system")
        return self.place / name

    def scan(self) -> Iterator[os.DirEntry[str]]:
        with os.scandir(self.place) as listing:
            yield from listing

    def stat(self, name: str) -> os.stat_result:
        return self.path(name).lstat()

    def open(self, name: str, flags: int, mode: int = private.FILE) -> int:
        path = self.path(name)
        with suppress(FileNotFoundError):
            status = path.lstat()
            if stat.S_ISLNK(status.st_mode) or getattr(status, "st_reparse_tag", 0) == _JUNCTION:
                raise OSError(errno.ELOOP, os.strerror(errno.ELOOP))
        return os.open(path, flags | _ONLY_HERE, mode)

    def rename(self, name: str, other: str) -> None:
        _patiently(lambda: self.path(name).replace(self.path(other)))

    def link(self, name: str, other: str) -> None:
        self.path(other).hardlink_to(self.path(name))

    def unlink(self, name: str) -> None:
        _patiently(self.path(name).unlink)

    def make_private(self, only: str) -> None:
        """Whoever may see the folder above may see this one: modes mean nothing here."""

    def flush(self) -> bool:
        return False

    def close(self) -> None:
        """Nothing is held."""



def _patiently(step: Callable[[], object]) -> None:
    """Windows neither moves nor removes a file that somebody has open."""
    deadline = time.monotonic() + _IN_USE_SECONDS
    while True:
        try:
            step()
            return
        except PermissionError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)
