"""The lock of one open file that this system has: ``flock``, and on Windows a byte that nobody reads.

Both are freed by the system when their holder dies.
"""

from __future__ import annotations

import os
import sys

__all__ = ["take"]

BEYOND = 1 << 30
"""Windows keeps everybody from reading what is locked, and who holds the lock stands at the file's beginning."""

if sys.platform == "win32":
    import errno
    import msvcrt

    def take(descriptor: int) -> None:
        """Lock an open file for this process alone, or raise ``BlockingIOError`` at once."""
        os.lseek(descriptor, BEYOND, os.SEEK_SET)
        try:
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        except OSError as problem:
            if problem.errno not in (errno.EACCES, errno.EDEADLK):
                raise
            raise BlockingIOError(errno.EAGAIN, "somebody has it locked") from None
else:
    import fcntl

    def take(descriptor: int) -> None:
        """Lock an open file for this process alone, or raise ``BlockingIOError`` at once."""
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
