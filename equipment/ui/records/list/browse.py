"""Browse: the list a page at a time, and what can be done with the rows one has ticked."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from equipment.index.sheet import Sheet
from equipment.store.list import listing, records, schema
from equipment.store.list.records import Page
from equipment.store.list.schema import Column
from equipment.ui import fragment, reading
from equipment.ui.context import App
from equipment.ui.records import empty, state, status, table
from equipment.ui.records.list import actions, toolbar
from equipment.ui.records.state import State

OPEN = "records_open_row"
CHIPS_ROWS = 2
"""Rows of the grid that the line of chips takes the room of."""
PAGES_SHOWN = 5


def show(app: App) -> None:
    """Draw the section; a click in it runs nothing else of the page."""
    _list(app)


def _elsewhere(app: App) -> bool:
    """Whether what is due now has another place on the page: a record's own page, or that the list is being read."""
    now = state.current()
    return (bool(now.opened) or now.section != state.FIRST_SECTION
            or not listing.ready(app.database, reading.PATIENCE_SECONDS))


@fragment.part("Equipment Records", leave=_elsewhere)
def _list(app: App) -> None:
    now = state.current()
    _drawn(app, now)
    state.publish(now)


def _drawn(app: App, now: State) -> None:
    sheet = listing.shown(app.database)
    if not len(sheet):
        empty.show(app)
        return
    known = schema.columns(app.database, hidden=True, sheet=sheet)
    columns = [column for column in known if not column.hidden]
    toolbar.show(app, sheet, known)
    page = load(app, now, known, sheet)
    if not page.total:
        no_match(now)
        return
    # A key for each view: a grid keeps ticks by row number, and they must not move to other records.
    key = now.key(f"table_{now.page}_{now.size}_{hash(repr(now.viewed)):x}")
    _table(page, columns, now, key)
    with _foot():
        actions.show(app, now, page)
        status.without_retired(sheet)
        _pager(now, page.total, len(columns))


def load(app: App, now: State, known: Sequence[Column], sheet: Sheet) -> Page:
    """Read the page asked for of the list that was looked at; a page beyond the end becomes the last one."""
    types, today = schema.types_of(known), state.today()
    page = records.page(app.database, now.viewed, types, today, number=now.page, size=now.size, sheet=sheet)
    last = max(1, math.ceil(page.total / now.size))
    if now.page > last:
        now.page = last
        page = records.page(app.database, now.viewed, types, today, number=last, size=now.size, sheet=sheet)
    return page


def no_match(now: State) -> None:
    """Say that nothing matches, and offer the way back."""
    with st.container(horizontal_alignment="center", gap="small"):
        st.space("medium")
        st.subheader(":material/search_off: Nothing matches", anchor=False, width="content")
        st.button("Clear filters", icon=":material/filter_list_off:", key="no_match_clear", on_click=_clear)


def fitting(now: State) -> int:
    """Give the rows that fit into the window, which the line of chips makes fewer."""
    return table.FITTING_ROWS - CHIPS_ROWS * now.query.is_filtering


def pager(now: State, total: int, columns: int) -> None:
    """Draw where in the list this is, and the way to other pages."""
    with _foot():
        _pager(now, total, columns)


def _foot() -> DeltaGenerator:
    return st.container(horizontal=True, vertical_alignment="center", gap="xsmall")


def _pager(now: State, total: int, columns: int) -> None:
    first = (now.page - 1) * now.size + 1
    pages = max(1, math.ceil(total / now.size))
    st.caption(f"{first:,}–{min(first + now.size - 1, total):,} of {total:,} · ↔ {columns} columns", width="stretch",
               text_alignment="right")
    if pages > 1:
        key = f"records_pages_{now.generation}_{now.page}_{pages}"
        st.pagination(pages, default=now.page, max_visible_pages=PAGES_SHOWN, key=key, on_change=state.setter,
                      args=(_set_page, key))
    key = now.key("size")
    st.selectbox(
        "Rows",
        records.PAGE_SIZES,
        index=_size_index(now.size),
        key=key,
        width=80,
        label_visibility="collapsed",
        format_func=lambda size: f"{size}",
        on_change=state.setter,
        args=(_set_size, key),
    )


def _table(page: Page, columns: Sequence[Column], now: State, key: str) -> None:
    keys = [entry.key for entry in page.entries]
    st.dataframe(
        table.arrow(page.entries, columns),
        key=key,
        on_select=lambda: _selected(key, keys),
        selection_default={"selection": {"rows": [row for row, each in enumerate(keys) if each in now.ticked]}},
        selection_mode=["multi-row", "single-column"],
        hide_index=True,
        column_order=table.order(columns),
        column_config=table.reading_config(columns, now.query, OPEN, _opened, (keys,)),
        height=table.height(len(page.entries), fitting(now)),
        placeholder="",
        alt="Equipment list",
    )


def _opened(keys: list[str]) -> None:
    click = st.session_state[OPEN]
    if click is not None and click["row"] < len(keys):
        state.open_record(keys[click["row"]])


def _selected(key: str, keys: Sequence[str]) -> None:
    """Take the ticks of the page with these records. A click on a column's heading orders the list by it; a second one
    turns the order round."""
    now, selection = state.current(), st.session_state[key]["selection"]
    for each in keys:
        now.ticked.pop(each, None)
    now.ticked.update((keys[row], None) for row in selection["rows"] if row < len(keys))
    if not selection["columns"]:
        return
    column = selection["columns"][0]
    turned = now.query.sort == column and not now.query.descending
    now.ask(replace(now.query, sort=column, descending=turned))


def _clear() -> None:
    now = state.current()
    now.ask(now.query.cleared())


def _set_page(now: State, page: int) -> None:
    now.page = page


def _set_size(now: State, size: int) -> None:
    now.page, now.size = 1, size


def _size_index(size: int) -> int:
    sizes = list(records.PAGE_SIZES)
    return sizes.index(size) if size in sizes else sizes.index(state.DEFAULT_SIZE)
