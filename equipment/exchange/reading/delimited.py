"""Text with separators as rows of cells, and nothing of it lost: a quote that never closes takes only its own line."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import replace

from equipment.exchange.reading.dialect import Dialect

__all__ = ["Row", "rows_of"]

Row = tuple[int, Sequence[str]]
"""The number of the line, from 1, on which the row begins, and its cells."""
OTHER = ",;\t|"
csv.field_size_limit(128 * 1024 * 1024)  # without it a cell of more than 131,072 characters is an error


def rows_of(text: str, dialect: Dialect, notes: list[str]) -> Iterator[Row]:
    """Give the rows, blank ones as well, and add what is odd about single ones to ``notes``.

    A line whose quotes are not what they should be is read for itself and named. Raises ``csv.Error`` for a cell that
    is too long.
    """
    lines = list(io.StringIO(text, newline=""))
    begin = dialect.skipped
    # A quote swallows the rest of a file once at most: then an even number of them follows, and whoever begins behind
    # it with none open needs an odd one to swallow it again. So this is read twice, and not once for each line.
    while begin < len(lines):
        rest = (lines[number] for number in range(begin, len(lines)))
        reader = csv.reader(rest, **dialect.parameters(strict=True))  # type: ignore[arg-type]
        first = begin
        try:
            for row in reader:
                if len(row) == 1 and dialect.width > 2 and row[0]:
                    yield first + 1, _mended(lines[first:begin + reader.line_num], first, row, dialect, notes)
                else:
                    yield first + 1, row
                first = begin + reader.line_num
            return
        except csv.Error as error:
            if "field limit" in str(error):
                raise
        row, how = _alone(lines[first], dialect)
        notes.append(f"Line {first + 1:,}: {how}")
        yield first + 1, row
        begin = first + 1


def _mended(lines: Sequence[str], first: int, row: list[str], dialect: Dialect, notes: list[str]) -> list[str]:
    """Read a line of one cell as the others are when another separator makes just as many of it."""
    for other in OTHER:
        if other != dialect.separator and other in row[0]:
            read_so = replace(dialect, separator=other).parameters(strict=False)
            found = [*csv.reader(lines, **read_so)]  # type: ignore[arg-type]
            if len(found) == 1 and len(found[0]) == dialect.width and any(found[0]):
                notes.append(f"Line {first + 1:,}: its cells are separated by “{other}”, unlike the others.")
                return found[0]
    return row


def _alone(line: str, dialect: Dialect) -> tuple[list[str], str]:
    """Read one line for itself: as far as its quotes make sense, or as it stands."""
    said = line.rstrip("\r\n")
    if len(said) > 1 and said[0] == said[-1] == dialect.quote:  # each cell is quoted, and quotes stand in the texts
        cells = said[1:-1].split(dialect.quote + dialect.separator + dialect.quote)
        if len(cells) == dialect.width:
            return [cell.replace(dialect.quote * 2, dialect.quote) for cell in cells], (
                "a quote stands in the middle of a cell. Check that row.")
    try:
        rows = [*csv.reader([line, "end"], **dialect.parameters(strict=False))]  # type: ignore[arg-type]
    except csv.Error:
        rows = []
    if len(rows) == 2 and len(rows[0]) == (dialect.width or len(rows[0])):
        return rows[0], "a quote stands in the middle of a cell. Check that row."
    bare = replace(dialect, quote="", escape="")
    [row] = csv.reader([line], **bare.parameters(strict=False))  # type: ignore[arg-type]
    row = [_bare(cell, dialect.quote) for cell in row]
    return row, "a quote opens there and does not close as it should; that row is taken as it stands."


def _bare(cell: str, quote: str) -> str:
    """Take off quotes that stand around the whole of a cell and nowhere in it."""
    whole = len(cell) > 1 and cell[0] == cell[-1] == quote and quote not in cell[1:-1]
    return cell[1:-1] if whole else cell
