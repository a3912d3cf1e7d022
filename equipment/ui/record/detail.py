"""One record's own page: what it holds, and everything that ever happened to it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import streamlit as st

from equipment.domain.record import LAST_CALIBRATION, NEXT_CALIBRATION, UUID, name_of, text
from equipment.domain.values import dates
from equipment.domain.values.fields import dates_of
from equipment.store.list import options, records, schema
from equipment.store.list.records import Entry
from equipment.store.list.schema import Column
from equipment.ui import boundary
from equipment.ui.context import App
from equipment.ui.plain import plain
from equipment.ui.record import history, ways
from equipment.ui.records import state, status
from equipment.ui.records.changing import add, review
from equipment.ui.records.events import on_record as events
from equipment.ui.records.files import on_record as files
from equipment.ui.records.list import actions
from equipment.ui.records.loans import on_record
from equipment.ui.records.stocktaking import on_record as stocktaking
from equipment.ui.records.table import field_label, link, value_line

COLORS: Final = {"overdue": "red", "due soon": "orange", "fine": "green", "cannot read": "violet"}
SIDE_BY_SIDE: Final = 2
MOST_QUOTED: Final = 200
"""Characters of a text that a note repeats."""
ON_PAGE: Final = ("Status", "Duplicate", "Move to trash", "Labels")
"""Actions over the list that also make sense for a single record."""


def show(app: App) -> None:
    """Draw the page of the record the address names."""
    now = state.current()
    entry = records.get(app.database, now.opened)
    named = [] if entry else records.named(app.database, now.opened)  # ?id=5, as somebody types it
    if len(named) == 1:
        now.opened = named[0]
        entry = records.get(app.database, now.opened)
    ways.show(app, now)
    if len(named) > 1:
        st.info(f"Several records have the ID {plain(now.opened)}. Go back to the list and choose one.",
                icon=":material/content_copy:")
        return
    if entry is None:
        st.info(
            "This record is not in the list. What is known of it is below; the trash or a backup may have it.",
            icon=":material/search_off:",
        )
        history.show(app, now.opened, None)
        return
    columns = schema.columns(app.database, hidden=True)
    _heading(app, entry, columns)
    with boundary.guard("Loans"):
        on_record.show(app, entry)
    with boundary.guard("Stocktaking"):
        stocktaking.show(app, entry)
    with boundary.guard("Events"):
        events.show(app, entry)
    with boundary.guard("Files"):
        files.show(app, entry)
    left, right = st.columns([3, 2], gap="large")
    with left:
        _details(app, entry, columns)
    with right:
        st.subheader("History", anchor=False)
        history.show(app, entry.key, entry)


def _heading(app: App, entry: Entry, columns: Sequence[Column]) -> None:
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.subheader(plain(name_of(entry.record)), anchor=False, width="content")
        for name in ("Category", "Location"):
            if words := text(entry.record.get(name)).strip():
                # st.badge escapes brackets once more, and two escapes are none: a category could be a link.
                st.markdown(f":gray-badge[{plain(words, 200)}]", width="content")
        if shown := status.badge(entry):
            st.markdown(shown, width="content")
        types = {column.name: column.kind for column in columns}
        due, last = (dates_of(types, name).read(text(entry.record.get(name)))
                     for name in (NEXT_CALIBRATION, LAST_CALIBRATION))
        due_state = dates.status(due, last, state.today())
        if due_state in COLORS:
            st.badge(f"Calibration: {due_state}", color=COLORS[due_state])  # type: ignore[arg-type]
    editing = _is_editing(app, entry)
    with st.container(horizontal=True, gap="xsmall"):
        if app.may("records.edit"):
            st.button(
                "Edit",
                icon=":material/edit:",
                type="primary",
                key="record_edit",
                disabled=editing,
                on_click=_edit,
                args=(entry,),
            )
        actions.run_for(app, entry, ON_PAGE)


def _details(app: App, entry: Entry, columns: Sequence[Column]) -> None:
    st.subheader("Details", anchor=False)
    if _is_editing(app, entry):
        _form(app, entry, columns)
        return
    shown = {field_label(column.name): _value(column, entry) for column in columns}
    st.table(shown, border="horizontal", width="stretch")
    for column in columns:
        if why := column.kind.why(words := text(entry.record.get(column.name))):
            st.caption(f":material/warning: {field_label(column.name)}: {plain(words[:MOST_QUOTED])} cannot be read "
                       f"so: {plain(why)}.")


def _value(column: Column, entry: Entry) -> str:
    words = text(entry.record.get(column.name))
    if column.kind.widget == "link" and column.kind.fits(words):
        return link(words.strip())
    # A comment of 5 MB would go to the browser whole.
    return value_line(words[:5_000], 5_000) + (f" … ({len(words):,} characters)" if len(words) > 5_000 else "")


def _form(app: App, entry: Entry, columns: Sequence[Column]) -> None:
    seen = _seen(entry)
    choices = options.choices(app.database)
    with st.form("record_form", border=True, enter_to_submit=False):
        typed = _widgets(entry.key, seen, columns, choices)
        with st.container(horizontal=True):
            reviewed = st.form_submit_button("Review & Save", type="primary", icon=":material/rule:")
            st.form_submit_button("Cancel", on_click=_stop, args=(entry.key,))
    if reviewed:
        now = state.current()
        for name, words in typed.items():
            now.edit(seen, name, words)
        if entry.key not in now.pending:
            st.caption("Nothing was changed.")
            return
        review.dialog(app)


def _widgets(
    key: str, seen: Entry, columns: Sequence[Column], choices: Mapping[str, Sequence[str]]
) -> dict[str, str]:
    """Draw short fields side by side and long ones below each other; give the text of each.

    They begin with the edits that are not saved yet.
    """
    words = {column.name: text(seen.record.get(column.name)) for column in columns if column.name != UUID}
    if key in (edited := state.current().pending):
        words |= {name: typed for name, typed in edited[key].typed.items() if name in words}
    short = [column for column in columns if column.name in words and not _is_long(column, words[column.name])]
    places = st.columns(SIDE_BY_SIDE)
    typed = {}
    for number, column in enumerate(short):
        with places[number % SIDE_BY_SIDE]:
            name = f"record_{key}_{column.name}"
            typed[column.name] = add.field(name, column, choices.get(column.name, []), words[column.name])
    for column in columns:
        if column.name in words and column.name not in typed:
            typed[column.name] = st.text_area(
                field_label(column.name), words[column.name], key=f"record_{key}_{column.name}", height=110
            )
    return typed


def _is_long(column: Column, words: str) -> bool:
    return len(words) > 80 or "\n" in words or column.name in add.LONG


def _is_editing(app: App, entry: Entry) -> bool:
    editing = state.current().editing
    return editing is not None and editing.key == entry.key and app.may("records.edit")


def _seen(entry: Entry) -> Entry:
    """Give the record as it was when someone began to edit it, here or in the grid."""
    now = state.current()
    return now.pending[entry.key].seen if entry.key in now.pending else now.editing or entry


def _edit(entry: Entry) -> None:
    now = state.current()
    now.editing = entry
    now.before_form = dict(now.pending[entry.key].typed) if entry.key in now.pending else {}


def _stop(key: str) -> None:
    """Leave the form: what was reviewed from it goes, what was typed into the grid before stays."""
    now = state.current()
    now.editing = None
    if key in now.pending:
        now.pending[key].typed = dict(now.before_form)
        if not now.before_form:
            del now.pending[key]
