"""Read a table somebody made: CSV in whatever encoding and separator, or XLSX. Every cell stays text as typed."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from itertools import zip_longest
from typing import Any, BinaryIO

from python_calamine import CalamineError, CalamineWorkbook

from backup_engine.errors import BadInput
from equipment.exchange import decoding, delimited, memory

MAX_ROWS = 1_000_000
MAX_COLUMNS = 1_000
MAX_BYTES = 200 * 1024 * 1024
HEADER_WITHIN = 100
"""Rows in which the column names are looked for."""
NAMED = 0.6
"""The part of the usual number of cells that a row of column names fills."""
LONGEST_QUOTE = 200
MAX_NOTES = 20
"""Each is a line on the page."""
MEMORY_TIMES = 10
"""A file of text takes nine times its size while it is read: 66 MB for 20,000 rows of 19 columns in 7.4 MB."""


@dataclass(frozen=True)
class Table:
    """Headers, rows, and what was noticed while reading (ragged rows, renamed headers …).

    A row may have fewer cells than there are headers: the others are empty. Filled up, 400,000 short rows below 999
    headers took 3.2 GB.
    """

    headers: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    notes: tuple[str, ...] = ()

    def records(self) -> Iterator[dict[str, str]]:
        """Give each row as header → text."""
        for row in self.rows:
            yield dict(zip_longest(self.headers, row, fillvalue=""))

    def example(self, place: int) -> str:
        """Give the first text in the column at that place, from 0; empty when there is none."""
        return next((row[place] for row in self.rows if len(row) > place and row[place]), "")


def read(source: BinaryIO, name: str) -> Table:
    """Read a CSV, TSV, XLSX, XLS or ODS file by its name's ending. Raises ``BadInput`` in words a person can use."""
    data = source.read(MAX_BYTES + 1)
    if len(data) > MAX_BYTES:
        raise too_large(name)
    if not data.strip():
        raise BadInput(f"{name} is empty.", hint="Choose a file with a header row and at least one record.")
    # The first bytes of every XLSX and ODS file, whatever it is called.
    if name.lower().endswith((".xlsx", ".xls", ".xlsm", ".ods")) or data[:4] == b"PK\x03\x04":
        return _tidy(_workbook(data, name), [])
    memory.require(MEMORY_TIMES * len(data), f"Reading {name}",
                   "Split it into several files, or give the application more memory.")
    text, notes = decoding.decode(data)
    return _tidy(_delimited(text, name, notes), notes)


def too_large(name: str) -> BadInput:
    """Give the refusal of a file of more than ``MAX_BYTES``."""
    return BadInput(f"{name} is larger than {MAX_BYTES // 1024 // 1024} MB.", hint="Split it into several files.")


def _delimited(text: str, name: str, notes: list[str]) -> list[list[str]]:
    if "\x00" in text:
        raise BadInput(f"{name} is not a text table.", hint="Save it as CSV (UTF-8) or XLSX.")
    try:
        return list(delimited.rows_of(text, notes))
    except csv.Error as error:
        raise BadInput(f"{name} cannot be read as CSV: {error}.", hint="Save it as CSV (UTF-8) or XLSX.") from None


def _workbook(data: bytes, name: str) -> list[list[str]]:
    try:
        book = CalamineWorkbook.from_filelike(io.BytesIO(data))
        rows = book.get_sheet_by_index(0).to_python(skip_empty_area=True)
    except (CalamineError, ValueError, OSError) as error:
        raise BadInput(f"{name} cannot be read as a spreadsheet: {error}.", hint="Save it again as XLSX.") from None
    return [[_text(cell) for cell in row] for row in rows]


def _text(cell: Any) -> str:
    if isinstance(cell, bool):
        return "true" if cell else "false"
    # Workbooks keep every number as a float; up to 2**53 each whole one is exact.
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < 2**53:
        return str(int(cell))
    if isinstance(cell, datetime):
        return cell.date().isoformat() if cell.time() == time() else cell.isoformat(" ", "seconds")
    if isinstance(cell, date | time):
        return cell.isoformat()
    return str(cell)


def _tidy(rows: Sequence[Sequence[str]], notes: list[str]) -> Table:
    used = _used(rows)
    filled = [row for row in rows if any(cell and not cell.isspace() for cell in row)]
    blank = sum(bool(row) for row in rows) - len(filled)  # an empty line is no row
    if blank:
        notes.append(f"{blank:,} blank {'row was' if blank == 1 else 'rows were'} left out.")
    titles = _titles(filled)
    if titles:
        notes.append(f"Above the column names {titles:,} {'row was' if titles == 1 else 'rows were'} left out: "
                     f"{_quoted(filled[:titles])}.")
        filled = filled[titles:]
        used = _used(filled)
    if len(filled) < 2:
        raise BadInput("The table has no records.", hint="The first row must hold the column names.")
    width = max(map(len, filled))
    empty = width - len(used)
    if empty:
        notes.append(f"{empty:,} empty {'column was' if empty == 1 else 'columns were'} left out.")
        filled = [[row[place] for place in used if place < len(row)] for row in filled]
    if len(filled) - 1 > MAX_ROWS or len(used) > MAX_COLUMNS:
        widest = max(range(len(filled)), key=lambda number: len(filled[number]))
        raise BadInput(f"The table is larger than {MAX_ROWS:,} rows or {MAX_COLUMNS:,} columns: it has "
                       f"{len(filled) - 1:,} rows, and row {widest + 1:,} has {len(filled[widest]):,} cells.",
                       hint="Split it.")
    ragged = [number for number, row in enumerate(filled[1:], 2) if len(row) != len(filled[0])]
    if ragged:
        notes.append(f"{len(ragged)} rows have another number of cells than the header (first: row {ragged[0]}); "
                     "missing cells count as empty, extra ones got columns of their own.")
    headers = _unique([*filled[0], *[""] * (len(used) - len(filled[0]))], notes)
    if len(notes) > MAX_NOTES:
        notes[MAX_NOTES:] = [f"And {len(notes) - MAX_NOTES:,} more of this kind."]
    return Table(headers, tuple(map(tuple, filled[1:])), tuple(notes))


def _titles(filled: Sequence[Sequence[str]]) -> int:
    """How many rows stand above the column names: they fill far fewer cells than most rows do, and the next one looks
    like names: words, each once. Of a table of two columns nobody can tell."""
    widths = [sum(bool(cell.strip()) for cell in row) for row in filled[:HEADER_WITHIN]]
    usual = Counter(widths[1:]).most_common(1)[0][0] if len(widths) > 1 else 0
    first = next((number for number, width in enumerate(widths) if width >= usual * NAMED), 0)
    names = [cell.strip() for cell in filled[first] if cell.strip()]
    return first if usual > 2 and len(set(names)) == len(names) and not any(map(_is_value, names)) else 0


def _is_value(text: str) -> bool:
    return not any(map(str.isalpha, text)) and any(map(str.isdigit, text))


def _quoted(rows: Sequence[Sequence[str]]) -> str:
    said = " · ".join(cell.strip() for row in rows for cell in row if cell.strip())
    return f"“{said[:LONGEST_QUOTE]}{'…' if len(said) > LONGEST_QUOTE else ''}”"


def _used(rows: Sequence[Sequence[str]]) -> list[int]:
    """Places of the columns in which anything stands, a name or a value."""
    used: set[int] = set()
    for row in rows:
        used.update(place for place, cell in enumerate(row) if cell and not cell.isspace())
    return sorted(used)


def _unique(headers: Sequence[str], notes: list[str]) -> tuple[str, ...]:
    """Give every column a name of its own, and none that another column bears: ``A``, ``A``, ``A (2)`` are three."""
    unclaimed = {header.strip() for header in headers} - {""}
    taken, numbers, named = set(unclaimed), dict[str, int](), list[str]()
    for position, header in enumerate(headers, 1):
        name = plain = header.strip() or f"Column {position}"
        if header.strip() in unclaimed:  # the first that says a name has it
            unclaimed.remove(name)
        else:
            while name in taken:
                numbers[plain] = numbers.get(plain, 1) + 1
                name = f"{plain} ({numbers[plain]})"
        taken.add(name)
        if name != header.strip():
            notes.append(f"Column {position} ({header.strip() or 'no name'}) is read as “{name}”.")
        named.append(name)
    return tuple(named)
