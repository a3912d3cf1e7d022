"""The end of a program: at once, with its exit code, once all it had to say is written.

The driver's threads sleep half a second at a time and are joined when Python ends: without this the prompt comes back
0.5 s after the answer (1.07 and 0.50 s for a backup that is not due). Closing the client does not wake them.
"""

from __future__ import annotations

import logging
import os
import sys
import threading
from collections.abc import Callable
from typing import NoReturn

__all__ = ["at_once"]


def at_once(program: Callable[[], object]) -> NoReturn:
    """Run a program, which ends by returning or with ``SystemExit``, and leave without waiting for sleeping threads.

    Hooks of ``atexit`` are not run, so nothing of ours may rely on them. Python's own end takes its course where
    somebody may: a thread that is to be waited for, a debugger or a measurement of coverage, output that cannot be
    written, words instead of an exit code. Any other exception passes.
    """
    try:
        program()
        sys.exit()
    except SystemExit as end:
        code = 0 if end.code is None else end.code
        if not isinstance(code, int) or _is_watched() or _is_awaited() or not _all_is_said():
            raise
    os._exit(code)


def _is_awaited() -> bool:
    return any(not thread.daemon for thread in threading.enumerate() if thread is not threading.main_thread())


def _is_watched() -> bool:
    """Whether a tool sees what runs here, which writes what it saw at Python's end."""
    if sys.version_info >= (3, 12) and any(map(sys.monitoring.get_tool, range(6))):  # its ids are 0 to 5
        return True
    return sys.gettrace() is not None or sys.getprofile() is not None


def _all_is_said() -> bool:
    logging.shutdown()
    try:
        for stream in (sys.stdout, sys.stderr):
            if stream is not None:  # closed before the start, as by ``>&-``
                stream.flush()
    except (OSError, ValueError):  # ValueError: closed since
        return False
    return True
