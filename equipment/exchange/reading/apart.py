"""Read a table somebody made in a process of its own, with limits for memory and time: what a file costs is the file's.

A spreadsheet of 1.4 kB with two cells at its far corners asks for 550 GB, and the library that reads it then ends its
whole process. Here that is the reader's, and one sentence on the page. What it read comes back as lines: first how much
it is, so that nothing is built before it is known to fit, then row by row.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import threading
from pathlib import Path
from typing import IO, Any, BinaryIO

import orjson

from backup_engine.errors import BadInput
from backup_engine.machine import children
from equipment.exchange import memory
from equipment.exchange.reading import tables
from equipment.exchange.reading.choices import GUESS, Choices
from equipment.exchange.reading.tables import MAX_BYTES, Table

__all__ = ["read"]

PROGRAM = "from equipment.exchange.reading import apart; apart.serve()"
MOST_MEMORY = 2 << 30
"""Bytes for reading alone; 100,000 rows of 17 columns take 250 MB."""
LEAST_MEMORY = 128 << 20
SECONDS = 120
"""100,000 rows of 17 columns take one."""
MOST_CELLS = 20_000_000
MOST_CHARACTERS = 512 << 20
PER_CELL, PER_CHARACTER = 70, 2
"""Bytes that the table takes in this process: a text is 49 bytes and its place in a row 8, and few characters two."""
CHUNK = 1 << 20
LONGEST_NAME = 200
TOO_MUCH = 77
"""Exit code of a reader that ran out of memory and could still say so."""
SMALLER = "Split it into several files, or save the part that holds the list as CSV."


def read(
    source: BinaryIO, name: str, chosen: Choices = GUESS, *, seconds: float = SECONDS, most_memory: int = MOST_MEMORY
) -> Table:
    """Read a CSV, TSV, XLSX, XLS or ODS file as was ``chosen``.

    Raises ``BadInput`` in words a person can use, also for a file that takes too long, too much memory, or ends the
    reader.
    """
    name = name.replace("\0", "")[-LONGEST_NAME:]
    with tempfile.NamedTemporaryFile(prefix="equipment-table-") as file, tempfile.TemporaryFile() as said:
        size = 0
        while data := source.read(CHUNK):
            size += len(data)
            if size > MAX_BYTES:
                raise tables.too_large(name)
            file.write(data)
        file.flush()
        allowed = max(LEAST_MEMORY, min(most_memory, memory.free() or most_memory))
        process = subprocess.Popen(
            [sys.executable, "-c", PROGRAM, file.name, name, str(allowed), str(int(seconds) + 1),
             orjson.dumps(chosen.document()).decode()],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=said,
            cwd=children.ABOVE_THE_PACKAGES, env=children.of_python())
        clock = threading.Timer(seconds, process.kill)
        clock.start()
        assert process.stdout is not None
        try:
            table = _table(process.stdout, name)
        finally:
            in_time = clock.is_alive()
            clock.cancel()
            process.kill()
            process.stdout.close()
            process.wait()
        if table is None:
            raise _ended(process.returncode if in_time else None, name, allowed, seconds)
        return table


def _table(lines: IO[bytes], name: str) -> Table | None:
    """Build what the reader tells; None when it ended before all was told."""
    first = lines.readline()
    if not first.endswith(b"\n"):
        return None
    about: dict[str, Any] = orjson.loads(first)
    if "error" in about:
        raise BadInput(about["error"], hint=about["hint"])
    cells, characters = int(about["cells"]), int(about["characters"])
    if cells > MOST_CELLS or characters > MOST_CHARACTERS:
        raise BadInput(f"{name} holds {cells:,} cells with {characters:,} characters, more than can be taken in at "
                       "once.", hint=SMALLER)
    memory.require(PER_CELL * cells + PER_CHARACTER * characters, f"Reading {name}",
                   "Split it into several files, or give the application more memory.")
    rows = tuple(tuple(orjson.loads(line)) for line in lines if line.endswith(b"\n"))
    if len(rows) != about["rows"]:
        return None
    return Table(tuple(about["headers"]), rows, tuple(about["notes"]), Choices(**about["read_as"]),
                 tuple(about["sheets"]), about["left_out"], tuple(map(tuple, about["lines"])), about["own"],
                 about["guarded"], tuple(about["apostrophes"]))


def _ended(code: int | None, name: str, allowed: int, seconds: float) -> BadInput:
    if code is None:
        return BadInput(f"{name} was not read within {seconds:g} s.", hint=SMALLER)
    return BadInput(f"{name} cannot be read: unpacked it takes more than the {allowed >> 20:,} MB of memory that a "
                    "file may take, or it is damaged.",
                    hint=f"A cell far below or beside the list has the same effect. {SMALLER}")


def serve() -> None:
    """Be the reader: path, name, bytes of memory, seconds and the choices are the arguments."""
    path, name, allowed, seconds, chosen = sys.argv[1:]
    _limit(int(allowed), int(seconds))
    out = sys.stdout.buffer
    try:
        with Path(path).open("rb") as file:
            table = tables.read(file, name, Choices(**orjson.loads(chosen)))
    except BadInput as error:
        out.write(orjson.dumps({"error": error.message, "hint": error.hint}) + b"\n")
        return
    except MemoryError:
        sys.exit(TOO_MUCH)
    sizes = [(len(row), sum(map(len, row))) for row in table.rows]
    out.write(orjson.dumps({
        "rows": len(sizes), "cells": sum(cells for cells, _ in sizes), "characters": sum(size for _, size in sizes),
        "headers": table.headers, "notes": table.notes, "read_as": table.read_as.document(), "sheets": table.sheets,
        "left_out": table.left_out, "lines": table.lines, "own": table.own, "guarded": table.guarded,
        "apostrophes": table.apostrophes}) + b"\n")
    for row in table.rows:
        out.write(_line(row))


def _line(row: tuple[str, ...]) -> bytes:
    try:
        return orjson.dumps(row) + b"\n"
    except TypeError:  # half of a surrogate pair, which no UTF-8 can carry
        return orjson.dumps([cell.encode("utf-8", "replace").decode() for cell in row]) + b"\n"


def _limit(allowed: int, seconds: int) -> None:
    try:
        import resource
    except ImportError:  # Windows has no such limits; the time is kept by the parent
        return
    now = int(Path("/proc/self/statm").read_text().split()[0]) * os.sysconf("SC_PAGESIZE") if (
        Path("/proc/self/statm").exists()) else 0
    resource.setrlimit(resource.RLIMIT_AS, (now + allowed, now + allowed))
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
