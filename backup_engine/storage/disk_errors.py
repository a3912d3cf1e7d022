"""One place that turns what the operating system says into what a person can act on."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager

from backup_engine.errors import BackupError, BackupFileNotFound, BadInput, NoSpace, PermissionDenied
from backup_engine.storage.mounts import mount_of

_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
_REFUSED = frozenset({errno.EACCES, errno.EPERM, errno.EROFS})
_NOT_PLAIN = frozenset({errno.ELOOP, errno.ENOTDIR, errno.EISDIR, errno.ENXIO})  # ENXIO: a socket
_MISSING = frozenset({errno.ENOENT})
# A server that went away, a dead FUSE program, a stick that was pulled out.
_UNMOUNTED = frozenset({errno.ENOTCONN, errno.ESTALE, errno.EHOSTDOWN, errno.EHOSTUNREACH, errno.ETIMEDOUT,
                        errno.ENODEV})


@contextmanager
def disk_errors(where: str) -> Iterator[None]:
    """Raise the engine's error for any ``OSError`` but ``FileExistsError``, which is an answer, not a fault."""
    try:
        yield
    except FileExistsError:
        raise
    except OSError as problem:
        raise _named(problem, where) from problem


def is_refusal(error: BackupError) -> bool:
    """Whether the system refused because of a read-only mount or the owner and mode of a folder: not for being full."""
    cause = error.__cause__
    return isinstance(error, PermissionDenied) and isinstance(cause, OSError) and cause.errno in _REFUSED


def _named(problem: OSError, where: str) -> BackupError:
    reason = problem.strerror or str(problem)
    if problem.errno in _FULL:
        return NoSpace(f"{where}: {reason}", hint="Free some space and try again; older backups are untouched.")
    if problem.errno == errno.EROFS:
        return PermissionDenied(f"{where}: {reason} ({mount_of(where)})",
                                hint="Mount it for writing, or choose another backup folder.")
    if problem.errno in _REFUSED:
        return PermissionDenied(f"{where}: {reason}", hint="Check the owner and the mode of the backup folder.")
    if problem.errno in _NOT_PLAIN:
        return PermissionDenied(f"{where} is a link or not what its name promises: {reason}")
    if problem.errno == errno.ENAMETOOLONG:
        return BadInput(f"The path {where} is too long: {reason}.", hint="Choose a backup folder with a shorter path.")
    if problem.errno in _MISSING:
        return BackupFileNotFound(where)
    if problem.errno in _UNMOUNTED:
        return BackupError(f"{where} does not answer: {reason} ({mount_of(where)})", hint="Mount it again.")
    return BackupError(f"the disk reports a fault at {where}: {reason}", hint="Check the disk and the system log.")
