"""A mount that lacks something, for this process: system calls answer as CIFS, NFS, FUSE and memory cards do.

All that the engine asks the system passes here; ``nightmares/odd_mount.c`` does the same below Python.
"""

from __future__ import annotations

import errno
import fcntl
import os
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

FLUSH = (errno.EINVAL, errno.ENOTSUP, errno.ENOSYS, errno.EBADF, errno.EACCES)
LINK = (errno.EPERM, errno.EACCES, errno.EXDEV, errno.EINVAL, errno.EMLINK, errno.ENOSYS, errno.ENOTSUP)
LOCK = (errno.ENOLCK, errno.EBADF, errno.ENOTSUP, errno.ENOSYS, errno.EINVAL)


def answer(code: int) -> Callable[..., Any]:
    """A system call that fails."""

    def call(*_: object, **__: object) -> None:
        raise OSError(code, os.strerror(code))

    return call


def no_flush(patch: pytest.MonkeyPatch, code: int) -> None:
    """Folders cannot be flushed; files can."""
    real = os.fsync

    def fsync(descriptor: int) -> None:
        if stat.S_ISDIR(os.fstat(descriptor).st_mode):
            raise OSError(code, os.strerror(code))
        real(descriptor)

    patch.setattr(os, "fsync", fsync)


def no_links(patch: pytest.MonkeyPatch, code: int) -> None:
    """There are no hard links."""
    patch.setattr(os, "link", answer(code))


def no_locks(patch: pytest.MonkeyPatch, code: int) -> None:
    """There are no file locks."""
    patch.setattr(fcntl, "flock", answer(code))


def locks_for_everybody(patch: pytest.MonkeyPatch) -> None:
    """Everybody gets the lock."""
    patch.setattr(fcntl, "flock", lambda *_: None)


def no_room_told(patch: pytest.MonkeyPatch) -> None:
    """The free space is all zeros."""
    patch.setattr(os, "statvfs", lambda _: os.statvfs_result((4096, 4096, *[0] * 7, 255)))


def read_only(patch: pytest.MonkeyPatch, folder: Path, code: int = errno.EROFS) -> None:
    """Nothing can be made, written or removed below a folder; what is there can be read."""
    real: dict[str, Callable[..., Any]] = {name: getattr(os, name) for name in ("open", "unlink", "mkdir")}

    def lies_there(path: Any, dir_fd: int | None) -> bool:
        place = Path(os.fspath(path))
        if dir_fd is not None and not place.is_absolute():
            place = Path(f"/proc/self/fd/{dir_fd}").readlink() / place
        return place.is_relative_to(folder)

    def opened(path: Any, flags: int, mode: int = 0o777, *, dir_fd: int | None = None) -> int:
        if flags & (os.O_CREAT | os.O_WRONLY | os.O_RDWR) and lies_there(path, dir_fd):
            raise OSError(code, os.strerror(code))
        return int(real["open"](path, flags, mode, dir_fd=dir_fd))

    def refused(name: str) -> Callable[..., None]:
        def call(path: Any, *more: Any, dir_fd: int | None = None) -> None:
            if lies_there(path, dir_fd):
                raise OSError(code, os.strerror(code))
            real[name](path, *more, dir_fd=dir_fd)

        return call

    patch.setattr(os, "open", opened)
    for name in ("unlink", "mkdir"):
        patch.setattr(os, name, refused(name))
