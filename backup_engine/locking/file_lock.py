"""The lock of a folder between the processes of a machine: that of its file ``.lock``, freed when its holder dies.

Some mounts have no locks, and some say yes to everybody: both count as none, and the caller has to do without.
"""

from __future__ import annotations

import errno
import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from backup_engine.errors import Busy, RestoreRunning
from backup_engine.locking import exclusive
from backup_engine.locking.lease import boot_id
from backup_engine.machine import private
from backup_engine.storage.disk_errors import disk_errors
from backup_engine.storage.mounts import readable

__all__ = ["RESTORES", "busy", "file_lock", "folder_identity", "forget_in_child"]

RESTORES: frozenset[str] = frozenset({"restore", "merge", "undo"})
_NO_LOCKS = frozenset({errno.ENOLCK, errno.EBADF, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EINVAL})
"""NFS without its lock service, NFSv4 opened for reading, 9p and FUSE without locks, older kernels."""
_POLL_SECONDS = 0.05
# NOFOLLOW: a link laid there must not make us write elsewhere. CLOEXEC: no program we start keeps the lock. Windows has
# neither, and needs neither: no program inherits there, and only an administrator may make links.
_ONLY_HERE = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)

_open_locks: set[int] = set()


@contextmanager
def file_lock(path: Path, purpose: str, deadline: float) -> Iterator[bool]:
    """Hold the file's lock; gives whether there is such a thing on this mount."""
    descriptor = _locked(path, deadline)
    if descriptor is None:
        yield False
        return
    _open_locks.add(descriptor)
    try:
        with suppress(OSError):  # for people only; a full disk must not stop what frees it
            _write_holder(descriptor, purpose)
        yield True
    finally:
        if descriptor in _open_locks:  # not so in a forked child
            _open_locks.discard(descriptor)
            with suppress(OSError):
                os.ftruncate(descriptor, 0)
            os.close(descriptor)


def folder_identity(path: Path | None, name: str) -> str:
    """Name the folder by device and inode: two containers may call different folders by one path."""
    if path is None:
        return f"{readable(name)} {os.getpid()}"
    with disk_errors(str(path)):
        status = path.parent.stat()
    return f"{status.st_dev}:{status.st_ino}"


def forget_in_child() -> None:
    """A forked worker must not keep a dead parent's lock alive."""
    for descriptor in _open_locks:
        with suppress(OSError):
            os.close(descriptor)  # closing a copy frees nothing: the parent keeps its lock
    _open_locks.clear()


def busy(purpose: str, who: str) -> Busy:
    """Say what runs, and who runs it."""
    if purpose in RESTORES:
        return RestoreRunning(f"A restore is running {who}".strip(), hint="Try again when it has finished.")
    what = "A backup is already running" if purpose in ("", "backup") else f"A backup is already running ({purpose})"
    return Busy(f"{what} {who}".strip(), hint="Try again when it has finished.")


class _NoLocks(Exception):
    """This mount has no file locks, or such that nobody else sees."""


def _locked(path: Path, deadline: float) -> int | None:
    """Open and lock; again when somebody removed the file between the two. None where the mount has no locks."""
    while True:
        with disk_errors(str(path)):
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT | _ONLY_HERE, private.FILE)
        try:
            if _flock(descriptor, path, deadline):
                return descriptor
        except _NoLocks:
            os.close(descriptor)
            return None
        except BaseException:
            os.close(descriptor)
            raise
        os.close(descriptor)


def _flock(descriptor: int, path: Path, deadline: float) -> bool:
    while True:
        try:
            exclusive.take(descriptor)
            break
        except BlockingIOError:
            if time.monotonic() >= deadline:
                purpose, who = _read_holder(descriptor)
                raise busy(purpose, who) from None
            time.sleep(_POLL_SECONDS)
        except OSError as problem:
            if problem.errno in _NO_LOCKS:
                raise _NoLocks from None
            with disk_errors(str(path)):
                raise
    if not _excludes(descriptor, path):
        raise _NoLocks
    try:
        return os.path.samestat(path.stat(), os.fstat(descriptor))
    except FileNotFoundError:
        return False


def _excludes(descriptor: int, path: Path) -> bool:
    """Whether somebody who opens the locked file now is kept out: some mounts say yes to everybody."""
    try:
        other = os.open(path, os.O_RDONLY | _ONLY_HERE)
    except OSError:
        return True  # it was removed, or is another by now: the caller looks
    try:
        if os.path.samestat(os.fstat(other), os.fstat(descriptor)):
            exclusive.take(other)
            return False
    except OSError:
        return True
    finally:
        os.close(other)
    return True


def _write_holder(descriptor: int, purpose: str) -> None:
    about = {"purpose": purpose, "pid": os.getpid(), "boot": boot_id(), "since": time.strftime("%Y-%m-%d %H:%M:%S")}
    os.ftruncate(descriptor, 0)
    os.lseek(descriptor, 0, os.SEEK_SET)
    os.write(descriptor, json.dumps(about).encode())


def _read_holder(descriptor: int) -> tuple[str, str]:
    try:
        os.lseek(descriptor, 0, os.SEEK_SET)
        about = json.loads(os.read(descriptor, 4096))
        return str(about["purpose"]), f"by process {about['pid']} since {about['since']}"
    except (ValueError, KeyError, TypeError, RecursionError, OSError):  # 5,000 brackets in it are a RecursionError
        return "", "by another process"
