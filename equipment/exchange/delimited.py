"""Text with separators as rows of cells, and nothing of it lost: a quote that never closes takes only its own line."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Iterator

__all__ = ["rows_of"]

SAMPLE = 256 * 1024
SEPARATORS = ",;\t|"
_SAID = re.compile(r"sep=(.)\r?\n", re.IGNORECASE)
"""The first line by which Excel is told the separator."""
csv.field_size_limit(128 * 1024 * 1024)  # without it a cell of more than 131,072 characters is an error


def rows_of(text: str, notes: list[str]) -> Iterator[list[str]]:
    """Give the rows, blank ones as well, and add what was decided to ``notes``.

    A line whose quotes are not what they should be is read for itself and named. Raises ``csv.Error`` for a cell that
    is too long.
    """
    said = _SAID.match(text)
    if said:
        notes.append(f"The first line says that “{said[1]}” separates the columns.")
    delimiter = said[1] if said else _separator(text)
    lines = list(io.StringIO(text, newline=""))
    begin = 1 if said else 0
    # A quote swallows the rest of a file once at most: then an even number of them follows, and whoever begins behind
    # it with none open needs an odd one to swallow it again. So this is read twice, and not once for each line.
    while begin < len(lines):
        reader = csv.reader((lines[number] for number in range(begin, len(lines))), delimiter=delimiter, strict=True)
        first = begin
        try:
            for row in reader:
                yield row
                first = begin + reader.line_num
            return
        except csv.Error as error:
            if "field limit" in str(error):
                raise
        row, how = _alone(lines[first], delimiter)
        notes.append(f"Line {first + 1:,}: {how}")
        yield row
        begin = first + 1


def _alone(line: str, delimiter: str) -> tuple[list[str], str]:
    """Read one line for itself: as far as its quotes make sense, or as it stands."""
    try:
        rows = [*csv.reader([line, "end"], delimiter=delimiter)]
    except csv.Error:
        rows = []
    if len(rows) == 2:
        return rows[0], "a quote stands in the middle of a cell. Check that row."
    [row] = csv.reader([line], delimiter=delimiter, quoting=csv.QUOTE_NONE)
    return row, "a quote opens there and does not close as it should; that row is taken as it stands."


def _separator(text: str) -> str:
    """Find the separator: the one that gives the most columns, alike in most of the first lines. Above the header there
    may be a title, whose commas say nothing."""
    sample = text[:SAMPLE]
    best, best_score = ",", 0.0
    for candidate in SEPARATORS:
        rows = csv.reader(io.StringIO(sample, newline=""), delimiter=candidate)
        widths = [len(row) for row, _ in zip(rows, range(50), strict=False)]
        usual, times = max(Counter(widths).items(), key=lambda pair: pair[0] * pair[1], default=(0, 0))
        if usual > 1:
            score = usual * times / len(widths)
            if score > best_score:
                best, best_score = candidate, score
    return best
