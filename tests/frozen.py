"""A process that stands still, as one on a machine under heavy load or with a disk that hangs."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager

import psutil


def freeze(pid: int) -> None:
    """Stop a process where it is, and wait until it stands: threads that still run after the signal may answer."""
    os.kill(pid, signal.SIGSTOP)
    until = time.monotonic() + 10
    while psutil.Process(pid).status() != psutil.STATUS_STOPPED:
        assert time.monotonic() < until, f"process {pid} does not stop"
        time.sleep(0.005)


def thaw(pid: int) -> None:
    """Let it go on."""
    os.kill(pid, signal.SIGCONT)


@contextmanager
def frozen(pid: int) -> Iterator[None]:
    """Stop a process for the block."""
    freeze(pid)
    try:
        yield
    finally:
        thaw(pid)
