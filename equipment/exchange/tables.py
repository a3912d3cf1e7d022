"""Read a table somebody made: CSV in whatever encoding and separator, or XLSX. Every cell stays text as typed."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from itertools import zip_longest
from typing import Any, BinaryIO

from python_calamine import CalamineError, CalamineWorkbook

from backup_engine.errors import BadInput
from equipment.exchange import memory

SNIFF_BYTES = 256 * 1024
SEPARATORS = ",;\t|"
MAX_ROWS = 1_000_000
MAX_COLUMNS = 1_000
MAX_BYTES = 200 * 1024 * 1024
MAX_NOTES = 20
"""Each is a line on the page."""
MEMORY_TIMES = 10
"""A file of text takes nine times its size while it is read: 66 MB for 20,000 rows of 19 columns in 7.4 MB."""
csv.field_size_limit(128 * 1024 * 1024)  # without it a cell of more than 131,072 characters is an error


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
    text, notes = decode(data)
    return _tidy(_delimited(text, name), notes)


def too_large(name: str) -> BadInput:
    """Give the refusal of a file of more than ``MAX_BYTES``."""
    return BadInput(f"{name} is larger than {MAX_BYTES // 1024 // 1024} MB.", hint="Split it into several files.")


def decode(data: bytes) -> tuple[str, list[str]]:
    """Decode text: UTF-8 with or without BOM, UTF-16 with BOM, else Windows-1252, and say so."""
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return data.decode("utf-16", errors="replace"), ["The file is UTF-16."]
    try:
        return data.decode("utf-8-sig"), []
    except UnicodeDecodeError:
        text = data.decode("cp1252", errors="replace")
        notes = ["The file is not UTF-8; it was read as Windows-1252. Check that accented letters look right."]
        if "\ufffd" in text:
            notes.append("Some characters could not be read and show as \ufffd.")
        return text, notes


def separator(text: str) -> str:
    """Find the separator: the one that gives the most columns, alike in the first lines."""
    sample = text[:SNIFF_BYTES]
    best, best_score = ",", 0.0
    for candidate in SEPARATORS:
        widths = [len(row) for row, _ in zip(_rows(sample, candidate), range(50), strict=False)]
        if widths and widths[0] > 1:
            score = widths[0] * sum(width == widths[0] for width in widths) / len(widths)
            if score > best_score:
                best, best_score = candidate, score
    return best


def _rows(text: str, delimiter: str) -> Iterator[list[str]]:
    return csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)


def _delimited(text: str, name: str) -> list[list[str]]:
    if "\x00" in text:
        raise BadInput(f"{name} is not a text table.", hint="Save it as CSV (UTF-8) or XLSX.")
    try:
        return [row for row in _rows(text, separator(text)) if any(cell.strip() for cell in row)]
    except csv.Error as error:
        raise BadInput(f"{name} cannot be read as CSV: {error}.", hint="Save it as CSV (UTF-8) or XLSX.") from None


def _workbook(data: bytes, name: str) -> list[list[str]]:
    try:
        book = CalamineWorkbook.from_filelike(io.BytesIO(data))
        rows = book.get_sheet_by_index(0).to_python(skip_empty_area=True)
    except (CalamineError, ValueError, OSError) as error:
        raise BadInput(f"{name} cannot be read as a spreadsheet: {error}.", hint="Save it again as XLSX.") from None
    return [[_text(cell) for cell in row] for row in rows if any(_text(cell).strip() for cell in row)]


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
    if len(rows) < 2:
        raise BadInput("The table has no records.", hint="The first row must hold the column names.")
    width = max(len(row) for row in rows)
    if len(rows) - 1 > MAX_ROWS or width > MAX_COLUMNS:
        widest = next(number for number, row in enumerate(rows, 1) if len(row) == width)
        raise BadInput(f"The table is larger than {MAX_ROWS:,} rows or {MAX_COLUMNS:,} columns: it has "
                       f"{len(rows) - 1:,} rows, and row {widest:,} has {width:,} cells.", hint="Split it.")
    ragged = [number for number, row in enumerate(rows[1:], 2) if len(row) != len(rows[0])]
    if ragged:
        notes.append(f"{len(ragged)} rows have another number of cells than the header (first: row {ragged[0]}); "
                     "missing cells count as empty, extra ones got columns of their own.")
    headers = _unique([*rows[0], *[""] * (width - len(rows[0]))], notes)
    if len(notes) > MAX_NOTES:
        notes[MAX_NOTES:] = [f"And {len(notes) - MAX_NOTES:,} more of this kind."]
    return Table(headers, tuple(map(tuple, rows[1:])), tuple(notes))


def _unique(headers: Sequence[str], notes: list[str]) -> tuple[str, ...]:
    taken: dict[str, int] = {}
    named: list[str] = []
    for position, header in enumerate(headers, 1):
        plain = header.strip() or f"Column {position}"
        taken[plain] = taken.get(plain, 0) + 1
        name = plain if taken[plain] == 1 else f"{plain} ({taken[plain]})"
        if name != header.strip():
            notes.append(f"Column {position} ({header.strip() or 'no name'}) is read as “{name}”.")
        named.append(name)
    return tuple(named)
