"""Ctrl-C and SIGTERM on the command line: a running operation is asked to stop, anything else ends at once."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

__all__ = ["Signals"]

CAUGHT = (signal.SIGINT, signal.SIGTERM)


class Signals:
    """Handles both signals while it is entered.

    During ``asked()`` the first signal only sets ``received``, so that the operation ends between two steps and
    cleans up; a second one interrupts it where it is.
    """

    def __init__(self) -> None:
        self.received = 0
        self._asking = False
        self._before: dict[int, Any] = {}

    def __enter__(self) -> Signals:
        if threading.current_thread() is threading.main_thread():  # Python refuses handlers to all others
            self._before = {number: signal.signal(number, self._arrived) for number in CAUGHT}
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    @property
    def exit_code(self) -> int:
        """128 plus the signal, as shells report it."""
        return 128 + (self.received or signal.SIGINT)

    @contextmanager
    def asked(self) -> Iterator[None]:
        """Let an operation that watches ``received`` end by itself."""
        self._asking = True
        try:
            yield
        finally:
            self._asking = False

    @staticmethod
    def broken_pipe() -> int:
        """The reader of our output has gone (``| head``): end quietly, as other tools do."""
        # Python flushes stdout once more at exit; into the closed pipe that would be a traceback.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 128 + signal.SIGPIPE

    def _arrived(self, number: int, _: FrameType | None) -> None:
        again = bool(self.received)
        self.received = number
        if again or not self._asking:
            raise KeyboardInterrupt
