"""Which comes first in the dates of the file: asked for each column that needs it, beside the cells that prove it."""

from __future__ import annotations

from typing import Any, Final

import streamlit as st

from equipment.domain.values.dates import ORDERS, Order, read_date
from equipment.exchange import date_columns
from equipment.exchange.date_columns import DateColumn
from equipment.exchange.importing import Mapped
from equipment.exchange.reading.tables import Table
from equipment.store.list import listing, schema
from equipment.ui.context import App
from equipment.ui.plain import plain
from equipment.ui.records.date_columns import UNDECIDED
from equipment.ui.records.table import field_label

__all__ = ["ask", "forget"]

FOUND: Final = "import_dates"
Orders = dict[str, Order]


def ask(app: App, table: Table, rows: Mapped, rows_are: Any) -> tuple[Orders, Orders]:
    """Draw the questions, if there are any; ``rows_are`` says which rows these are, so that they are looked at once.

    Gives the orders to store with their columns, and those by which the file's dates are to be written year-month-day.
    """
    found = _found(app, table, rows, rows_are)
    if not found:
        return {}, {}
    decided, rewriting = Orders(), Orders()
    with st.container(border=True):
        st.markdown(":material/event: **Dates**: does the day come first, or the month?")
        for column in found:
            if column.stored:
                rewriting[column.name] = _against(column)
            else:
                decided[column.name] = _asked(column)
    return _chosen(decided), _chosen(rewriting)


def forget() -> None:
    """Let go of the file."""
    st.session_state.pop(FOUND, None)


def _found(app: App, table: Table, rows: Mapped, rows_are: Any) -> list[DateColumn]:
    known = schema.columns(app.database, hidden=True)
    wanted = rows_are, [(column.name, column.type, column.date_order) for column in known]
    looked = st.session_state.get(FOUND)
    if looked is None or looked[0] != wanted:
        looked = st.session_state[FOUND] = wanted, date_columns.find(table, rows, known, listing.sheet(app.database))
    every: list[DateColumn] = looked[1]
    return [column for column in every if not column.stored or column.other]


def _asked(column: DateColumn) -> Order:
    order: Order = st.segmented_control(
        field_label(column.name), ["", *ORDERS], default=column.found.order, required=True,
        format_func=lambda order: order or UNDECIDED, key=f"import_order_{column.name}_{column.found.order}") or ""
    st.caption(plain(f"{column.found.words} {_meaning(column, order)}".strip()))
    return order


def _against(column: DateColumn) -> Order:
    keep = f"{column.stored}, as the column"
    rewrite = f"{column.other}: write them as year-month-day"
    st.warning(plain(f"{column.name} is a column in {column.stored}, as was decided. {column.found.words} If the whole "
                     "file is meant so, its dates would be read wrongly."), icon=":material/warning:")
    said = st.radio(field_label(column.name), [keep, rewrite], key=f"import_meant_{column.name}")
    return column.other if said == rewrite else ""


def _meaning(column: DateColumn, order: Order) -> str:
    if not order:
        return ("Until it is decided, here or under Columns, what can be read both ways stays text: it stands behind "
                "the dates when sorted, and counts neither for a range nor for calibration.")
    either = column.found.first_either
    return f"“{either.text}” is read as {read_date(either.text, order).iso}." if either is not None else ""


def _chosen(orders: Orders) -> Orders:
    return {name: order for name, order in orders.items() if order}
