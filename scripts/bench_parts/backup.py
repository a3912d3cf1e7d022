"""A full backup's data path against reading the same documents with pymongo, in rounds that take turns.

``python -m scripts.bench_parts.backup --count 100000 --rounds 5``
"""

from __future__ import annotations

import argparse
import os
import resource
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pymongo
from bson.raw_bson import RawBSONDocument
from pymongo.collection import Collection

from backup_engine.codec import split
from backup_engine.model import Written
from backup_engine.reader import is_as_written
from backup_engine.snapshot import BATCH_DOCUMENTS
from backup_engine.writer import write
from scripts.bench_parts.documents import raw_batches

__all__ = ["fill", "measure"]

Documents = Collection[dict[str, Any]]


def fill(collection: Documents, count: int) -> None:
    """Put that many of the usual documents into an empty collection."""
    collection.drop()
    for batch in raw_batches(count):
        collection.insert_many(map(RawBSONDocument, split(batch)), ordered=False)  # type: ignore[arg-type]


def decoded_and_dropped(collection: Documents) -> None:
    """The floor: what any program that looks at the documents pays."""
    for _ in collection.find({}, sort=[("_id", 1)]):
        pass


def to_csv_by_pandas(collection: Documents) -> None:
    """What most people write first."""
    import pandas

    with tempfile.NamedTemporaryFile(suffix=".csv") as file:
        pandas.DataFrame(list(collection.find())).to_csv(file.name, index=False)


def written(collection: Documents, path: Path, *, prove: bool = False) -> Written:
    """Our way, synced to disk; ``prove`` decodes every row again on the way."""
    with path.open("wb") as file:
        batches = collection.find_raw_batches({}, sort=[("_id", 1)], batch_size=BATCH_DOCUMENTS)
        result = write(batches, file, expected=collection.estimated_document_count(), prove=prove)
        file.flush()
        os.fsync(file.fileno())
    return result


def written_and_read_back(collection: Documents, path: Path) -> None:
    """Our way, proven."""
    result = written(collection, path, prove=True)
    with path.open("rb") as file:
        if not is_as_written(file, result):
            raise SystemExit("what was written does not read back")


def measure(collection: Documents, rounds: int) -> dict[str, float]:
    """Give the median seconds of each way; the rounds take turns, so that a busy machine is busy for all."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "equipment.csv"
        ways: dict[str, Callable[[], object]] = {
            "find() decoded and dropped": lambda: decoded_and_dropped(collection),
            "backup without read-back": lambda: written(collection, path),
            "backup with read-back": lambda: written_and_read_back(collection, path),
            "pandas to_csv": lambda: to_csv_by_pandas(collection),
        }
        seconds: dict[str, list[float]] = {name: [] for name in ways}
        for _ in range(rounds):
            for name, way in ways.items():
                start = time.perf_counter()
                way()
                seconds[name].append(time.perf_counter() - start)
    return {name: statistics.median(found) for name, found in seconds.items()}


class PeakMemory:
    """The largest sum of resident memory of this process and its children while the block runs, in MiB."""

    def __enter__(self) -> PeakMemory:
        self.peak = 0.0
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _watch(self) -> None:
        import psutil

        me = psutil.Process()
        while not self._stop.wait(0.02):
            total = 0
            for process in [me, *me.children(recursive=True)]:
                if process == me or "worker.serve" in " ".join(_command(process)):
                    total += _resident(process)
            self.peak = max(self.peak, total / 2**20)


def _command(process: Any) -> list[str]:
    import psutil

    try:
        return list(process.cmdline())
    except psutil.Error:
        return []


def _resident(process: Any) -> int:
    import psutil

    try:
        return int(process.memory_info().rss)
    except psutil.Error:
        return 0


def main() -> None:
    """Print the ratios and the peak memory."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--count", type=int, default=100_000)
    arguments.add_argument("--rounds", type=int, default=5)
    arguments.add_argument("--uri", help="a MongoDB to use instead of one started for this")
    chosen = arguments.parse_args()
    if chosen.uri:
        with pymongo.MongoClient[dict[str, Any]](chosen.uri) as client:
            _report(client["bench"]["equipment"], chosen.count, chosen.rounds)
        return
    from tests.mongod import Mongod

    server = Mongod()
    try:
        with server.client() as client:
            _report(client["bench"]["equipment"], chosen.count, chosen.rounds)
    finally:
        server.stop()


def _report(collection: Documents, count: int, rounds: int) -> None:
    fill(collection, count)
    with tempfile.TemporaryDirectory() as folder, PeakMemory() as memory:
        written_and_read_back(collection, Path(folder) / "equipment.csv")
    found = measure(collection, rounds)
    floor = found["find() decoded and dropped"]
    print(f"{count:,} documents, medians of {rounds}, load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    for name, seconds in found.items():
        print(f"{name:28} {seconds:8.2f} s {seconds / floor:6.2f} ×")
    print(f"peak memory, workers included {memory.peak:7.0f} MiB; "
          f"with pandas {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MiB", file=sys.stdout)


if __name__ == "__main__":
    main()
