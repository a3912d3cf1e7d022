"""A sheet of a workbook (XLSX, XLS, ODS) as rows of text, as the person sees them.

What an XLSX says about a cell beside its number is looked up; XLS and ODS give numbers, dates and texts alone.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from python_calamine import CalamineError, CalamineSheet, CalamineWorkbook, PasswordError, SheetVisibleEnum
from xlsxwriter.utility import xl_rowcol_to_cell

from backup_engine.errors import BadInput
from equipment.exchange.reading import sheet_cells
from equipment.exchange.reading.choices import Choices
from equipment.exchange.reading.delimited import Row
from equipment.exchange.reading.number_formats import Format
from equipment.exchange.reading.sheet_cells import SheetCells

__all__ = ["Sheet", "read"]

NAMED = 10
"""Sheets that are named."""
LEAST_ROWS = 2
"""Of a sheet that may be the list: the names and a record."""
OLE = b"\xd0\xcf\x11\xe0"
"""First bytes of an XLS, and of an XLSX with a password: of that the library says only that it knows no such format."""
ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
"""The name of the stream that holds it ([MS-OFFCRYPTO] 2.3.4.4)."""


@dataclass(frozen=True)
class Sheet:
    """The rows of the sheet that was read, its name, and the names of all sheets that hold something to read."""

    rows: list[Row]
    name: str
    names: tuple[str, ...]


def read(data: bytes, name: str, chosen: Choices, notes: list[str]) -> Sheet:
    """Read the chosen sheet, or the first that is not hidden and has two rows. Raises ``BadInput``."""
    try:
        book = CalamineWorkbook.from_filelike(io.BytesIO(data))
        visible = [meta.name for meta in book.sheets_metadata if meta.visible == SheetVisibleEnum.Visible]
        names = (*visible, *(sheet for sheet in book.sheet_names if sheet not in visible))
        sheet, values = _sheet(book, names, chosen.sheet)
    except (CalamineError, ValueError, OSError) as error:
        if isinstance(error, PasswordError) or (data.startswith(OLE) and ENCRYPTED in data):
            raise BadInput(f"{name} has a password.", hint="Save it without one, or save the sheet as CSV.") from None
        raise BadInput(f"{name} cannot be read as a spreadsheet: {error}.", hint="Save it again as XLSX.") from None
    cells = sheet_cells.read(data, sheet.name)
    notes += _notes(sheet, names, cells)
    top, left = sheet.start or (0, 0)
    return Sheet([*_rows(values, top, left, cells)], sheet.name, names)


def _sheet(book: CalamineWorkbook, names: tuple[str, ...], wanted: str) -> tuple[CalamineSheet, list[list[Any]]]:
    if wanted and wanted not in names:
        raise BadInput(f"There is no sheet “{wanted}”.", hint=f"There are: {_listed(names)}.")
    first: tuple[CalamineSheet, list[list[Any]]] | None = None
    for sheet_name in (wanted,) if wanted else names:
        sheet = book.get_sheet_by_name(sheet_name)
        values = sheet.to_python(skip_empty_area=True)
        if len(values) >= LEAST_ROWS:
            return sheet, values
        first = first if first is not None and first[1] else (sheet, values)
    if first is None:
        raise ValueError("it has no sheet")
    return first


def _rows(values: list[list[Any]], top: int, left: int, cells: SheetCells) -> Iterator[Row]:
    seen, errors = cells.seen, cells.errors
    for number, row in enumerate(values, top):
        texts = []
        for column, value in enumerate(row, left):
            if value == "" and (number, column) in errors:
                value = errors[number, column]
            elif not isinstance(value, str) and (number, column) in seen:
                value = _as_seen(value, *seen[number, column])
            texts.append(_text(value))
        yield number + 1, texts


def _as_seen(value: Any, format_: Format, said: str) -> Any:
    if isinstance(value, bool):
        return value
    if isinstance(value, int | float):
        return format_.text(said)
    if isinstance(value, datetime) and value.time() == time():
        value = value.date()
    if isinstance(value, date) and not isinstance(value, datetime):
        # what is not seen is left out only where it says nothing: the first of a month, of a year
        if format_.parts == "my" and value.day == 1:
            return f"{value:%Y-%m}"
        if format_.parts == "y" and (value.month, value.day) == (1, 1):
            return f"{value:%Y}"
    if isinstance(value, time) and format_.parts == "h" and not value.second:
        return value.isoformat("minutes")
    return value


def _text(cell: Any) -> str:
    if isinstance(cell, str):
        return cell
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    if isinstance(cell, datetime):
        return cell.date().isoformat() if cell.time() == time() else cell.isoformat(" ", "seconds")
    if isinstance(cell, date | time):
        return cell.isoformat()
    if isinstance(cell, timedelta):
        return _duration(cell)
    return str(cell)


def _duration(span: timedelta) -> str:
    """Hours and minutes as a spreadsheet shows them, with seconds where there are some: 36:00."""
    seconds = round(abs(span).total_seconds())
    minutes, rest = divmod(seconds, 60)
    return f"{'-' if span < timedelta() else ''}{minutes // 60}:{minutes % 60:02}{f':{rest:02}' if rest else ''}"


def _notes(sheet: CalamineSheet, names: tuple[str, ...], cells: SheetCells) -> Iterator[str]:
    if len(names) > 1:
        yield f"The workbook has {len(names):,} sheets ({_listed(names)}); “{sheet.name}” was read."
    if cells.errors:
        (row, column), said = next(iter(cells.errors.items()))
        yield (f"{_count(len(cells.errors), 'cell holds', 'cells hold')} an error instead of a value (first: "
               f"{xl_rowcol_to_cell(row, column)}, {said}).")
    if merged := len(sheet.merged_cell_ranges or ()):
        groups = "1 group of cells is" if merged == 1 else f"{merged:,} groups of cells are"
        yield f"{groups} merged: the text stands in the first cell, and the others are empty."
    if cells.hidden_rows:
        yield f"{_count(cells.hidden_rows, 'row is', 'rows are')} hidden in the sheet, and read as the others."
    if cells.hidden_columns:
        yield f"{_count(cells.hidden_columns, 'column is', 'columns are')} hidden in it, and read as the others."
    if cells.macros:
        yield "The workbook has macros, which were not run: the values are those of its last saving."


def _listed(names: tuple[str, ...]) -> str:
    more = f" and {len(names) - NAMED:,} more" if len(names) > NAMED else ""
    return ", ".join(f"“{name}”" for name in names[:NAMED]) + more


def _count(number: int, singular: str, plural: str) -> str:
    return f"{number:,} {singular if number == 1 else plural}"
