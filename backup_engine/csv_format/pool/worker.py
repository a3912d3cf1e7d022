"""The other side of ``workers``: processes that answer items until their pipes end. It imports as little as it can.

The first process imports the tasks once (0.13 s), forks a worker for every pair of pipes, and from then on only waits:
it ends when one of them dies, and takes them along when it is told to end.
"""

from __future__ import annotations

import gc
import os
import pickle
import signal
import sys
from collections.abc import Callable
from contextlib import suppress
from typing import Any, BinaryIO, NoReturn

from backup_engine.errors import BackupError

__all__ = ["receive", "send", "serve"]

NICE = 10
"""Pages and the database come first. On an idle machine a backup takes as long as without it; 19 was no better."""
Pipes = tuple[int, int]
"""Where the questions of one worker come from, and where its answers go."""

_workers: list[int] = []


def serve() -> None:
    """Be as many workers as the command line names pipes (``3:6 5:8``), and the process that looks after them."""
    pipes = [(int(questions), int(answers)) for questions, _, answers in (pair.partition(":") for pair in sys.argv[1:])]
    signal.signal(signal.SIGTERM, _end)
    os.nice(NICE)
    gc.freeze()  # before the fork, as its documentation advises: pages of what is imported stay shared
    for mine in pipes:
        pid = os.fork()
        if not pid:
            _become_worker(mine, pipes)
        _workers.append(pid)
    for end in (end for pair in pipes for end in pair):
        os.close(end)
    while _workers:
        pid, status = os.wait()
        _workers.remove(pid)
        if status:
            _kill_workers()
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
            os.kill(os.getpid(), os.WTERMSIG(status) or signal.SIGTERM)  # the parent asks what its worker died of


def _end(*_: object) -> NoReturn:
    _kill_workers()
    os._exit(0)


def _kill_workers() -> None:
    for pid in _workers:
        with suppress(ProcessLookupError, ChildProcessError):  # it has ended by itself
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)


def _become_worker(mine: Pipes, pipes: list[Pipes]) -> NoReturn:
    """Answer each item with its result or error, until the pipe ends. A function comes with the first item for it.

    The work makes no cycles, and looking for them takes a quarter of the time of decoding.
    """
    # The handler of the process it was forked from would kill the other workers.
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    # A pipe ends when nobody holds its other end, and the fork holds those of all.
    for end in (end for pair in pipes if pair is not mine for end in pair):
        os.close(end)
    questions, answers = os.fdopen(mine[0], "rb"), os.fdopen(mine[1], "wb")
    function = None
    gc.disable()
    try:
        while True:
            new_function, item = pickle.loads(receive(questions))
            function = new_function or function
            send(answers, _answer(function, item))
    except (EOFError, BrokenPipeError):
        os._exit(0)
    finally:
        os._exit(1)  # whatever happens, a fork must not run on in the code of the process that looks after it


def _answer(function: Callable[[Any], Any] | None, item: Any) -> bytes:
    try:
        assert function is not None
        return pickle.dumps((function(item), None))
    except Exception as error:  # noqa: BLE001 - crosses to the parent, which raises it
        return pickle.dumps((None, error if isinstance(error, BackupError) else BackupError(f"{error!r} in a worker")))


def send(pipe: BinaryIO, data: bytes) -> None:
    """Write bytes with their length before them."""
    pipe.write(len(data).to_bytes(8, "little"))
    pipe.write(data)
    pipe.flush()


def receive(pipe: BinaryIO) -> bytes:
    """Read what ``send`` wrote. Raises ``EOFError`` when the other side is gone."""
    size = pipe.read(8)
    data = pipe.read(int.from_bytes(size, "little")) if len(size) == 8 else b""
    if len(size) < 8 or len(data) < int.from_bytes(size, "little"):
        raise EOFError
    return data
