"""Whole backups, differentials, restores, merges and comparisons on a real server, against what the drivers allow."""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterable
from functools import partial
from pathlib import Path
from typing import Any
from unittest.mock import patch

import bson
from bson.raw_bson import RawBSONDocument
from pymongo.database import Database

from backup_engine import create as making, merge as merging
from backup_engine.api import DatabaseBackupRestore, Preferences, Scheduler, Source, compare, plan_replace, replace
from backup_engine.csv_format import writer
from backup_engine.making import reuse, write_set
from backup_engine.model import BackupSet, Batch
from backup_engine.records.raw import documents_of
from backup_engine.repository import contents
from scripts.bench_parts import streams
from scripts.bench_parts.table import Line, interleaved, median, timed

KEY, NAME = "equipment", "Equipment"
INDEXED = ("ID", "Serial")
CHANGES = 100
CHUNK = 2_000
PAUSE = 3.0
"""Seconds in which the server tidies up what the floor left behind: else that is counted as ours."""


class Bench:
    """One database with one collection of the usual documents, and an engine over it.

    Backups are measured ``rounds`` times, restores, merges and comparisons ``long`` times.
    """

    def __init__(self, database: Database[dict[str, Any]], folder: Path, count: int, rounds: int, long: int) -> None:
        self.database, self.folder, self.count, self.rounds, self.long = database, folder, count, rounds, long
        self.whole = 0.0
        """Seconds of a full backup, once measured."""
        self.live = database[NAME]
        self.system = DatabaseBackupRestore(
            connect=lambda: database, backup_folder=str(folder), sources=(Source(KEY, NAME),)
        )
        self.ws = self.system.workspace
        streams.fill(self.live, count)
        for field in INDEXED:
            self.live.create_index(field)

    def lines(self) -> list[Line]:
        """Measure everything."""
        seconds = interleaved({
            "find": lambda: streams.decoded_and_dropped(self.live),
            "unproven": self._unproven,
            "afresh": self._afresh,
        }, self.rounds)
        self.whole = seconds["afresh"]
        few, many = map(self._after_changes, (0.001, 0.1))
        r_few, r_many, r_all = map(self._replace, (0.001, 0.1, 1.0))
        newest = self._full()
        return [
            Line("full backup, committed, without read-back", seconds["unproven"], "find() decoded",
                 seconds["find"], 1.2),
            Line("full backup, read back, every row encoded", self.whole, "find() decoded", seconds["find"], 2.5),
            Line("full backup, read back, 0.1 % changed", few[0], "find() decoded", few[1], 1.0),
            Line("full backup, read back, 10 % changed", many[0], "find() decoded", many[1], 1.4),
            Line("differential backup, 100 changes", self._differential(), "full backup", self.whole, 1 / 20),
            Line("replace, 0.1 % changed since", r_few[0], "insert_many + indexes", r_few[1], 1.9),
            Line("replace, 10 % changed since", r_many[0], "insert_many + indexes", r_many[1], 1.9),
            Line("replace, nothing of it in the list", r_all[0], "insert_many + indexes", r_all[1], 3.2),
            self._merge(newest),
            self._compare(newest),
            self._page_check(),
        ]

    def full(self) -> float:
        """Give the median seconds of a full backup."""
        return median(self._full, self.rounds)

    def _full(self) -> BackupSet:
        made = making.create(self.ws, force=True, kind="full").set
        assert made is not None
        return made

    def _afresh(self) -> BackupSet:
        """A full backup that copies no row of an earlier one."""
        with patch.object(reuse, "base_for", lambda run: None):
            return self._full()

    def _after_changes(self, share: float) -> tuple[float, float]:
        """Time full backups between which that share of the records changes, and their floor."""
        seconds, floors = [], []
        for _ in range(self.rounds):
            self._change(share)
            floors.append(timed(lambda: streams.decoded_and_dropped(self.live)))
            seconds.append(timed(self._full))
        return statistics.median(seconds), statistics.median(floors)

    def _change(self, share: float) -> None:
        count = max(1, round(self.count * share))
        words = {"$set": {"Comments": f"changed {time.monotonic_ns()}"}}
        places = [bson.ObjectId((number * (self.count // count)).to_bytes(12, "big")) for number in range(count)]
        for first in range(0, count, CHUNK):
            self.live.update_many({"_id": {"$in": places[first : first + CHUNK]}}, words)

    def _unproven(self) -> None:
        """A full backup whose rows only the encoder has guarded: not decoded again, not compared with the disk."""
        trusting = partial(writer.write, prove=False)
        with patch.object(writer, "write", trusting), patch.object(write_set, "read_back_all", lambda run, watch: None):
            self._afresh()

    def _differential(self) -> float:
        seconds = []
        for round_ in range(self.rounds):
            for number in range(CHANGES):
                place = bson.ObjectId((number * (self.count // CHANGES)).to_bytes(12, "big"))
                self.live.update_one({"_id": place}, {"$set": {"Comments": f"round {round_}"}})
            seconds.append(timed(lambda: making.create(self.ws, force=True, kind="differential")))
        return statistics.median(seconds)

    def _replace(self, share: float) -> tuple[float, float]:
        """Time whole replacements after that share has changed, from the plan to the answer: safety set, proof and swap
        included; and their floor."""
        seconds, floors = [], []
        for _ in range(self.long):
            newest = self._full()
            self._change(share)
            floors.append(self._insert())
            time.sleep(PAUSE)
            seconds.append(timed(lambda newest=newest: replace(self.ws, plan_replace(self.ws, newest, (KEY,)))))
        return statistics.median(seconds), statistics.median(floors)

    def _insert(self) -> float:
        """Time inserting the same raw BSON and building the indexes; making the documents is not counted."""
        target = self.database["floor"]
        target.drop()
        seconds = 0.0
        for batch in self.live.find_raw_batches({}):
            documents = documents_of(batch)
            start = time.perf_counter()
            for place in range(0, len(documents), CHUNK):
                chunk = map(RawBSONDocument, documents[place : place + CHUNK])
                target.insert_many(chunk, ordered=False)  # type: ignore[arg-type]
            seconds += time.perf_counter() - start
        return seconds + timed(lambda: [target.create_index(field) for field in INDEXED])

    def _merge(self, newest: BackupSet) -> Line:
        """Change one record in a hundred, then merge it back; the safety set is not counted."""
        safety: list[float] = []
        usual = merging.write_set

        def counted(*args: Any, **options: Any) -> BackupSet:
            start = time.perf_counter()
            made = usual(*args, **options)
            safety.append(time.perf_counter() - start)
            return made

        seconds, floors = [], []
        merging.write_set = counted
        try:
            for _ in range(self.long):
                self.live.update_many({"ID": {"$mod": [100, 0]}}, {"$set": {"Comments": "changed"}})
                total = timed(lambda: merging.merge(self.ws, merging.plan(self.ws, newest, KEY)))
                seconds.append(total - safety[-1])
                floors.append(timed(lambda: self._decode_both(newest)))
        finally:
            merging.write_set = usual
        return Line("merge, 1 % changed", statistics.median(seconds), "decoding both sides",
                    statistics.median(floors), 2.5)

    def _decode_both(self, newest: BackupSet) -> None:
        streams.decoded_and_dropped(self.live)
        _decode(contents.documents(self.ws, newest, KEY))

    def _compare(self, newest: BackupSet) -> Line:
        self.live.update_many({"ID": {"$mod": [100, 1]}}, {"$set": {"Comments": "changed again"}})
        later = self._full()

        def both() -> None:
            _decode(contents.documents(self.ws, newest, KEY))
            _decode(contents.documents(self.ws, later, KEY))

        seconds = interleaved({"ours": lambda: compare(self.ws, newest, later, KEY), "both": both}, self.long)
        return Line("compare two backups", seconds["ours"], "decoding both once", seconds["both"], 1.5)

    def _page_check(self) -> Line:
        scheduler = Scheduler(self.ws, Preferences(interval_hours=168))
        return Line("page-load check, not due (reach: 5 ms)", median(scheduler.page_check, 200), "5 ms", 0.005, 1.0)


def _decode(batches: Iterable[Batch]) -> None:
    for batch in batches:
        bson.decode_all(batch)
