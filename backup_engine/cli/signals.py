"""Ctrl-C, SIGTERM and a closed terminal on the command line.

A running operation is asked to stop; anything else, the wait for the database above all, ends at once.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from types import FrameType
from typing import Any, TypeVar

__all__ = ["Signals"]

HANGUP = getattr(signal, "SIGHUP", None)  # Windows has none
BROKEN_PIPE = int(getattr(signal, "SIGPIPE", 13))
CAUGHT = (signal.SIGINT, signal.SIGTERM, *((HANGUP,) if HANGUP else ()))
T = TypeVar("T")


class Signals:
    """Handles the signals while it is entered.

    During ``asked()`` the first signal only sets ``received``, so that the operation ends between two steps and
    cleans up; a second one interrupts it where it is.
    """

    def __init__(self) -> None:
        self.received = 0
        self._asking = False
        self._reached = False
        self._before: dict[int, Any] = {}

    def __enter__(self) -> Signals:
        if threading.current_thread() is threading.main_thread():  # Python refuses handlers to all others
            self._before = {number: signal.signal(number, self._arrived) for number in CAUGHT
                            # nohup has it ignored, and means it
                            if number != HANGUP or signal.getsignal(number) != signal.SIG_IGN}
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

    def reaching(self, connect: Callable[[], T]) -> Callable[[], T]:
        """Give ``connect`` so that a signal cuts off its first success, the only one that may wait for a start.

        Later ones belong to what an operation tidies up after a signal.
        """

        @wraps(connect, assigned=(), updated=())
        def reach() -> T:
            if self._reached or threading.current_thread() is not threading.main_thread():
                return connect()
            if self.received:
                raise KeyboardInterrupt
            before, self._asking = self._asking, False
            try:
                answer = connect()
            finally:
                self._asking = before
            self._reached = True
            return answer

        return reach

    @staticmethod
    def broken_pipe() -> int:
        """The reader of our output has gone (``| head``): end quietly, as other tools do."""
        # Python flushes stdout once more at exit; into the closed pipe that would be a traceback.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 128 + BROKEN_PIPE

    def _arrived(self, number: int, _: FrameType | None) -> None:
        again = bool(self.received)
        self.received = number
        if again or not self._asking:
            raise KeyboardInterrupt
