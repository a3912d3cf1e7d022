"""Which columns can tell the records apart: filled nearly everywhere, in the file and in the list, and nowhere twice.

A column filled in 1 of 431 rows was once chosen, and at the second import the list was there twice.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, islice

from backup_engine.records.live_profile import folded
from equipment.domain.record import ID, SERIAL, UUID
from equipment.domain.search import Listed

__all__ = ["Identity", "measure", "propose"]

IDENTITIES = (UUID, ID, SERIAL)
"""Columns that may tell which record a row is, the surest first."""
NEARLY = 0.9
"""The part of the rows, and of the records, in which it must be filled."""
MOST_COLUMNS, MOST_TOGETHER = 8, 3
"""Columns of which combinations are tried, and how many together: 84 combinations at most."""
DESCRIBING = ("Vendor", "Model", SERIAL, "Description", "Category", "Location")
"""Columns that are tried together before others."""


@dataclass(frozen=True)
class Identity:
    """Columns, and in how many ``rows`` of the file and ``records`` of the list they are all filled, of how many; how
    many of these say what another one of theirs says."""

    columns: tuple[str, ...]
    rows: int
    of_rows: int
    doubled_rows: int
    records: int
    of_records: int
    doubled_records: int

    @property
    def sure(self) -> bool:
        """Whether they tell records apart in nearly every row and record."""
        return (self.rows >= NEARLY * self.of_rows > 0 and not self.doubled_rows
                and self.records >= NEARLY * self.of_records and not self.doubled_records)

    @property
    def said(self) -> str:
        """The numbers, in a sentence."""
        text = (f"Filled in {self.rows:,} of {self.of_rows:,} rows and in {self.records:,} of {self.of_records:,} "
                "records")
        for doubled, what in ((self.doubled_rows, "rows"), (self.doubled_records, "records")):
            if doubled:
                text += f"; {doubled:,} {what} say what others say"
        return text + "."


Rows = Sequence[Mapping[str, str]]


def propose(rows: Rows, columns: Sequence[str], sheet: Listed) -> tuple[str, ...]:
    """Give the columns that tell the rows, and the records of the list, apart: one, else the first combination that
    does; none when nothing does."""
    filled = _Filled(rows, sheet)
    ordered = [*(column for column in IDENTITIES if column in columns),
               *(column for column in columns if column not in IDENTITIES)]
    for column in ordered:
        if filled.measure((column,)).sure:
            return (column,)
    # a number given anew at every import, or by another lab, tells nothing in a combination either
    parts = [column for column in (*DESCRIBING, *(c for c in columns if c not in (*DESCRIBING, ID, UUID)))
             if column in columns and filled.is_filled(column)]
    few = list(islice(parts, MOST_COLUMNS))
    for together in range(2, MOST_TOGETHER + 1):
        for chosen in combinations(few, together):
            if filled.measure(chosen).sure:
                return chosen
    return ()


def measure(rows: Rows, columns: Sequence[str], sheet: Listed) -> Identity:
    """Count what ``Identity`` says of some columns."""
    return _Filled(rows, sheet).measure(tuple(columns))


class _Filled:
    """The folded texts of columns, in the file and in the list, each made once."""

    def __init__(self, rows: Rows, sheet: Listed) -> None:
        self._rows, self._sheet = rows, sheet
        self._texts: dict[str, tuple[list[str], list[str]]] = {}

    def is_filled(self, column: str) -> bool:
        texts = self._column(column)
        return all(sum(map(bool, side)) >= NEARLY * len(side) for side in texts)

    def measure(self, columns: tuple[str, ...]) -> Identity:
        counted = list[int]()
        for side in (0, 1):
            texts = [self._column(column)[side] for column in columns]
            keys = [key for key in zip(*texts, strict=True) if all(key)] if len(texts) > 1 else (
                [text for text in texts[0] if text] if texts else [])
            counted += [len(keys), len(keys) - sum(1 for times in Counter(keys).values() if times == 1)]
        return Identity(columns, counted[0], len(self._rows), counted[1], counted[2], len(self._sheet), counted[3])

    def _column(self, column: str) -> tuple[list[str], list[str]]:
        if column not in self._texts:
            self._texts[column] = ([folded(row.get(column, "")) for row in self._rows],
                                   [folded(text) for text in self._sheet.texts(column, self._sheet.rows())])
        return self._texts[column]
