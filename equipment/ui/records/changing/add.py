"""Add New Record: one form with every column; ID and uuid are given by the list."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import streamlit as st

from equipment.domain import warnings
from equipment.domain.record import ID, UUID, name_of
from equipment.store.list import listing, options, records, schema
from equipment.store.list.schema import Column
from equipment.ui import boundary
from equipment.ui.context import App
from equipment.ui.plain import plain
from equipment.ui.records import state
from equipment.ui.records.table import field_label

SIDE_BY_SIDE: Final = 3
LONG: Final = {"Comments"}
MADE: Final = {ID, UUID}
ADDED: Final = "records_added"


def show(app: App) -> None:
    """Draw the section."""
    columns = schema.columns(app.database)
    choices = options.choices(app.database)
    _added()
    st.subheader("Add New Record", anchor=False)
    number = listing.sheet(app.database).lowest_free(ID)
    st.caption(f"It gets the lowest free ID (now {plain(str(number))}) and a uuid. Everything is stored as you type "
               "it.")
    generation = state.current().key("add")
    with st.form(generation, border=True, enter_to_submit=False):
        typed = _fields(generation, [column for column in columns if column.name not in MADE], choices)
        submitted = st.form_submit_button("Add record", type="primary", icon=":material/add:")
    if submitted:
        _add(app, typed)


def _added() -> None:
    """Say what was just added, what is worth a second look, and offer to open it."""
    if ADDED not in st.session_state:
        return
    key, name, notes = st.session_state.pop(ADDED)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.success(f"Added {plain(name)}", icon=":material/check:", width="stretch")
        st.button("Open it", icon=":material/open_in_full:", on_click=state.open_record, args=(key,), key="add_open")
    for note in notes:
        st.warning(plain(note), icon=":material/warning:")


def _fields(form: str, columns: Sequence[Column], choices: dict[str, list[str]]) -> dict[str, str]:
    typed: dict[str, str] = {}
    short = [column for column in columns if column.name not in LONG]
    for start in range(0, len(short), SIDE_BY_SIDE):
        for place, column in zip(st.columns(SIDE_BY_SIDE), short[start : start + SIDE_BY_SIDE], strict=False):
            with place:
                typed[column.name] = field(f"{form}_{column.name}", column, choices.get(column.name, []))
    for column in columns:
        if column.name in LONG:
            typed[column.name] = st.text_area(field_label(column.name), key=f"{form}_{column.name}", height=90)
    return typed


def field(key: str, column: Column, choices: Sequence[str], now: str = "") -> str:
    """Draw the widget for one field and give its text."""
    if column.kind.widget == "choice":
        offered = list(dict.fromkeys([*choices, *([now] if now else [])]))
        chosen: str | None = st.selectbox(
            field_label(column.name),
            offered,
            index=offered.index(now) if now else None,
            key=key,
            accept_new_options=True,
            placeholder="Choose or type",
        )
        return chosen or ""
    typed: str = st.text_input(field_label(column.name), now, key=key, placeholder=column.kind.example)
    return typed


def _add(app: App, typed: dict[str, str]) -> None:
    if not any(words.strip() for words in typed.values()):
        st.warning("Fill in at least one field.", icon=":material/edit:")
        return
    with boundary.guard("Add New Record"):
        notes = warnings.of_edits(listing.sheet(app.database), schema.types(app.database), "", typed)
        entry = records.add(app.database, app.who, typed)
        st.session_state[ADDED] = (entry.key, name_of(entry.record), notes)
        state.current().refresh()
        st.rerun()
