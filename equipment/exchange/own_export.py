"""By what an import knows a file that this application has exported: then every cell says what it was exported from.

Only there a guard apostrophe is taken off, the first row holds the column names and every row is a record. An XLSX has
a document property, which stays when a spreadsheet program saves it again. A CSV says it by its form, which no reader
sees: after the BOM one column name stands in quotes that it does not need, the last that does not, and all else only
in quotes that it needs. Programs that write quotes put them around every name, or only where they are needed.
"""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Iterable, Sequence

from equipment.exchange.spreadsheet import guard, unguard

__all__ = ["BOM", "PROPERTY", "csv_line", "header_line", "is_csv", "is_xlsx"]

PROPERTY = "Exported by the equipment list"
"""Name of the document property (ECMA-376, 22.3)."""
_PLACE = "docProps/custom.xml"
_MOST = 1 << 20
_FIRST = 1 << 25
"""Characters in which the header and the first record end: MongoDB holds no record of more than 16 MiB."""
BOM = "\ufeff"


def csv_line(cells: Iterable[str]) -> str:
    """Write a row, with quotes where they are needed."""
    line = io.StringIO(newline="")
    csv.writer(line).writerow(cells)
    return line.getvalue()


def header_line(columns: Sequence[str]) -> str:
    """Write the first row of an export, with what it is known by."""
    parts = [csv_line([guard(column)]).removesuffix("\r\n") for column in columns]
    bare = [place for place, part in enumerate(parts) if not part.startswith('"')]
    if bare:
        parts[bare[-1]] = f'"{parts[bare[-1]]}"'
    return ",".join(parts) + "\r\n"


def is_csv(text: str) -> bool:
    """Whether a text, which followed a BOM, has the form of an export."""
    rest = text[:_FIRST]
    try:
        rows = csv.reader(io.StringIO(rest, newline=""), strict=True)
        names, first = next(rows, []), next(rows, None)
    except csv.Error:
        return False
    header = header_line([unguard(name) for name in names])
    # One name in quotes is also what writes quotes around everything; the row below tells.
    return header != csv_line(names) and rest.startswith(header) and (
        first is None or rest[len(header):].startswith(csv_line(first)[:-2]))


def is_xlsx(data: bytes) -> bool:
    """Whether a workbook has the property."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive, archive.open(_PLACE) as file:
            return f'name="{PROPERTY}"'.encode() in file.read(_MOST)
    except (zipfile.BadZipFile, KeyError, ValueError, NotImplementedError, OSError, RuntimeError, EOFError):
        return False  # no workbook with properties; a damaged one is refused where its cells are read
