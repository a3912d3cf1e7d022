"""Work spread over processes: one function, many items, results in order.

Workers come from a fresh interpreter and are no forks of this process: it has threads (Streamlit, pymongo), and nothing
of its main program may run again. They end when their pipes do, so a killed parent leaves none behind.
"""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, suppress
from queue import SimpleQueue
from typing import Any, BinaryIO, TypeVar

from backup_engine.csv_format.pool.worker import receive, send
from backup_engine.errors import BackupError
from backup_engine.machine import children

__all__ = ["Workers", "choose"]

Item = TypeVar("Item")
Result = TypeVar("Result")

SMALL = 5000
"""Rows up to which starting processes (0.1 s) costs more than it gives."""
MOST = 3
"""With more workers the one reader of the database is the limit, and memory grows by 50 MB for each."""
PIPE = 1 << 20  # the most Linux gives an ordinary user unless configured; an item has 0.7 MB
PROGRAM = "from backup_engine.csv_format.pool import tasks, worker; worker.serve()"
"""The tasks are imported while this process still reads its first items."""
GRACE_SECONDS = 5


def choose(workers: int | None, rows: int) -> int:
    """How many worker processes to use; 0 means to work in this one."""
    if not hasattr(os, "fork"):
        return 0
    if workers is not None:
        return 0 if workers <= 1 else workers
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return 0 if rows <= SMALL or cores < 2 else min(cores, MOST)


class Workers:
    """``count`` processes, started at once and ended with the block; with 0 the work is done in this one."""

    def __init__(self, count: int) -> None:
        self._count = count
        self._crew: _Crew | None = None

    def __enter__(self) -> Workers:
        if self._count:
            self._crew = _Crew(self._count)
        return self

    def __exit__(self, *_: object) -> None:
        if self._crew is not None:
            self._crew.end()

    def map(self, function: Callable[[Item], Result], items: Iterable[Item]) -> Iterator[tuple[Item, Result]]:
        """Give each item with what a picklable function makes of it, in the order of the items, a few items ahead of
        the consumer. Whoever stops before the last one, or meets an error, ends the processes.

        Raises what the function raised, and ``BackupError`` when a worker dies.
        """
        if self._crew is None:
            for item in items:
                yield item, function(item)
            return
        idle: SimpleQueue[_Worker] = SimpleQueue()
        for worker in self._crew.workers:
            worker.take(function)
            idle.put(worker)
        with ThreadPoolExecutor(self._count, "encode") as threads:
            pending: deque[tuple[Item, Future[Result]]] = deque()
            try:
                for item in items:
                    pending.append((item, threads.submit(_call, idle, item)))
                    if len(pending) > 2 * self._count:
                        yield _finished(pending)
                while pending:
                    yield _finished(pending)
            except BaseException:
                # A thread that waits for an answer ends only with its worker, and the pool waits for its threads.
                threads.shutdown(wait=False, cancel_futures=True)
                self.__exit__()
                raise


def _finished(pending: deque[tuple[Item, Future[Result]]]) -> tuple[Item, Result]:
    item, future = pending.popleft()
    return item, future.result()


def _call(idle: SimpleQueue[_Worker], item: Any) -> Any:
    worker = idle.get()
    try:
        return worker.call(item)
    finally:
        idle.put(worker)


class _Crew:
    """The process that looks after the workers, and the workers."""

    def __init__(self, count: int) -> None:
        # Their ends are closed here as soon as they have them: else nobody would notice that a worker is gone.
        with ExitStack() as theirs:
            pairs, self.workers = [], []
            for _ in range(count):
                questions, answers = _pipe(), _pipe()
                self.workers.append(_Worker(self, os.fdopen(answers[0], "rb"), os.fdopen(questions[1], "wb")))
                pairs.append((questions[0], answers[1]))
                for end in pairs[-1]:
                    theirs.callback(os.close, end)
            self._process = subprocess.Popen(
                [sys.executable, "-c", PROGRAM, *(f"{questions}:{answers}" for questions, answers in pairs)],
                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                pass_fds=[end for pair in pairs for end in pair], env=children.of_python(),
                start_new_session=True,
            )

    def died_of(self) -> int | None:
        """Give the exit code, after a worker has gone; None when it cannot be told."""
        try:
            return self._process.wait(GRACE_SECONDS)
        except subprocess.TimeoutExpired:
            return None

    def end(self) -> None:
        """End all processes; nothing they might still do is wanted."""
        self._process.terminate()
        if self.died_of() is None:
            self._process.kill()
            self._process.wait()
        for worker in self.workers:
            worker.close()


class _Worker:
    """One worker as this process sees it."""

    def __init__(self, crew: _Crew, answers: BinaryIO, questions: BinaryIO) -> None:
        self._crew, self._answers, self._questions = crew, answers, questions
        self._function: Callable[[Any], Any] | None = None

    def take(self, function: Callable[[Any], Any]) -> None:
        """Note what to do with the items from now on."""
        self._function = function

    def call(self, item: Any) -> Any:
        """Have one item worked on."""
        try:
            send(self._questions, pickle.dumps((self._function, item)))
            self._function = None
            result, error = pickle.loads(receive(self._answers))
        except (OSError, EOFError, pickle.UnpicklingError) as fault:
            raise BackupError(f"a worker process ended unexpectedly (exit code {self._crew.died_of()})",
                              hint="Perhaps the machine is short of memory.") from fault
        if error is not None:
            raise error
        return result

    def close(self) -> None:
        """Let go of the pipes."""
        self._answers.close()
        with suppress(BrokenPipeError):  # of what a dead worker has not read
            self._questions.close()


def _pipe() -> tuple[int, int]:
    """Make a pipe with room for a whole item, where the system can."""
    import fcntl  # not on Windows, where ``choose`` starts no processes

    ends = os.pipe()
    if hasattr(fcntl, "F_SETPIPE_SZ"):
        with suppress(OSError):  # the user's share of pipe memory is used up
            fcntl.fcntl(ends[1], fcntl.F_SETPIPE_SZ, PIPE)
    return ends
