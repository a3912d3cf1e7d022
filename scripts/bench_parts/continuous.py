"""What continuous protection costs: 20 changes a second over 100,000 records, for some minutes, in real time."""

from __future__ import annotations

import multiprocessing
import random
import statistics
import tempfile
import time
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

from pymongo import MongoClient
from pymongo.database import Database

from backup_engine.api import DatabaseBackupRestore, Preferences
from backup_engine.model import BackupSet
from backup_engine.scheduling.continuous import Continuous
from scripts.bench_parts.streams import fill

RECORDS, PER_SECOND = 100_000, 20
MOST_SHARE = 0.05
"""Of one core that it may take."""
BEFORE_SECONDS = 10.0


def report(uri: str, database: Database[dict[str, Any]], minutes: float) -> str:
    """Protect a list that somebody writes to from another process; give a table of what that took.

    Processor time is that of this process, which does nothing else, without the server; sets are made without worker
    processes, so that all of it is counted.
    """
    fill(database["Equipment"], RECORDS)
    with tempfile.TemporaryDirectory() as folder:
        engine = DatabaseBackupRestore(uri, database=database.name, backup_folder=str(Path(folder)))
        ws = replace(engine.workspace, workers=1)
        engine.create_backup(force=True)
        loop = Continuous(ws, lambda: Preferences(continuous=True))
        writer = multiprocessing.get_context("spawn").Process(
            target=write, args=(uri, database.name, minutes * 60 + BEFORE_SECONDS), daemon=True)
        writer.start()
        time.sleep(BEFORE_SECONDS)  # until it writes
        began, spent = time.monotonic(), time.process_time()
        loop.start()
        time.sleep(minutes * 60)
        loop.stop(60)
        share = (time.process_time() - spent) / (time.monotonic() - began)
        writer.join()
        made = [backup for backup in ws.catalog.sets() if backup.trigger == "continuous"]
    return _table(share, minutes, made)


def write(uri: str, name: str, seconds: float) -> None:
    """Change random records at an even pace. Runs in a process of its own."""
    chance, until = random.Random(1), time.monotonic() + seconds
    with MongoClient(uri) as client:
        collection = client[name]["Equipment"]
        ids = collection.distinct("_id")
        due = time.monotonic()
        while due < until:
            collection.update_one({"_id": chance.choice(ids)}, {"$set": {"Note": f"changed {chance.random()}"}})
            due += 1 / PER_SECOND
            time.sleep(max(0.0, due - time.monotonic()))


def _table(share: float, minutes: float, made: list[BackupSet]) -> str:
    sizes = [sum(part.stored_bytes for part in backup.parts.values()) for backup in made
             if backup.kind == "differential"]
    apart = [later.started - earlier.started for earlier, later in pairwise(made)]
    rows = [
        ("processor time", f"{share:.1%} of one core", f"≤ {MOST_SHARE:.0%}", "yes" if share <= MOST_SHARE else "no"),
        ("backups made", f"{len(made)} in {minutes:g} min, {len(made) - len(sizes)} of them full", "", ""),
        ("longest time between two", f"{max(apart, default=timedelta(0)).total_seconds():.0f} s", "≤ 60 s", ""),
        ("differential ones, smallest, median, largest",
         ", ".join(f"{each / 1000:,.0f} KB" for each in (min(sizes), statistics.median(sizes), max(sizes)))
         if sizes else "none", "", ""),
    ]
    head = (f"{PER_SECOND} changes a second over {RECORDS:,} records", "", "reach", "reached")
    return "\n".join("| " + " | ".join(row) + " |" for row in (head, ("---",) * 4, *rows))
