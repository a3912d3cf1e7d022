"""Which row holds the column names: below titles and blank lines, over two rows, or nowhere."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import zip_longest

from backup_engine.errors import BadInput
from equipment.exchange.reading.choices import Choices
from equipment.exchange.reading.delimited import Row

__all__ = ["Header", "find", "is_value", "quoted"]

WITHIN = 100
"""Rows in which the column names are looked for."""
NAMED = 0.6
"""The part of the usual number of cells that a row of column names fills."""
MOSTLY = 0.8
"""The part of a column's cells that are values, when it is a column of values."""
LOOKED_AT = 200
"""Rows below the column names from which a column's kind is told."""
MOST_ROWS = 3
"""Rows that column names may take."""
USUAL = 3
"""Records there must be, before anything is told from them."""
LONGEST_QUOTE = 200


@dataclass(frozen=True)
class Header:
    """The column names as they stand, and where in the rows the records begin. ``row`` and ``rows`` are as in
    ``Choices``; ``notes`` say what was left out above and what was made of a header that does not fit."""

    names: Sequence[str]
    begin: int
    row: int
    rows: int
    notes: list[str] = field(default_factory=list)


def find(rows: Sequence[Row], chosen: Choices) -> Header:
    """Find it in rows that all hold something. Raises ``BadInput`` for a chosen row that is not there."""
    if chosen.header is not None:
        return _chosen(rows, chosen)
    cells = [row for _, row in rows[:WITHIN + LOOKED_AT]]
    first = _first(cells)
    notes = _above(rows[:first])
    if _is_missing(cells, first):
        return Header([""] * len(cells[first]), first, 0, 1, [
            *notes, "No row holds column names: the first one looks like the others. Name the columns below."])
    high = min(chosen.header_rows or _height(cells, first), len(cells) - first)
    if high > 1:
        notes.append(f"The column names stand in {high} rows, which were put together.")
    begin = first + high
    names, more = _fitting(_joined(cells[first:begin]), cells[begin:begin + LOOKED_AT])
    return Header(names, begin, rows[first][0], high, notes + more)


def is_value(text: str) -> bool:
    """Whether a text is a number, a date or the like: digits and no letters."""
    return not any(map(str.isalpha, text)) and any(map(str.isdigit, text))


def quoted(rows: Sequence[Sequence[str]]) -> str:
    """Give what stands in rows, for a note."""
    said = " · ".join(cell.strip() for row in rows for cell in row if cell.strip())
    return f"“{said[:LONGEST_QUOTE]}{'…' if len(said) > LONGEST_QUOTE else ''}”"


def _chosen(rows: Sequence[Row], chosen: Choices) -> Header:
    if chosen.header == 0:
        return Header([""] * len(rows[0][1]), 0, 0, 1)
    place = next((place for place, (number, _) in enumerate(rows) if number == chosen.header), None)
    if place is None:
        raise BadInput(f"Row {chosen.header:,} of the file is not there, or it is blank.",
                       hint="Choose the row with the column names, or 0 when there is none.")
    high = min(max(1, chosen.header_rows), len(rows) - place)
    names = _joined([row for _, row in rows[place:place + high]])
    return Header(names, place + high, rows[place][0], high, _above(rows[:place]))


def _above(rows: Sequence[Row]) -> list[str]:
    if not rows:
        return []
    count = f"{len(rows):,} {'row was' if len(rows) == 1 else 'rows were'}"
    return [f"Above the column names {count} left out: {quoted([row for _, row in rows])}."]


def _first(cells: Sequence[Sequence[str]]) -> int:
    """Give the place of the names: titles above fill far fewer cells than most rows do, and the next row looks like
    names: words, each once. Of a table of two columns nobody can tell."""
    widths = [sum(bool(cell.strip()) for cell in row) for row in cells[:WITHIN]]
    usual = Counter(widths[1:]).most_common(1)[0][0] if len(widths) > 1 else 0
    first = next((place for place, width in enumerate(widths) if width >= usual * NAMED), 0)
    names = [cell.strip() for cell in cells[first] if cell.strip()]
    return first if usual > 2 and len(set(names)) == len(names) and not any(map(is_value, names)) else 0


def _values(rows: Sequence[Sequence[str]], width: int) -> list[bool]:
    """Say for each column whether it holds values rather than words."""
    columns = []
    for place in range(width):
        filled = [row[place] for row in rows if len(row) > place and row[place].strip()]
        columns.append(bool(filled) and sum(map(is_value, filled)) >= MOSTLY * len(filled))
    return columns


def _is_missing(cells: Sequence[Sequence[str]], first: int) -> bool:
    """Whether the row is a record: in most columns of values it holds one. Names are words, or years above other than
    years."""
    row, below = cells[first], cells[first + 1:first + 1 + LOOKED_AT]
    kinds = _values(below, len(row))
    years = [any(_is_year(each[place]) for each in below if len(each) > place) for place in range(len(row))]
    told = [is_value(cell) and (year or not _is_year(cell))
            for cell, values, year in zip(row, kinds, years, strict=True) if values and cell.strip()]
    return len(below) > 1 and sum(told) > len(told) / 2


def _is_year(text: str) -> bool:
    return len(text) == 4 and text.isdecimal() and text[:2] in ("19", "20")


def _height(cells: Sequence[Sequence[str]], first: int) -> int:
    """Over how many rows the names stand: one, and those below it that are words where the columns hold values."""
    high = 1
    while high < MOST_ROWS and _goes_on(cells, first + high):
        high += 1
    return high


def _goes_on(cells: Sequence[Sequence[str]], place: int) -> bool:
    row, below = cells[place] if place < len(cells) else [], cells[place + 1:place + 1 + LOOKED_AT]
    said = [cell for cell in row if cell.strip()]
    # without a blank in it, it may be a record whose values are not known yet
    if len(below) < USUAL or not said or len(said) == len(row) or any(map(is_value, said)):
        return False
    kinds = _values(below, len(row))
    return sum(values and bool(cell.strip()) for cell, values in zip(row, kinds, strict=True)) >= 2


def _joined(rows: Sequence[Sequence[str]]) -> list[str]:
    if len(rows) == 1:
        return list(rows[0])
    return [" ".join(filter(None, map(str.strip, column))) for column in zip_longest(*rows, fillvalue="")]


def _fitting(names: Sequence[str], below: Sequence[Sequence[str]]) -> tuple[Sequence[str], list[str]]:
    """Make a header that is one cell short, or long, fit: what stands under a name must not be another column's."""
    if len(below) < USUAL:
        return names, []
    usual, times = Counter(map(len, below)).most_common(1)[0]
    if usual == len(names) - 1 and times >= MOSTLY * len(below) and sum(not name.strip() for name in names) == 1:
        return [name for name in names if name.strip()], ["Among the column names one separator too many was left out."]
    if usual != len(names) + 1 or times < MOSTLY * len(below) or usual < 3 or not all(
            row[-1].strip() for row in below if len(row) == usual):
        return names, []
    if all(row[0].strip() == str(number) for number, row in enumerate(below, 1)):
        return ["", *names], ["The first column has no name; it numbers the rows."]
    cut = [(place, cell.split()) for place, cell in enumerate(names) if len(cell.split()) == 2]
    if len(cut) == 1:
        [(place, words)] = cut
        return [*names[:place], *words, *names[place + 1:]], [
            f"There is one name less than columns: “{names[place]}” was taken for two. Check the columns."]
    return [""] * usual, [f"There is one name less than columns, and which one is missing cannot be told, so none has "
                          f"its name: {quoted([names])}. Name them below."]
