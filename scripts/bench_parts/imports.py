"""An import of many rows: reading, planning and writing, each as a program of its own whose memory is watched.

``python -m scripts.bench_parts.imports plan|new URI DATABASE FILE`` is that program; it prints its seconds.
"""

from __future__ import annotations

import csv
import io
import sys
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pymongo
from pymongo.database import Database

from equipment.exchange import cell_values, export, importing
from equipment.exchange.reading import apart
from equipment.store.access import Who
from equipment.store.list import undo
from scripts.bench_parts import streams
from scripts.bench_parts.documents import documents
from scripts.bench_parts.memory import watched
from scripts.bench_parts.table import Line, timed

WHO = Who("system:command", "bench", "console")
CHUNK = 1_000
MEMORY_MIB = 300


def lines(uri: str, database: Database[dict[str, Any]], folder: Path, count: int) -> list[Line]:
    """Measure an import into an empty list, and the differences of one over a list of as many records."""
    new, changed = folder / "new.csv", folder / "changed.csv"
    new.write_bytes(_file(documents(count, seed=2), leave_out=("ID", "uuid")))
    changed.write_bytes(_file(_edited(documents(count)), leave_out=()))
    _, seconds = _program("new", uri, database.name, new)
    database["Equipment"].drop()
    several = f"{count:,} rows"
    read = timed(lambda: _read(new))
    insert = _inserted(database, count)
    streams.fill(database["Equipment"], count)
    peak, planned = _program("plan", uri, database.name, changed)
    both = timed(lambda: _read(changed)) + timed(lambda: streams.decoded_and_dropped(database["Equipment"]))
    return [
        Line(f"import of {several} without IDs, from file to list", seconds, "reading the CSV, insert_many",
             read + insert, 5.0),
        Line(f"import of {several} without IDs (reach: 15 s)", seconds, "15 s", 15.0, 1.0),
        Line(f"differences of {several} over as many records", planned, "reading the CSV, find() decoded", both, 5.0),
        Line(f"differences of {several} (reach: 10 s)", planned, "10 s", 10.0, 1.0),
        Line(f"the same, {peak} MiB at most (reach: {MEMORY_MIB} MiB)", peak, f"{MEMORY_MIB} MiB", MEMORY_MIB, 1.0),
    ]


def _file(some: Iterator[dict[str, Any]], leave_out: tuple[str, ...]) -> bytes:
    shown = [{name: cell_values.shown(value) for name, value in document.items()
              if name not in ("_id", *leave_out)} for document in some]
    return b"".join(export.to_csv(shown, list(shown[0])))


def _edited(some: Iterator[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Every third record with two cells changed, every tenth of them a new one."""
    for number, document in enumerate(some):
        if number % 3 == 0:
            document |= {"Comments": f"seen on tour {number}", "Location": "Lab 99"}
        if number % 10 == 0:
            document |= {"ID": 10_000_000 + number, "uuid": f"new {number}"}
        yield document


def _read(file: Path) -> None:
    with io.StringIO(file.read_text("utf-8-sig")) as text:
        for _ in csv.reader(text):
            pass


def _inserted(database: Database[dict[str, Any]], count: int) -> float:
    """Time inserting the same documents, a thousand at a time as the import does; making them is not counted."""
    target, seconds, some = database["floor"], 0.0, list[dict[str, Any]]()
    target.drop()
    for document in documents(count, seed=2):
        some.append(document)
        if len(some) == CHUNK:
            seconds += timed(partial(target.insert_many, some))
            some = []
    target.drop()
    return seconds


def _program(what: str, uri: str, database: str, file: Path) -> tuple[int, float]:
    peak, said = watched([sys.executable, "-m", "scripts.bench_parts.imports", what, uri, database, str(file)])
    return peak, float(said)


def main(what: str, uri: str, database: str, path: str) -> None:
    """Read a file, plan its import, and with ``new`` make it; print the seconds, the program's start not counted."""
    with pymongo.MongoClient[dict[str, Any]](uri) as client:
        db, begun = client[database], time.perf_counter()
        with Path(path).open("rb") as source:
            table = apart.read(source, path)
        rows = importing.apply_mapping(table, {header: header for header in table.headers})
        planned = importing.plan(db, rows, ("uuid",) if what == "plan" else (), clear_empty=False)
        if what == "new":
            undo.prepare(db)
            done = importing.run(db, WHO, planned)
            assert done.added == len(rows), done.message
        else:
            planned.page(("insert", "update"), 0, 500)
        print(time.perf_counter() - begun)


if __name__ == "__main__":
    main(*sys.argv[1:])
