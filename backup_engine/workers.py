"""Work spread over processes: one function, many items, results in order.

A worker is a fresh interpreter on two pipes and not a fork: the parent has threads (Streamlit, pymongo), and nothing
of its main program may run again. It ends when its pipe does, so a killed parent leaves none behind.
"""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from queue import SimpleQueue
from typing import Any, TypeVar

from backup_engine.errors import BackupError
from backup_engine.worker import receive, send

__all__ = ["Workers", "choose"]

Item = TypeVar("Item")
Result = TypeVar("Result")

SMALL = 5000
"""Rows up to which starting processes (0.1 s) costs more than it gives."""
MOST = 3
"""With more workers the one reader of the database is the limit, and memory grows by 50 MB for each."""
PIPE = 1 << 20
PROGRAM = "from backup_engine import tasks, worker; worker.serve()"
"""The tasks are imported while the parent still reads its first items."""


def choose(workers: int | None, rows: int) -> int:
    """How many worker processes to use; 0 means to work in this one."""
    if workers is not None:
        return 0 if workers <= 1 else workers
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return 0 if rows <= SMALL or cores < 2 else min(cores, MOST)


class Workers:
    """``count`` processes, started at once and ended with the block; with 0 the work is done in this one."""

    def __init__(self, count: int) -> None:
        self._count = count
        self._processes: list[_Process] = []

    def __enter__(self) -> Workers:
        try:
            self._processes += (_Process() for _ in range(self._count))
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        for process in self._processes:
            process.end()

    def map(self, function: Callable[[Item], Result], items: Iterable[Item]) -> Iterator[tuple[Item, Result]]:
        """Give each item with what a picklable function makes of it, in the order of the items, a few items ahead of
        the consumer. Whoever stops before the last one, or meets an error, ends the processes.

        Raises what the function raised, and ``BackupError`` when a worker dies.
        """
        if not self._count:
            for item in items:
                yield item, function(item)
            return
        idle: SimpleQueue[_Process] = SimpleQueue()
        for process in self._processes:
            process.take(function)
            idle.put(process)
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
                threads.shutdown(wait=False, cancel_futures=True)
                self.__exit__()
                raise


def _finished(pending: deque[tuple[Item, Future[Result]]]) -> tuple[Item, Result]:
    item, future = pending.popleft()
    return item, future.result()


def _call(idle: SimpleQueue[_Process], item: Any) -> Any:
    process = idle.get()
    try:
        return process.call(item)
    finally:
        idle.put(process)


class _Process:
    """One worker process as its parent sees it."""

    def __init__(self) -> None:
        root = str(Path(__file__).parent.parent)
        path = os.pathsep.join(filter(None, [root, os.environ.get("PYTHONPATH", "")]))
        self._process = subprocess.Popen(
            [sys.executable, "-c", PROGRAM],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, pipesize=PIPE,
            env={**os.environ, "PYTHONPATH": path}, start_new_session=True,
        )
        assert self._process.stdin is not None and self._process.stdout is not None
        self._in: Any = self._process.stdin
        self._out: Any = self._process.stdout
        self._function: Callable[[Any], Any] | None = None

    def take(self, function: Callable[[Any], Any]) -> None:
        """Note what to do with the items from now on."""
        self._function = function

    def call(self, item: Any) -> Any:
        """Have one item worked on."""
        try:
            send(self._in, pickle.dumps((self._function, item)))
            self._function = None
            result, error = pickle.loads(receive(self._out))
        except (OSError, EOFError, pickle.UnpicklingError) as fault:
            code = self._process.poll()
            raise BackupError(f"a worker process ended unexpectedly (exit code {code})",
                              hint="Perhaps the machine is short of memory.") from fault
        if error is not None:
            raise error
        return result

    def end(self) -> None:
        """End the process; nothing it might still do is wanted."""
        self._process.kill()
        self._process.wait()
        self._process.stdout.close()  # type: ignore[union-attr]
        try:
            self._process.stdin.close()  # type: ignore[union-attr]
        except BrokenPipeError:
            return
