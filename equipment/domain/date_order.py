"""What the cells of a column say about its order: ``13/03/2019`` can only be day/month, ``02/05/2018`` may be either.

Evidence is gathered once, when someone decides; the order is then stored with the column, and no later cell changes how
the others are read.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from equipment.domain.record import ID
from equipment.domain.search import Listed
from equipment.domain.values.dates import ORDERS, Order, read_date

__all__ = ["Evidence", "evidence", "of_list"]

MOSTLY = 0.9
"""The part of a column's filled cells that are dates when it is a column of dates."""


Says = Literal["day/month", "month/day", "either", "a date", "no date", "nothing"]
ORDERED: frozenset[Says] = frozenset({"day/month", "month/day", "either"})


@dataclass(frozen=True)
class Cell:
    """A cell that is named: what stands there, and where, such as “row 2”."""

    place: str
    text: str


@dataclass(frozen=True)
class Evidence:
    """How many cells can only be in one order, and how many in either; the first of each. ``filled`` counts those with
    something in them, ``dates`` those of them that are a date in some order, or say that none is needed."""

    day_month: int = 0
    month_day: int = 0
    either: int = 0
    first_day_month: Cell | None = None
    first_month_day: Cell | None = None
    first_either: Cell | None = None
    filled: int = 0
    dates: int = 0

    @property
    def order(self) -> Order:
        """The order that is proven; empty where nothing proves one, or cells contradict each other."""
        if bool(self.day_month) == bool(self.month_day):
            return ""
        return "day/month" if self.day_month else "month/day"

    @property
    def matters(self) -> bool:
        """Whether any cell is read in another way in the other order, or not at all."""
        return bool(self.day_month or self.month_day or self.either)

    @property
    def is_of_dates(self) -> bool:
        """Whether nearly all cells are dates."""
        return bool(self.filled) and self.dates >= MOSTLY * self.filled

    def joined(self, more: Evidence) -> Evidence:
        """Give both together; the cells of this one are named where there are any."""
        return Evidence(
            self.day_month + more.day_month, self.month_day + more.month_day, self.either + more.either,
            self.first_day_month or more.first_day_month, self.first_month_day or more.first_month_day,
            self.first_either or more.first_either, self.filled + more.filled, self.dates + more.dates)

    @property
    def words(self) -> str:
        """The cells that prove it, or that nothing does."""
        proofs = [f"“{cell.text}” in {cell.place} can only be {order}{_more(count)}"
                  for order, count, cell in zip(ORDERS, (self.day_month, self.month_day),
                                                (self.first_day_month, self.first_month_day), strict=True) if cell]
        if proofs:
            return ", but ".join(proofs) + "."
        if self.first_either is None:
            return "No cell says whether day or month comes first."
        return (f"Nothing proves which comes first: “{self.first_either.text}” in {self.first_either.place}"
                f"{_more(self.either)} can be read both ways.")


def evidence(cells: Iterable[tuple[str, str]]) -> Evidence:
    """Look at the cells of a column, each with its place in words."""
    counts: Counter[Says] = Counter()
    first: dict[Says, Cell] = {}
    for place, text in cells:
        says = _says(text)
        counts[says] += 1
        if says in ORDERED and says not in first:
            first[says] = Cell(place, text.strip())
    return _weighed(counts, first)


def _weighed(counts: Counter[Says], first: Mapping[Says, Cell]) -> Evidence:
    filled = counts.total() - counts["nothing"]
    return Evidence(counts["day/month"], counts["month/day"], counts["either"], first.get("day/month"),
                    first.get("month/day"), first.get("either"), filled, filled - counts["no date"])


@lru_cache(maxsize=100_000)
def _says(text: str) -> Says:
    undecided, *ordered = (read_date(text, order) for order in ("", *ORDERS))
    if undecided.kind in ("empty", "not needed"):
        return "nothing" if undecided.kind == "empty" else "a date"
    day_first, month_first = (reading.day for reading in ordered)
    if day_first == month_first:
        return "no date" if day_first is None else "a date"
    if undecided.day is None:  # also 31-12-24, which may begin with the year: it proves nothing
        return "either"
    return "day/month" if day_first == undecided.day else "month/day"


def of_list(sheet: Listed, column: str) -> Evidence:
    """Look at what the list has in a column; cells are named by their ID."""
    saying: dict[Says, list[str]] = {}
    for text in (values := sheet.values(column)):
        saying.setdefault(_says(text), []).append(text)
    counts = Counter({says: sum(values[text] for text in texts) for says, texts in saying.items()})
    first: dict[Says, Cell] = {}
    for says in ORDERED & saying.keys():
        row = sheet.rows_having(column, saying[says])[:1]
        first[says] = Cell(f"ID {sheet.texts(ID, row)[0]}", sheet.texts(column, row)[0].strip())
    return _weighed(counts, first)


def _more(count: int) -> str:
    return f" (and {count - 1:,} more)" if count > 1 else ""
