"""Write records as CSV, XLSX or JSON, row by row, in memory that does not grow with their number (XLSX spools to disk).

What is written comes back through the import as "unchanged", whatever the type of the value.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import bson
import xlsxwriter
from bson import json_util

from backup_engine.errors import BadInput
from backup_engine.records import raw
from equipment.domain.values.fields import FieldType
from equipment.exchange.number_cells import Formats, write_as_seen
from equipment.exchange.own_export import BOM, PROPERTY, csv_line, header_line
from equipment.exchange.spreadsheet import carried, guard

__all__ = ["to_csv", "to_json", "to_xlsx"]

CHUNK_ROWS = 1_000
PIECE = 1 << 20
XLSX_CELL, XLSX_ROWS, XLSX_COLUMNS = 32_767, 1_048_576, 16_384
"""UTF-16 units of a cell, and what a sheet holds
(https://support.microsoft.com/en-us/office/excel-specifications-and-limits-1672b34d-7043-467e-8e27-269d656771c3)."""
_ELSEWHERE = "Choose CSV or JSON, which hold it."
_CANONICAL = json_util.JSONOptions(json_mode=json_util.JSONMode.CANONICAL, tz_aware=True)

Text = Callable[[Any], str]
Record = Mapping[str, Any]


def to_csv(records: Iterable[Record], columns: Sequence[str], text: Text = str) -> Iterator[bytes]:
    """Give a CSV in UTF-8 with BOM (so that Excel reads it) in pieces of 1,000 rows."""
    lines = [BOM, header_line([carried(column) for column in columns])]
    for number, record in enumerate(records, 1):
        lines.append(csv_line([guard(_cell(record, column, text)) for column in columns]))
        if number % CHUNK_ROWS == 0:
            yield "".join(lines).encode("utf-8", "replace")
            lines.clear()
    yield "".join(lines).encode("utf-8", "replace")


def to_xlsx(
    records: Iterable[Record], columns: Sequence[str], text: Text = str, *, types: Mapping[str, FieldType] | None = None
) -> Iterator[bytes]:
    """Give an XLSX in pieces of 1 MiB; its header stays and filters.

    A value that is a number or a date, or a text that is one in a column of that type (``types``), is one there where
    it reads back the same; all else is text. Raises ``BadInput`` before the first piece for what a sheet cannot hold:
    the format would cut it without a word.
    """
    if len(columns) > XLSX_COLUMNS:
        raise BadInput(f"An XLSX sheet holds {XLSX_COLUMNS:,} columns, and these are {len(columns):,}.",
                       hint=_ELSEWHERE)
    kinds = {column: types[column].name for column in columns if types and column in types}
    with tempfile.TemporaryDirectory(prefix="export-") as folder:
        path = Path(folder) / "export.xlsx"
        options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False,
                   "strings_to_numbers": False, "tmpdir": folder}
        with xlsxwriter.Workbook(str(path), options) as book:
            book.set_custom_property(PROPERTY, "1", "text")
            sheet, formats = book.add_worksheet("Equipment"), Formats.of(book)
            bold = book.add_format({"bold": True})
            rows = 0
            for place, column in enumerate(columns):
                sheet.write_string(0, place, _fitting(carried(column), 0, column), bold)
            for rows, record in enumerate(records, 1):
                _require_room(rows)
                for place, column in enumerate(columns):
                    shown = _cell(record, column, text)
                    if shown and not write_as_seen(sheet, (rows, place), record[column], shown, kinds.get(column, ""),
                                                   formats):
                        sheet.write_string(rows, place, _fitting(shown, rows, column))
            sheet.freeze_panes(1, 0)
            if columns:
                sheet.autofilter(0, 0, rows, len(columns) - 1)
        with path.open("rb") as file:
            while piece := file.read(PIECE):
                yield piece


def to_json(documents: Iterable[bytes], columns: Iterable[str] | None = None) -> Iterator[bytes]:
    """Give an array of canonical Extended JSON v2, a record a line, in pieces of 1,000 records.

    ``columns`` are the fields of each that are wanted besides ``_id``; None: all. The format:
    https://github.com/mongodb/specifications/blob/master/source/extended-json/extended-json.md
    """
    wanted = None if columns is None else {b"_id", *(column.encode() for column in columns)}
    piece, between = ["["], "\n"
    for number, document in enumerate(documents, 1):
        some = document if wanted is None else raw.build(
            (name, element) for name, element in raw.elements(document) if name in wanted)
        piece += [between, json_util.dumps(bson.decode(some, raw.FORGIVING), json_options=_CANONICAL,
                                           ensure_ascii=False)]
        between = ",\n"
        if number % CHUNK_ROWS == 0:
            yield "".join(piece).encode("utf-8", "replace")
            piece.clear()
    yield "".join([*piece, "\n]\n"]).encode("utf-8", "replace")


def _cell(record: Record, column: str, text: Text) -> str:
    value = record.get(column)
    return "" if value is None else carried(text(value))


def _require_room(row: int) -> None:
    if row >= XLSX_ROWS:
        raise BadInput(f"An XLSX sheet holds {XLSX_ROWS - 1:,} records below the column names, and these are more.",
                       hint=_ELSEWHERE)


def _fitting(text: str, row: int, column: str) -> str:
    """Give the text back, or raise ``BadInput``: longer ones were once cut."""
    if len(text) * 2 > XLSX_CELL and (units := len(text.encode("utf-16-le", "replace")) // 2) > XLSX_CELL:
        where = f"Record {row:,} of these has {units:,} characters in {column[:100]}" if row else (
            f"The column name {column[:100]}… has {units:,} characters")
        raise BadInput(f"{where}, and a cell of an XLSX holds {XLSX_CELL:,}.", hint=_ELSEWHERE)
    return text
