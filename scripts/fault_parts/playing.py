"""Playing rows on real replica sets, and telling each."""

from __future__ import annotations

import multiprocessing
import os
import platform
import queue
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import pymongo
from pymongo.errors import PyMongoError

from backup_engine.errors import BackupError
from scripts.fault_parts.rows import Row
from tests.nightmares import elections
from tests.replica_set import ReplicaSet

Doc = dict[str, Any]
FORK = multiprocessing.get_context("fork")


def head(root: Path) -> Doc:
    """Say what is tried and where: commit, date, cores, versions."""
    return {
        "commit": _git(root, "rev-parse", "HEAD"),
        # the file being written lies there, and may be one that is committed
        "dirty": bool(_git(root, "status", "--porcelain", "-uno", "--", ".", ":!docs/measured")),
        "date": datetime.now().astimezone().isoformat(timespec="seconds"), "cores": os.cpu_count(),
        "python": platform.python_version(), "pymongo": pymongo.version, "mongodb": _server_version(),
        "system": f"{platform.system()} {platform.machine()}",
    }


class Sets:
    """Two replica sets: one for everybody, one for the rows that spoil it for others; each is made when needed."""

    def __init__(self) -> None:
        self._made: dict[bool, ReplicaSet] = {}

    def give(self, own: bool) -> ReplicaSet:
        """Give a set that is whole. Raises ``TimeoutError``."""
        if own not in self._made:
            self._made[own] = ReplicaSet()
        elections.heal(self._made[own])
        return self._made[own]

    def drop(self, own: bool) -> None:
        """End a set; the next row gets another one."""
        if own in self._made:
            self._made.pop(own).stop()

    def stop(self) -> None:
        """End all."""
        for own in list(self._made):
            self.drop(own)


def play(rows: Sequence[Row], say: Callable[[Doc], None], until: float) -> int:
    """Play rows until a moment of ``time.monotonic``, two at a time; gives how many were left out.

    A row mostly waits for an election: two processes with a replica set each play nearly twice as many.
    """
    said: multiprocessing.Queue[Doc | int] = FORK.Queue()
    common = [number for number, row in enumerate(rows) if not row.own_set]
    first = set(common[::2])
    shares = [[row for number, row in enumerate(rows) if (number in first) is chosen] for chosen in (True, False)]
    workers = [FORK.Process(target=_work, args=(share, said, until)) for share in shares]
    for worker in workers:
        worker.start()
    left, ended = 0, 0
    try:
        while ended < len(workers):
            try:
                told = said.get(timeout=5)
            except queue.Empty:
                if any(worker.is_alive() for worker in workers):
                    continue
                raise RuntimeError("the rows were not played to their end") from None
            if isinstance(told, int):
                left, ended = left + told, ended + 1
            else:
                say(told)
    except BaseException:
        for worker in workers:
            worker.terminate()
        raise
    finally:
        for worker in workers:
            worker.join()
    return left


def _work(rows: Sequence[Row], said: multiprocessing.Queue[Doc | int], until: float) -> None:
    sets, left = Sets(), 0
    try:
        for row in rows:
            if time.monotonic() > until:
                left += 1
            else:
                said.put(_played(sets, row))
        said.put(left)
    finally:
        sets.stop()


def _played(sets: Sets, row: Row) -> Doc:
    started = time.monotonic()
    answer, verdict = "", ""
    for _ in range(2):
        folder = Path(tempfile.mkdtemp(prefix="faults"))
        try:
            answer, verdict = row.play(sets.give(row.own_set), folder / "backups")
            break
        except BackupError as problem:  # what clears up, or the next verb, must work: that is the judge's question
            verdict = f"then nothing works: {problem.exit_code} {problem.message}"
            sets.drop(row.own_set)
            break
        # Of the servers and not of the product: once more, on others.
        except (TimeoutError, RuntimeError, PyMongoError) as problem:
            verdict = f"not judged: {problem}"
            sets.drop(row.own_set)
        finally:
            shutil.rmtree(folder, ignore_errors=True)
    return {**row.words, "answer": answer, "verdict": verdict, "seconds": round(time.monotonic() - started, 1)}


def _git(root: Path, *words: str) -> str:
    return subprocess.run(["git", *words], cwd=root, capture_output=True, text=True, check=False).stdout.strip()


def _server_version() -> str:
    from tests.mongod import binary

    said = subprocess.run([str(binary()), "--version"], capture_output=True, text=True, check=True).stdout
    return said.split()[2].removeprefix("v")
