"""An import of many rows, as a program of its own whose memory is watched, and what a visitor's page takes meanwhile.

``python -m scripts.bench_parts.imports plan|new URI DATABASE FILE`` is that program; it prints its seconds.
"""

from __future__ import annotations

import csv
import io
import statistics
import sys
import threading
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pymongo
from pydantic import SecretStr
from pymongo.database import Database

from backup_engine.model import SILENT
from equipment.aside import imports as imports_aside
from equipment.exchange import cell_values, export, importing
from equipment.exchange.reading import apart
from equipment.settings import Settings, get_settings
from equipment.store.access import Who
from equipment.store.list import listing, undo
from equipment.store.list.indexing import followed
from scripts.bench_parts import streams
from scripts.bench_parts.documents import documents
from scripts.bench_parts.memory import watched
from scripts.bench_parts.table import Line, timed
from tests.equipment.ui.records_page import page

WHO = Who("system:command", "bench", "console")
CHUNK = 1_000
MEMORY_MIB = 300
VISITS = 8
"""At rest."""


def lines(uri: str, database: Database[dict[str, Any]], folder: Path, count: int) -> list[Line]:
    """Measure an import into an empty list, and the differences of one over a list of as many records."""
    new, changed = folder / "new.csv", folder / "changed.csv"
    new.write_bytes(_file(documents(count, seed=2), leave_out=("ID", "uuid")))
    changed.write_bytes(_file(_edited(documents(count)), leave_out=()))
    _, seconds = _program("new", uri, database.name, new)
    database["Equipment"].drop()
    read = timed(lambda: _read(new))
    insert = _inserted(database, count)
    streams.fill(database["Equipment"], count)
    peak, planned = _program("plan", uri, database.name, changed)
    idle, usual, longest = _visits(_settings(uri, database.name), database, folder, count // 2)
    both = timed(lambda: _read(changed)) + timed(lambda: streams.decoded_and_dropped(database["Equipment"]))
    return [
        Line(f"import of {count:,} rows without IDs, from file to list", seconds, "reading the CSV, insert_many",
             read + insert),
        Line(f"import of {count:,} rows without IDs (reach: 15 s)", seconds, "15 s", 15.0, 1.0),
        Line(f"differences of {count:,} rows over as many records", planned, "reading the CSV, find() decoded", both),
        Line(f"differences of {count:,} rows (reach: 10 s)", planned, "10 s", 10.0, 1.0),
        Line("memory of the process that finds the differences", peak, "allowed", MEMORY_MIB, 1.0, unit="MiB"),
        Line("list page during an import, median", usual, "idle", idle, 2.0),
        Line("list page during an import, the longest", longest, "idle", idle, 2.0),
    ]


def _settings(uri: str, database: str) -> Settings:
    return get_settings().model_copy(update={"mongodb_uri": SecretStr(uri), "mongodb_database": database})


def _visits(
    settings: Settings, database: Database[dict[str, Any]], folder: Path, count: int
) -> tuple[float, float, float]:
    """Draw the list's page once a second, at rest and while this process imports new rows as the page does; give the
    median at rest, the median meanwhile and the longest."""
    followed.keep_files(folder / "index")  # as a server does
    listing.sheet(database)
    test = page(database, folder, "manager")
    rows = [{name: cell_values.shown(value) for name, value in document.items() if name not in ("_id", "ID", "uuid")}
            for document in documents(count, seed=3)]

    def visit() -> float:
        taken = timed(lambda: test.run(timeout=60))
        time.sleep(max(0.0, 1 - taken))
        return taken

    def import_them() -> None:
        planned = imports_aside.plan(settings, database, rows, ("Serial",), clear_empty=False, watch=SILENT)
        imports_aside.run(settings, database, WHO, planned, watch=SILENT)

    visit()
    idle = statistics.median(visit() for _ in range(VISITS))
    importer = threading.Thread(target=import_them)
    importer.start()
    busy = []
    while importer.is_alive():
        busy.append(visit())
    return idle, statistics.median(busy), max(busy)


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
    peak, said = watched([sys.executable, "-m", "scripts.bench_parts.imports", what, uri, database, str(file)],
                         only="aside import imports")
    return peak, float(said)


def main(what: str, uri: str, database: str, path: str) -> None:
    """Read a file, plan its import, and with ``new`` make it; print the seconds, the program's start not counted."""
    with pymongo.MongoClient[dict[str, Any]](uri) as client:
        db, begun = client[database], time.perf_counter()
        with Path(path).open("rb") as source:
            table = apart.read(source, path)
        rows = importing.apply_mapping(table, {header: header for header in table.headers})
        settings, identity = _settings(uri, database), ("uuid",) if what == "plan" else ()
        planned = imports_aside.plan(settings, db, rows, identity, clear_empty=False, watch=SILENT)
        if what == "new":
            undo.prepare(db)
            done = imports_aside.run(settings, db, WHO, planned, watch=SILENT)
            assert done.added == len(rows), done.message
        else:
            planned.page(("insert", "update"), 0, 500)
        print(time.perf_counter() - begun)


if __name__ == "__main__":
    main(*sys.argv[1:])
