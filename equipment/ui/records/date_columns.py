"""Dates on the Columns screen: which comes first in each column, the cells that prove it, and how to rewrite them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Final, cast

import streamlit as st

from backup_engine.errors import BackupError
from equipment.domain.bulk import BulkEdit
from equipment.domain.date_order import of_list
from equipment.domain.values.dates import ORDERS, Order
from equipment.index.sheet import Sheet
from equipment.store.list import bulk as bulk_edits, columns, listing
from equipment.store.list.schema import Column
from equipment.ui.context import App
from equipment.ui.plain import plain
from equipment.ui.records.changing import bulk
from equipment.ui.records.table import field_label

__all__ = ["UNDECIDED", "show"]

UNDECIDED: Final = "Not decided"
MOST_REASONS: Final = 5
OPEN: Final = "columns_rewrite"
"""Holds the name of the column that is being rewritten."""


def show(app: App, known: Sequence[Column]) -> None:
    """Draw the columns of dates; a column in which no cell needs an order only has the button."""
    dated = [column for column in known if column.type == "date"]
    if not dated:
        return
    st.subheader("Dates", anchor=False)
    st.caption("An order says how 02/05/2018 is read, for all cells of a column at once. A cell that contradicts it "
               "cannot be read so, and is listed below; no other cell is read differently because of it.")
    sheet = listing.sheet(app.database)
    for column in dated:
        with st.container(border=True):
            _one(app, sheet, column)


def _one(app: App, sheet: Sheet, column: Column) -> None:
    found = of_list(sheet, column.name)
    left, right = st.columns([3, 1], vertical_alignment="bottom")
    with left:
        if found.matters or column.date_order:
            key = f"date_order_{column.name}_{column.date_order}"  # another one when somebody else decides meanwhile
            st.segmented_control(field_label(column.name), ["", *ORDERS], default=column.date_order, required=True,
                                 format_func=lambda order: order or UNDECIDED, key=key, on_change=_decide,
                                 args=(app, column, key))
        else:
            st.markdown(field_label(column.name))
        st.caption(plain(found.words))
    with right:
        st.button("Rewrite this column as dates", key=f"rewrite_{column.name}", icon=":material/edit_calendar:",
                  disabled=app.read_only or not app.may("records.bulk_edit"), on_click=_open, args=(column.name,))
    if st.session_state.get(OPEN) == column.name:
        _rewrite(app, column)


def _decide(app: App, column: Column, key: str) -> None:
    order = cast(Order, st.session_state[key] or "")
    try:
        columns.set_date_order(app.database, app.who, column.name, order)
    except BackupError as error:
        st.toast(plain(error.message), icon=":material/error:")
        return
    st.toast(f"{field_label(column.name)}: {order or UNDECIDED}", icon=":material/check:")


def _open(name: str) -> None:
    st.session_state[OPEN] = name


def _rewrite(app: App, column: Column) -> None:
    st.caption(plain(bulk.order_words(column)))
    wrong = columns.misfits(app.database, column.name, column.kind)
    for why, count in Counter(column.kind.why(text) for _, text in wrong).most_common(MOST_REASONS):
        stay = "1 stays as it is" if count == 1 else f"{count:,} stay as they are"
        st.caption(f":material/warning: {stay}: {plain(why)}.")
    edit = BulkEdit("dates", column.name, order=column.date_order)
    bulk.decide(app, edit, bulk_edits.preview(app.database, edit))
    st.button("Close", key="rewrite_close", on_click=_open, args=("",))
