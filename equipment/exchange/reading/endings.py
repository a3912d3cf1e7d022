"""Rows below the column names that are no records: the names once more, totals, a line of the export, another table.

They are told with their numbers and left out, or taken for records when a person says so.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from equipment.exchange.reading.delimited import Row
from equipment.exchange.reading.header import MOSTLY, is_value, quoted

__all__ = ["left_out"]

LAST = 10
"""Rows at the end that are looked at for totals and lines of an export."""
USUAL = 3
"""Cells that the records must fill at least, before a row of one cell is none."""
_TOTAL = re.compile(r"(grand |sub)?(total|sum|count|average|mean|summe|gesamt(summe|wert)?|anzahl|somme|nombre|suma|"
                    r"promedio)\b( g[eé]n[eé]ral)?", re.IGNORECASE)


def left_out(rows: Sequence[Row], blank_before: set[int], names: Sequence[str], notes: list[str]) -> set[int]:
    """Give the places of the rows, among those below the names, that are no records, and say so in ``notes``.

    ``blank_before`` are the places of the rows above which a blank line stands.
    """
    repeated = _repeated(rows, names)
    other = _other_table(rows, blank_before - repeated, names) if any(names) else None
    end = other if other is not None else len(rows)
    last = _ending(rows[:end])
    if repeated:
        notes.append(f"The column names stand once more in {_lines(rows, sorted(repeated))}, left out.")
    if last:
        said = quoted([rows[place][1] for place in last])
        notes.append(f"At the end {_lines(rows, last)} {'is no record' if len(last) == 1 else 'are no records'} and "
                     f"left out: {said}.")
    if other is not None:
        notes.append(f"From line {rows[other][0]:,} on another table begins: {quoted([rows[other][1]])}. It was left "
                     f"out, {len(rows) - other - 1:,} rows. To read it, choose {rows[other][0]:,} as the row with the "
                     "column names.")
    return repeated | set(last) | set(range(end, len(rows)))


def _repeated(rows: Sequence[Row], names: Sequence[str]) -> set[int]:
    wanted = _stripped(names)
    return {place for place, (_, row) in enumerate(rows) if any(wanted) and _stripped(row) == wanted}


def _other_table(rows: Sequence[Row], blank_before: set[int], names: Sequence[str]) -> int | None:
    """Give the place where other names than these begin, below a blank line: words where the columns hold values, or
    another number of them, which the rows below share."""
    for place in sorted(blank_before):
        cells = _stripped(rows[place][1])
        filled = [cell for cell in cells if cell]
        below = [_stripped(row) for _, row in rows[place + 1:place + 6]]
        if place < 1 or len(filled) < 2 or not below or any(map(is_value, filled)) or len(set(filled)) < len(filled):
            continue
        if len(cells) != len(_stripped(names)):
            if all(len(row) <= len(cells) for row in below) and any(len(row) == len(cells) for row in below):
                return place
        elif _contradicts(cells, [row for _, row in rows[:place]]) and _contradicts(cells, below):
            return place
    return None


def _contradicts(cells: Sequence[str], rows: Sequence[Sequence[str]]) -> bool:
    """Whether a word stands where at least one column holds values."""
    for place, cell in enumerate(cells):
        filled = [row[place] for row in rows if len(row) > place and row[place].strip()]
        if cell and filled and sum(map(is_value, filled)) >= MOSTLY * len(filled):
            return True
    return False


def _ending(rows: Sequence[Row]) -> list[int]:
    """Give the places of the last rows that begin with a word for a total, or hold nothing but one text in front."""
    counts = [sum(bool(cell.strip()) for cell in row) for _, row in rows[:200]]
    usual = max(set(counts), key=counts.count, default=0)
    found: list[int] = []
    for place in range(len(rows) - 1, max(0, len(rows) - 1 - LAST), -1):
        cells = rows[place][1]
        filled = [cell.strip() for cell in cells if cell.strip()]
        alone = usual >= USUAL and len(filled) == 1 and bool(cells[0].strip()) and not is_value(filled[0])
        total = len(filled) < usual and bool(filled) and _TOTAL.match(filled[0]) is not None
        if not (alone or total):
            break
        found.append(place)
    # where other records are like that, it is how this list is kept
    like = sum(count == 1 for count in counts[:len(rows) - len(found)])
    return sorted(found) if like == 0 else []


def _stripped(row: Sequence[str]) -> list[str]:
    """Give the cells without blanks around them and without the empty ones at the end."""
    cells = [cell.strip() for cell in row]
    while cells and not cells[-1]:
        cells.pop()
    return cells


def _lines(rows: Sequence[Row], places: Sequence[int]) -> str:
    named = ", ".join(f"{rows[place][0]:,}" for place in places[:5])
    more = f" and {len(places) - 5:,} more" if len(places) > 5 else ""
    return f"{'line' if len(places) == 1 else 'lines'} {named}{more}"
