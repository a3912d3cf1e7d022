"""Write records as CSV or XLSX, row by row, in memory that does not grow with their number (XLSX spools to disk)."""

from __future__ import annotations

import csv
import io
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import xlsxwriter

from equipment.exchange.spreadsheet import guard

CHUNK_ROWS = 1_000
PIECE = 1 << 20
XLSX_CELL = 32_767
"""Characters a cell of an XLSX file can hold; longer text is cut there, and only there."""

Text = Callable[[Any], str]
Record = Mapping[str, Any]


def to_csv(records: Iterable[Record], columns: Sequence[str], text: Text = str) -> Iterator[bytes]:
    """Give a CSV in UTF-8 with BOM (so that Excel reads it) in pieces of 1,000 rows."""
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer)
    writer.writerow([guard(column) for column in columns])
    lead = "\ufeff"
    for number, record in enumerate(records, 1):
        writer.writerow([guard(_cell(record, column, text)) for column in columns])
        if number % CHUNK_ROWS == 0:
            yield (lead + buffer.getvalue()).encode("utf-8", "replace")
            lead = ""
            buffer.seek(0)
            buffer.truncate()
    yield (lead + buffer.getvalue()).encode("utf-8", "replace")


def to_xlsx(records: Iterable[Record], columns: Sequence[str], text: Text = str) -> Iterator[bytes]:
    """Give an XLSX in pieces of 1 MiB; its cells are all text, its header stays and filters."""
    with tempfile.TemporaryDirectory(prefix="export-") as folder:
        path = Path(folder) / "export.xlsx"
        options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False,
                   "strings_to_numbers": False, "tmpdir": folder}
        with xlsxwriter.Workbook(str(path), options) as book:
            sheet = book.add_worksheet("Equipment")
            bold = book.add_format({"bold": True})
            rows = 0
            for position, column in enumerate(columns):
                sheet.write_string(0, position, column[:XLSX_CELL], bold)
            for rows, record in enumerate(records, 1):
                for position, column in enumerate(columns):
                    value = _cell(record, column, text)
                    if value:
                        sheet.write_string(rows, position, value[:XLSX_CELL])
            sheet.freeze_panes(1, 0)
            if columns:
                sheet.autofilter(0, 0, rows, len(columns) - 1)
        with path.open("rb") as file:
            while piece := file.read(PIECE):
                yield piece


def _cell(record: Record, column: str, text: Text) -> str:
    value = record.get(column)
    return "" if value is None else text(value)
