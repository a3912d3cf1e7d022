"""What whole commands take: a differential backup of a few changes, and the time from an answer to the prompt."""

from __future__ import annotations

import random
import statistics
import subprocess
import sys
import tempfile
import time

from bson import ObjectId
from pymongo.collection import Collection

from scripts.bench_parts.table import Line, timed
from tests.server.running_app import ROOT

CHANGES = 100
REACH, END = 1.5, 0.05
"""Seconds for a differential backup, and from an answer to the prompt; the driver's threads sleep for 0.5 s."""
ROUNDS = 5


def lines(uri: str, live: Collection[dict[str, object]], count: int) -> list[Line]:
    """Measure both over a list of the usual documents; the first backup of the folder is full and not counted."""
    with tempfile.TemporaryDirectory() as folder:
        words = [sys.executable, "backup_csv_for_db_restore.py", "--uri", uri, "--database", live.database.name,
                 "--folder", folder, "backup"]
        _run([*words, "--force"])
        made, left = [], []
        for _ in range(ROUNDS):
            _change(live, count)
            made.append(timed(lambda: _run([*words, "--force"])))
            left.append(_leaving(words))
    return [
        Line(f"the command: differential backup, {CHANGES} changes (reach: 1.5 s)", statistics.median(made), "1.5 s",
             REACH, 1.0),
        Line("from the answer of a command to its end (reach: 50 ms)", statistics.median(left), "50 ms", END, 1.0),
    ]


def _change(live: Collection[dict[str, object]], count: int) -> None:
    note = f"changed {random.random()}"
    for number in range(CHANGES):
        place = ObjectId((number * (count // CHANGES)).to_bytes(12, "big"))
        live.update_one({"_id": place}, {"$set": {"Comments": note}})


def _run(words: list[str]) -> None:
    subprocess.run(words, cwd=ROOT, check=True, capture_output=True)


def _leaving(words: list[str]) -> float:
    """Ask for a backup that is not due, which is one line, and time what comes after it."""
    with subprocess.Popen(words, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        assert process.stdout is not None and process.stdout.readline()
        answered = time.perf_counter()
        process.wait()
        return time.perf_counter() - answered
