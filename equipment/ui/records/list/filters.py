"""Filters by column, with counts that follow from all the other filters."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any, Final

import streamlit as st

from equipment.domain.query import EMPTY_LABEL, Query
from equipment.domain.values.fields import FieldType
from equipment.index.sheet import Sheet
from equipment.store.list import listing, schema
from equipment.store.list.schema import Column
from equipment.ui import fragment
from equipment.ui.context import App
from equipment.ui.records import state
from equipment.ui.records.state import State
from equipment.ui.records.table import field_label

MOST_CHOICES: Final = 200
"""Different values up to which a column is offered as a list of choices; beyond, as a text to look for."""
SIDE_BY_SIDE: Final = 3


def popover(app: App, now: State) -> None:
    """Draw the button and, while it is open, one filter per column."""
    active = len(now.query.chips()) - bool(now.query.text.strip()) - bool(now.query.only)
    label = f"Filters · {active}" if active else "Filters"
    with st.popover(
        label, icon=":material/filter_list:", key="records_filters", on_change="rerun", width="content"
    ) as box:
        if box.open:
            _all(app, now.query)


@fragment.part("Equipment Records", leave=state.asks_anew)
def _all(app: App, _drawn: Query, /) -> None:
    now, sheet, today = state.current(), listing.shown(app.database), state.today()
    known = schema.columns(app.database, hidden=True, sheet=sheet)
    columns, types = [column for column in known if not column.hidden], schema.types_of(known)
    with st.container(width=820):
        for start in range(0, len(columns), SIDE_BY_SIDE):
            for place, column in zip(st.columns(SIDE_BY_SIDE), columns[start : start + SIDE_BY_SIDE], strict=False):
                with place:
                    _one(now, sheet, column, types, today)


def _one(now: State, sheet: Sheet, column: Column, types: Mapping[str, FieldType], today: date) -> None:
    if column.kind.has_range:
        _range(now, column)
        return
    always = column.kind.widget == "choice" or column.name in now.query.choices
    counted = sheet.facet(column.name, now.query, types, today, most=None if always else MOST_CHOICES)
    if counted is None:
        _contains(now, column.name)
    else:
        _choices(now, column.name, counted)


def _choices(now: State, column: str, counted: list[tuple[str, int]]) -> None:
    chosen = now.query.choices.get(column, ())
    counts = dict(counted)
    options = [value for value, _ in counted] + [value for value in chosen if value not in counts]
    key = now.key(f"is_{column}")
    st.multiselect(
        field_label(column),
        options,
        default=list(chosen),
        format_func=lambda value: f"{_visible(value)} ({counts.get(value, 0):,})",
        key=key,
        on_change=state.setter,
        args=(_setting("choices", column), key),
        placeholder="Any",
    )


def _contains(now: State, column: str) -> None:
    key = now.key(f"has_{column}")
    st.text_input(
        field_label(column),
        now.query.contains.get(column, ""),
        key=key,
        placeholder="Contains …",
        on_change=state.setter,
        args=(_setting("contains", column), key),
    )


def _range(now: State, column: Column) -> None:
    places = st.columns(2, gap="xsmall", vertical_alignment="bottom")
    for kind, place, words in zip(("lows", "highs"), places, ("from", "to"), strict=True):
        key = now.key(f"{kind}_{column.name}")
        with place:
            label = field_label(column.name)
            typed = st.text_input(
                label if words == "from" else f"{label} to", getattr(now.query, kind).get(column.name, ""), key=key,
                placeholder=words, on_change=state.setter, args=(_setting(kind, column.name), key),
                label_visibility="visible" if words == "from" else "hidden",
            )
            if typed and column.kind.key(typed) is None:
                st.caption(f":red[Not a {column.kind.label.lower()}]")


def _setting(kind: str, column: str) -> Any:
    def change(now: State, value: Any) -> None:
        query: Query = now.query.having(kind, column, value)
        now.ask(query, keep_widgets=True)

    return change


def _visible(value: str) -> str:
    if not value:
        return EMPTY_LABEL
    return value if value == value.strip() else value.replace(" ", "␣")
