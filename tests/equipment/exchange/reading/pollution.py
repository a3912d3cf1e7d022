"""A clean list spoiled in one way at a time, with what a reader should find in it, and how near one came.

The kinds, their weights and the ten measures are those of the Pollock data loading benchmark (VLDB 2023,
https://github.com/HPI-Information-Systems/Pollock); the list and the spoiling are made here.
"""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

Rows = list[list[str]]
COLUMNS = ["Bought", "Time", "Pieces", "Number", "Price", "Kind", "Description", "Place", "Link"]
KINDS = ("Oscilloscope", "Power supply", "Multimeter", "Signal generator", "Thermometer")
ROWS = 91
LESS, MORE, QUOTE = (270.0, 270.0, 270.0)
"""Weights of all files together in which one row is spoiled; of the first kind there are 736 of 0.3678 each."""


@dataclass(frozen=True)
class Spoiled:
    """One file: its name, how often its kind is met, its bytes, and the column names and rows that are in it; None when
    it must be refused."""

    name: str
    weight: float
    data: bytes
    names: list[str]
    rows: Rows | None


def clean() -> Rows:
    """Give the list without its column names."""
    return [[f"2024-{number % 12 + 1:02}-{number % 28 + 1:02}", f"{number % 24:02}:30", str(number % 7 + 1),
             str(4_000 + number), f"{number * 13.25:.2f}", KINDS[number % 5],
             f"{KINDS[number % 5]}, for bench {number}", f"Room {number % 9}", f"https://example.org/{number}"]
            for number in range(ROWS)]


def write(rows: Rows, *, separator: str = ",", quote: str = '"', end: str = "\r\n", everything: bool = False) -> str:
    """Write rows as text, quoted where it must be."""
    out = io.StringIO(newline="")
    csv.writer(out, delimiter=separator, quotechar=quote, lineterminator=end,
               quoting=csv.QUOTE_ALL if everything else csv.QUOTE_MINIMAL).writerows(rows)
    return out.getvalue()


def files() -> Iterator[Spoiled]:
    """Give all of them."""
    rows = clean()
    whole = [COLUMNS, *rows]
    text = write(whole)
    yield from _as_a_whole(rows, whole, text)
    places = [(row, column) for row in range(len(whole)) for column in range(len(COLUMNS))]
    inner = [place for place in places if place[1] < len(COLUMNS) - 1]
    kinds = (("less", LESS, _less, inner), ("more", MORE, _more, inner), ("quote", QUOTE, _quote, places))
    for kind, weight, spoil, where in kinds:
        for row, column in where:
            lines = text.split("\r\n")
            lines[row] = spoil(whole[row], column)
            wanted = [list(cells) for cells in whole]
            if kind == "quote":
                wanted[row][column] = '"' + wanted[row][column]
            data = "\r\n".join(lines).encode()
            yield Spoiled(f"{kind} {row} {column}", weight / len(where), data, wanted[0], wanted[1:])


def score(names: Sequence[str], rows: Sequence[Sequence[str]], spoiled: Spoiled) -> float:
    """Say how near a reader came, from 0 to 10: read at all, then precision, recall and their mean of column names,
    rows and cells."""
    if spoiled.rows is None:
        return 0.0
    cells = [cell for row in spoiled.rows for cell in row], [cell for row in rows for cell in row if cell]
    return 1.0 + sum(map(_measures, (spoiled.names, ["\0".join(row) for row in spoiled.rows], cells[0]),
                         (list(names), ["\0".join(row).rstrip("\0") for row in rows], cells[1])))


def _measures(wanted: Sequence[str], found: Sequence[str]) -> float:
    if not wanted:
        return 3.0
    both = (Counter(wanted) & Counter(found)).total()
    if not both:
        return 0.0
    recall, precision = both / len(wanted), both / len(found)
    return precision + recall + 2 * precision * recall / (precision + recall)


def _as_a_whole(rows: Rows, whole: Rows, text: str) -> Iterator[Spoiled]:
    def file(name: str, weight: float, text: str, names: list[str] = COLUMNS, wanted: Rows | None = rows) -> Spoiled:
        return Spoiled(name, weight, text.encode(), names, wanted)

    yield file("clean", 1, text)
    yield file("nothing in it", 15, "", wanted=None)
    yield file("no line end at the end", 184, text.rstrip())
    yield file("two line ends at the end", 5, text + "\r\n")
    yield file("no column names", 470, write(rows), [])
    for more in (1, 2):
        upper = [COLUMNS, *([""] * len(COLUMNS) for _ in range(more))]
        upper[1][0], upper[1][4] = "on", "in EUR"
        names = [" ".join(filter(None, column)) for column in zip(*upper, strict=True)]
        yield file(f"column names in {more + 1} rows", 47, write([*upper, *rows]), names)
    yield file("a title", 282, "The list of the laboratory\r\n\r\n" + text)
    less = [["Place", "Pieces"], *([f"Room {number}", str(number)] for number in range(9))]
    more_ = [[*COLUMNS, "More"], *([*row, "x"] for row in rows[:9])]
    same = [["Name", "Phone", "Mail", "Group", "Floor", "Desk", "Key", "From", "To"], *(
        [f"Name {n}", f"555-{n}", f"mail {n}", "A", str(n), str(n), "yes", "2020", "2021"] for n in range(9))]
    for name, second in (("smaller", less), ("wider", more_), ("as wide", same)):
        yield file(f"a {name} table below", 188 / 3, text + "\r\n" + write(second))
    yield file("column names alone", 3, write([COLUMNS]), wanted=None)
    yield file("one row", 4, write(whole[:2]), wanted=rows[:1])
    yield file("lines that end in CR", 7, write(whole, end="\r"))
    yield file("lines that end in LF", 1691, write(whole, end="\n"))
    for separator, weight in (("\t", 4), (";", 834)):
        yield file(f"separated by {separator!r}", weight, write(whole, separator=separator))
    yield file("separated by blanks", 4, write(whole, separator=" ", everything=True))
    yield file("separated by a comma and a blank", 101, "".join(
        ", ".join(f'"{cell}"' if "," in cell else cell for cell in row) + "\r\n" for row in whole))
    yield file("between apostrophes", 11, write(whole, quote="'", everything=True))
    marked = [[*row[:6], row[6].replace(", ", ', 19" '), *row[7:]] for row in rows]
    escaped = write([COLUMNS, *marked], everything=True)
    yield file("quotes with a backslash", 1, escaped.replace('19""', '19\\"'), wanted=marked)
    yield file("quotes as they stand", 7, escaped.replace('19""', '19"'), wanted=marked)


def _less(row: list[str], column: int) -> str:
    cells = [write([[cell]]).strip() for cell in row]
    return ",".join([*cells[:column], cells[column] + cells[column + 1], *cells[column + 2:]])


def _more(row: list[str], column: int) -> str:
    cells = [write([[cell]]).strip() for cell in row]
    return ",".join([*cells[:column + 1], "", *cells[column + 1:]])


def _quote(row: list[str], column: int) -> str:
    cells = [write([[cell]]).strip() for cell in row]
    return ",".join([*cells[:column], f'"{cells[column].replace(chr(34), "")}', *cells[column + 1:]])

