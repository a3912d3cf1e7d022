"""Columns of a file whose dates need an order, and what the file says about it.

A column is asked about when it is one of dates in the list, or new and nearly all of it are dates. Of a column in which
nobody has decided yet, what the list holds counts as well: its cells are read in the same order from then on.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

from equipment.domain.date_order import Evidence, evidence, of_list
from equipment.domain.search import Listed
from equipment.domain.values.dates import ORDERS, Order, rewritten
from equipment.exchange.importing import Mapped
from equipment.exchange.reading.tables import Table
from equipment.store.list.schema import Column

__all__ = ["DateColumn", "find", "written"]

LOOKED_AT = 200
"""Filled cells after which a new column is known to be no column of dates."""


@dataclass(frozen=True)
class DateColumn:
    """One that needs an order: the ``stored`` one, empty while nobody has decided, and what the cells say."""

    name: str
    stored: Order
    found: Evidence

    @property
    def other(self) -> Order:
        """The order that cells of the file prove against the stored one; empty when none does."""
        against = {"day/month": self.found.month_day, "month/day": self.found.day_month}
        return next(order for order in ORDERS if order != self.stored) if against.get(self.stored) else ""


def find(table: Table, rows: Mapped, known: Sequence[Column], sheet: Listed) -> list[DateColumn]:
    """Give those columns of the rows, which are the table's under the names chosen, that need an order."""
    columns, present = {column.name: column for column in known}, set(sheet.columns)
    made = (_look(table, rows, name, columns.get(name), sheet, present) for name in (rows[0] if rows else ()))
    return [column for column in made if column is not None]


def written(rows: Mapped, orders: Mapping[str, Order]) -> Mapped:
    """Give the rows with the dates of these columns, read in these orders, as year-month-day."""
    if not orders:
        return rows
    return [{**row, **{name: rewritten(row[name], order) for name, order in orders.items()}} for row in rows]


def _look(
    table: Table, rows: Mapped, name: str, column: Column | None, sheet: Listed, present: Collection[str]
) -> DateColumn | None:
    is_of_dates = column is not None and column.type == "date"
    if not is_of_dates:
        if name in present or (column is not None and column.type != "text"):
            return None
        filled = ((place, text) for place, text in _cells(table, rows, name) if text.strip())
        if not evidence(islice(filled, LOOKED_AT)).is_of_dates:
            return None
    found = evidence(_cells(table, rows, name))
    if not found.matters or not (is_of_dates or found.is_of_dates):
        return None
    stored: Order = column.date_order if column is not None else ""
    if not stored and name in present:
        found = found.joined(of_list(sheet, name))
    return DateColumn(name, stored, found)


def _cells(table: Table, rows: Mapped, name: str) -> Iterator[tuple[str, str]]:
    for record, (line, row) in enumerate(zip(table.numbers(), rows, strict=False), 1):
        yield f"row {line}" if line else f"record {record:,}", row[name]
