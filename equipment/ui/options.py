"""Equipment Select Options: one list of choices per column."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from equipment.domain.counting import number_of
from equipment.store.list import option_lists, options, schema
from equipment.ui import reading
from equipment.ui.context import App
from equipment.ui.ordered_table import POSITION, done, new_order, position_column, version
from equipment.ui.plain import plain

COLUMN = "options_column"
VERSION = "options_version"
SHOWN = 8
"""Rows of the table of values that the list lacks; the others are scrolled to."""


def show(app: App) -> None:
    """Draw the screen."""
    if reading.under_way(app):
        return
    lists = options.choices(app.database)
    others = [column.name for column in schema.columns(app.database, hidden=True) if column.name not in lists]
    if not lists:
        st.info("No choices yet. Choose a column and add the first one.", icon=":material/list:")
    names = [*lists, *others]
    column = st.selectbox(
        "Column", names, key=COLUMN,
        format_func=lambda name: f"{name} ({len(lists[name])})" if name in lists else name,
    )
    editing = app.may("options.edit") and not app.read_only
    values = lists.get(column, [])
    left, right = st.columns([3, 2], gap="large")
    with left:
        _list(app, column, values, editing)
    with right:
        if editing:
            _add(app, column)
            _rename(app, column, values)
        _unlisted(app, column, values, editing)


def _list(app: App, column: str, values: list[str], editing: bool) -> None:
    used = option_lists.in_use(app.database, column)
    given = pd.DataFrame(
        [{"Choice": value, "Records": used.get(value, 0), POSITION: place, "Retire": False}
         for place, value in enumerate(values, 1)],
        columns=["Choice", "Records", POSITION, "Retire"],
    )
    if not editing:
        st.dataframe(given[["Choice", "Records"]], hide_index=True, width="stretch")
        return
    edited = st.data_editor(
        given, hide_index=True, width="stretch", disabled=["Choice", "Records"],
        key=f"options_{column}_{version(VERSION)}",
        column_config={
            POSITION: position_column(len(values), "choice"),
            "Retire": st.column_config.CheckboxColumn(help="Take it out of the list; records that use it keep it"),
        },
    )
    if not edited.equals(given) and st.button("Save list", type="primary"):
        done(VERSION, lambda: _save(app, column, given, edited))


def _save(app: App, column: str, given: pd.DataFrame, edited: pd.DataFrame) -> str:
    if order := new_order(given, edited, "Choice"):
        option_lists.reorder(app.database, app.who, column, order)
    retired = [str(value) for value in edited.loc[edited["Retire"], "Choice"]]
    for value in retired:
        options.remove(app.database, app.who, column, value)
    return f"List of {column} saved."


def _add(app: App, column: str) -> None:
    with st.form("option_add", clear_on_submit=True):
        value = st.text_input(f"New choice for {plain(column, 100)}")
        if st.form_submit_button("Add", icon=":material/add:"):
            done(VERSION, lambda: _added(app, column, value))


def _added(app: App, column: str, value: str) -> str:
    options.add(app.database, app.who, column, value.strip())
    return f"{value.strip()} added."


def _rename(app: App, column: str, values: list[str]) -> None:
    if not values:
        return
    used = option_lists.in_use(app.database, column)
    with st.container(border=True):
        old = st.selectbox("Rename", values, key=f"rename_{column}")
        new = st.text_input("New name", key=f"renamed_{column}_{old}")
        count = used.get(old, 0)
        also = st.checkbox(f"Also change {number_of(count, 'record')}",
                           value=app.may("records.bulk_edit") and count > 0,
                           disabled=not app.may("records.bulk_edit") or not count)
        if st.button("Rename choice", icon=":material/edit:", disabled=not new.strip()):
            done(VERSION, lambda: _renamed(app, column, old, new, also))


def _renamed(app: App, column: str, old: str, new: str, also: bool) -> str:
    changed = option_lists.rename(app.database, app.who, column, old, new, also_records=also)
    return f"{old} is called {new.strip()} now; {number_of(changed, 'record')} changed."


def _unlisted(app: App, column: str, values: list[str], editing: bool) -> None:
    unlisted = option_lists.unlisted(app.database, column)
    if not unlisted or not values:
        return
    with st.container(border=True):
        st.markdown(f"**Values in use but not in the list ({len(unlisted):,})**")
        st.dataframe(pd.DataFrame(unlisted, columns=["Value", "Records"]), hide_index=True, width="stretch",
                     height="content" if len(unlisted) <= SHOWN else 35 * (SHOWN + 1),
                     alt="Values found in the records that the list lacks")
        if not editing:
            return
        offered = [value for value, _ in unlisted[: options.MOST_TAKEN]]
        if st.button(_take_label(len(offered), len(unlisted)), icon=":material/playlist_add:", key="options_take"):
            done(VERSION, lambda: _taken(app, column, offered))
        value = st.selectbox("Value", [value for value, _ in unlisted], key=f"unlisted_{column}",
                             format_func=lambda value: f"{value} ({number_of(dict(unlisted)[value], 'record')})")
        if st.button("Add to the list", icon=":material/add:"):
            done(VERSION, lambda: _added(app, column, value))
        if app.may("records.bulk_edit"):
            target = st.selectbox("Or change to", values, key=f"change_to_{column}")
            if st.button(f"Change {number_of(dict(unlisted)[value], 'record')} to {plain(target, 100)}"):
                done(VERSION, lambda: _changed(app, column, value, target))


def _take_label(offered: int, found: int) -> str:
    if offered < found:
        return f"Take the {offered:,} most frequent values"
    return "Take the value found in the records" if found == 1 else f"Take the {found:,} values found in the records"


def _taken(app: App, column: str, values: list[str]) -> str:
    taken = options.take(app.database, app.who, column, values)
    return f"{number_of(len(taken), 'choice')} added to {column}."


def _changed(app: App, column: str, old: str, new: str) -> str:
    changed = option_lists.change_to(app.database, app.who, column, old, new)
    return f"{number_of(changed, 'record')} changed from {old} to {new}."
