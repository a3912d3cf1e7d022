"""Columns: add, rename, type, order, hide, delete and bring back."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import pandas as pd
import streamlit as st

from equipment.domain.column_names import LONGEST_NAME
from equipment.domain.counting import number_of
from equipment.domain.values.fields import TYPES
from equipment.jobs import Job
from equipment.store.list import columns, schema
from equipment.store.list.columns import Done
from equipment.store.list.schema import Column
from equipment.ui import asking, time_zone
from equipment.ui.context import App
from equipment.ui.list_jobs import COLUMNS, list_jobs, start_beside
from equipment.ui.ordered_table import POSITION, done, new_order, position_column, version
from equipment.ui.plain import plain
from equipment.ui.progress import follow
from equipment.ui.records import date_columns
from equipment.ui.records.table import field_label

VERSION = "columns_version"
SHOWN_MISFITS = 200


def show(app: App) -> None:
    """Draw the section. Renaming, deleting and bringing back run beside the page, with progress."""
    if follow(list_jobs(), COLUMNS, _finished):
        return
    known = schema.columns(app.database, hidden=True)
    _table(app, known)
    add, change, gone = st.columns(3)
    with add.container(border=True):
        _add(app)
    with change.container(border=True):
        _change(app, [column.name for column in known])
    with gone.container(border=True):
        _deleted(app)
    date_columns.show(app, known)
    _misfits(app, known)


def _table(app: App, known: list[Column]) -> None:
    st.caption("A type says how a column is sorted, filtered and edited; what is stored never changes because of it.")
    given = pd.DataFrame(
        [{"Column": column.name, "Type": column.type, "Shown": not column.hidden, POSITION: place}
         for place, column in enumerate(known, 1)]
    )
    edited = st.data_editor(
        given, hide_index=True, width="stretch", key=f"columns_{version(VERSION)}",
        disabled=["Column"],
        column_config={
            "Type": st.column_config.SelectboxColumn(options=list(TYPES), required=True),
            "Shown": st.column_config.CheckboxColumn(),
            POSITION: position_column(len(known), "column"),
        },
    )
    if not edited.equals(given) and st.button("Save columns", type="primary"):
        done(VERSION, lambda: _save(app, known, given, edited))


def _save(app: App, known: list[Column], given: pd.DataFrame, edited: pd.DataFrame) -> str:
    for column, row in zip(known, edited.to_dict("records"), strict=True):
        if row["Type"] != column.type:
            columns.set_type(app.database, app.who, column.name, str(row["Type"]))
        if row["Shown"] == column.hidden:
            columns.set_hidden(app.database, app.who, column.name, not row["Shown"])
    if order := new_order(given, edited, "Column"):
        columns.set_order(app.database, app.who, order)
    return "Columns saved."


def _add(app: App) -> None:
    with st.form("column_add", border=False, clear_on_submit=True):
        st.markdown("**Add a column**")
        name = st.text_input("Name", max_chars=LONGEST_NAME)
        kind = st.selectbox("Type", list(TYPES), format_func=lambda option: TYPES[option].label)
        if st.form_submit_button("Add column", icon=":material/add:"):
            done(VERSION, lambda: _added(app, name, kind))


def _added(app: App, name: str, kind: str) -> str:
    columns.add(app.database, app.who, name, kind)
    return f"Column {name.strip()} added."


def _change(app: App, names: list[str]) -> None:
    st.markdown("**Rename or delete a column**")
    name = st.selectbox("Column", names)
    with st.form("column_change", border=False):
        new = st.text_input("New name", max_chars=LONGEST_NAME)
        if st.form_submit_button("Rename", icon=":material/edit:"):
            _start(app, f"Rename {name}", "renamed", partial(columns.rename, app.database, app.who, name, new))
    what = f"**{field_label(name)}** leaves the list with what it holds, and waits under *Deleted columns*."
    if asking.button("Delete", what, "Delete this column", "column_delete", icon=":material/delete:"):
        _start(app, f"Delete {name}", "deleted; Bring back restores it",
               partial(columns.delete, app.database, app.who, name))


def _deleted(app: App) -> None:
    st.markdown("**Deleted columns**")
    deleted = columns.deleted(app.database)
    if not deleted:
        st.caption("None. A deleted column waits here until it is brought back.")
    for column in deleted:
        st.caption(f"{field_label(column.name)}: {number_of(column.records, 'record')}, deleted by "
                   f"{plain(column.by)} on {time_zone.shown_time(column.at)}")
        if st.button(f"Bring back {field_label(column.name)}", key=f"back_{column.number}", icon=":material/undo:"):
            _start(app, f"Bring back {column.name}", "brought back",
                   partial(columns.bring_back, app.database, app.who, column.number))


def _start(app: App, title: str, what: str, change: Callable[..., Done]) -> None:
    start_beside(app, COLUMNS, title, "columns.manage", lambda watch: _told(what, change(watch=watch)))


def _finished(job: Job) -> None:
    list_jobs().clear(COLUMNS)
    st.session_state[VERSION] = version(VERSION) + 1
    st.toast(plain(str(job.result)), icon=":material/check:")


def _misfits(app: App, known: list[Column]) -> None:
    for column in (column for column in known if column.kind.is_strict):
        wrong = columns.misfits(app.database, column.name, column.kind)
        if not wrong:
            continue
        values = "1 value" if len(wrong) == 1 else f"{len(wrong):,} values"
        said = "cannot be read so" if column.type == "date" else f"no {column.kind.label.lower()}"
        with st.expander(f"{field_label(column.name)}: {values}, {said}"):
            why = column.kind.why
            rows = [{"Value": text, "Why": why(text), "Open": f"?id={key}"} for key, text in wrong[:SHOWN_MISFITS]]
            st.dataframe(pd.DataFrame(rows), hide_index=True,
                         column_order=["Value", *(["Why"] if rows[0]["Why"] else []), "Open"],
                         column_config={"Open": st.column_config.LinkColumn(display_text="Open")})


def _told(what: str, done: Done) -> str:
    left = number_of(done.conflicts, "record")
    left = f" {left} changed by somebody meanwhile and left alone." if done.conflicts else ""
    return f"Column {what}: {number_of(done.changed, 'record')} changed.{left}"
