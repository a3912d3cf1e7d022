"""What stands above the list: search, numbers that are filters, filters by column, saved views, chips."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import streamlit as st

from equipment.domain.query import COUNTED, ONLY_LABELS, Only, Query
from equipment.domain.search import Counts
from equipment.index.sheet import Sheet
from equipment.store.list import schema
from equipment.store.list.schema import Column
from equipment.ui import fragment
from equipment.ui.context import App
from equipment.ui.plain import plain
from equipment.ui.records import state
from equipment.ui.records.list import filters, views
from equipment.ui.records.state import State

MOST_CHIPS = 12
MOST_LETTERS = 48
GRIDS_TOOLS = 108
"""Pixels at the end of the line above the list where a grid shows its own tools while the pointer is over it."""
SEARCH_HELP = (
    'Every word must occur somewhere in the record, in any case, with or without accents. Signs are taken literally; '
    '"quotes" keep words together.'
)
_COLORS: Mapping[Only, str] = {"overdue": "red", "due": "orange", "no serial": "gray", "same serial": "violet"}


def show(app: App, sheet: Sheet, known: Sequence[Column]) -> None:
    """Draw all of it over the list as it is now; ``known`` are all its columns, hidden ones too.

    What a popover holds is drawn while it is open, and runs alone when something in it is clicked.
    """
    now = state.current()
    with st.container(horizontal=True, vertical_alignment="center", gap="xxsmall"):
        _search(now)
        _metrics(now, sheet.counts(schema.types_of(known), state.today(), now.viewed))
        filters.popover(app, now)
        _order(app, now)
        views.popover(app, now)
        st.space(GRIDS_TOOLS)
    _chips(now)


def _metrics(now: State, counts: Counts) -> None:
    key = now.key("only")
    st.pills(
        "Show",
        ["", *COUNTED, *([now.query.only] if now.query.only not in ("", *COUNTED) else [])],
        default=now.query.only,
        required=True,
        label_visibility="collapsed",
        wrap=False,
        format_func=lambda only: _metric_label(only, counts),
        key=key,
        on_change=state.setter,
        args=(_set_only, key),
    )


def _metric_label(only: Only, counts: Counts) -> str:
    if only not in ("", *COUNTED):
        return ONLY_LABELS[only]
    number = {
        "": counts.records,
        "overdue": counts.overdue,
        "due": counts.due,
        "no serial": counts.no_serial,
        "same serial": counts.same_serial,
    }[only]
    if not only:
        return f"**{number:,}** Record{'s' * (number != 1)}"
    shown = f":{_COLORS[only]}[**{number:,}**]" if number else f"**{number}**"
    return f"{shown} {ONLY_LABELS[only]}"


def _set_only(now: State, only: Only) -> None:
    now.ask(replace(now.query, only=only or ""))


def _search(now: State) -> None:
    key = now.key("search")
    st.text_input(
        "Search",
        now.query.text,
        key=key,
        icon=":material/search:",
        placeholder="Search all columns",
        label_visibility="collapsed",
        on_change=state.setter,
        args=(_set_text, key),
        live=True,
        type="search",
        help=SEARCH_HELP,
    )


def _set_text(now: State, text: str) -> None:
    # With a new key the field would be made anew under the fingers of whoever types.
    now.ask(replace(now.query, text=text or ""), keep_widgets=True)


def _order(app: App, now: State) -> None:
    arrow = "arrow_downward" if now.query.descending else "arrow_upward"
    label = plain(now.query.sort, MOST_LETTERS) or "Order"
    with st.popover(label, icon=f":material/{arrow}:", key="records_order", on_change="rerun",
                    help="Order of the list") as box:
        if box.open:
            _ways(app, now.query)


@fragment.part("Equipment Records", leave=state.asks_anew)
def _ways(app: App, _drawn: Query, /) -> None:
    now = state.current()
    names = [column.name for column in schema.columns(app.database)]
    by, way = now.key("sort"), now.key("way")
    st.selectbox(
        "Order by",
        names,
        index=names.index(now.query.sort) if now.query.sort in names else None,
        key=by,
        on_change=state.setter,
        args=(_set_sort, by),
    )
    st.toggle("Descending", now.query.descending, key=way, on_change=state.setter, args=(_set_way, way))


def _set_sort(now: State, column: str | None) -> None:
    now.ask(replace(now.query, sort=column or state.DEFAULT_SORT))


def _set_way(now: State, descending: bool) -> None:
    now.ask(replace(now.query, descending=descending))


def _chips(now: State) -> None:
    if not now.query.is_filtering:
        return
    chips = now.query.chips()
    with st.container(horizontal=True, vertical_alignment="center", gap="xsmall"):
        for number, (words, without) in enumerate(chips[:MOST_CHIPS]):
            st.button(
                plain(words, MOST_LETTERS),
                icon=":material/close:",
                icon_position="right",
                key=now.key(f"chip_{number}"),
                on_click=_ask,
                args=(without,),
                help="Remove this filter",
            )
        if len(chips) > MOST_CHIPS:
            st.caption(f"and {len(chips) - MOST_CHIPS} more", width="content")
        st.button("Clear filters", type="tertiary", key="records_clear", on_click=_ask, args=(now.query.cleared(),))


def _ask(query: Query) -> None:
    state.current().ask(query)
