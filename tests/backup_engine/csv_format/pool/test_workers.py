"""Worker processes: results in order, errors and deaths come out clean, nothing is left running."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from backup_engine.csv_format.pool.worker import NICE
from backup_engine.csv_format.pool.workers import Workers, choose
from backup_engine.errors import BackupError, VerificationFailed


class Double:
    """Doubles; some numbers are bad for it."""

    def __call__(self, number: int) -> int:
        if number == 13:
            raise VerificationFailed("thirteen")
        if number == 14:
            raise ValueError("fourteen")
        if number == 15:
            os.kill(os.getpid(), signal.SIGKILL)
        if number == 16:
            print("noise on standard output")
        time.sleep(0.02 if number % 3 == 0 else 0)  # the others would overtake these
        return number * 2


def children(of: int | None = None) -> set[int]:
    """Process ids of all that come from a process, this one unless told."""
    tasks = Path(f"/proc/{of or os.getpid()}/task").glob("*/children")
    pids = {int(pid) for path in tasks for pid in path.read_text().split()}
    return pids.union(*map(children, pids))


@pytest.mark.parametrize("count", [0, 1, 3])
def test_results_come_in_the_order_of_the_items(count: int) -> None:
    items = [number for number in range(40) if number not in (13, 14, 15)]

    with Workers(count) as pool:
        assert list(pool.map(Double(), items)) == [(number, number * 2) for number in items]


@pytest.mark.parametrize(("number", "words"), [(13, "thirteen"), (14, "fourteen"), (15, "a worker process ended")])
def test_what_goes_wrong_in_a_worker_is_raised_here(number: int, words: str) -> None:
    before = children()

    with pytest.raises(BackupError, match=words), Workers(2) as pool:
        list(pool.map(Double(), [*range(12), number, *range(12)]))
    assert children() == before


def test_a_consumer_that_stops_early_leaves_no_process() -> None:
    before = children()
    with Workers(2) as pool:
        results = pool.map(Double(), range(10))
        assert next(results) == (0, 0)
        assert len(children() - before) == 3  # two workers and the process they were forked from
    assert children() == before


def test_an_error_of_the_source_leaves_no_process() -> None:
    before = children()

    def items() -> object:
        yield from range(8)
        raise ConnectionError("the database went away")

    with pytest.raises(ConnectionError), Workers(2) as pool:
        list(pool.map(Double(), items()))  # type: ignore[arg-type]
    assert children() == before


def test_workers_import_the_engine_wherever_the_program_was_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("PYTHONPATH", raising=False)

    with Workers(2) as pool:
        assert list(pool.map(len, ["a", "bb"])) == [("a", 1), ("bb", 2)]


def test_workers_end_with_a_parent_that_is_killed() -> None:
    program = (
        "import os, signal\n"
        "from tests.backup_engine.csv_format.pool.test_workers import Double, children\n"
        "from backup_engine.csv_format.pool.workers import Workers\n"
        "pool = Workers(2).__enter__(); results = pool.map(Double(), range(10)); next(results)\n"
        "print(*children(), flush=True)\n"
        "os.kill(os.getpid(), signal.SIGKILL)"
    )
    result = subprocess.run([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True, timeout=60)
    pids = [int(pid) for pid in result.stdout.split()]

    assert len(pids) == 3
    deadline = time.monotonic() + 20
    while any(alive(pid) for pid in pids) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not any(alive(pid) for pid in pids)


def alive(pid: int) -> bool:
    try:
        return "backup_engine" in Path(f"/proc/{pid}/cmdline").read_text()
    except OSError:
        return False


def test_small_work_starts_no_processes() -> None:
    assert choose(None, 100) == 0
    assert choose(1, 10**6) == 0
    assert choose(3, 1) == 3
    assert choose(None, 10**6) <= 3


class Niceness:
    """Tells how nice the worker is."""

    def __call__(self, _: int) -> int:
        return os.nice(0)


def test_pages_and_the_database_come_before_workers() -> None:
    with Workers(2) as workers:
        told = [nice for _, nice in workers.map(Niceness(), range(4))]

    assert told == [min(19, os.nice(0) + NICE)] * 4
