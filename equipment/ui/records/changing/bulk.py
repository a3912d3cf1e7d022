"""Bulk edit: one change to the ticked records or to all that match, shown before it is made."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, get_args

import pandas as pd
import streamlit as st

from backup_engine.model import Watch
from equipment import backups, before_many
from equipment.domain.bulk import BulkEdit, Operation
from equipment.domain.counting import number_of
from equipment.domain.record import UUID, name_of
from equipment.jobs import Job
from equipment.server import application
from equipment.store.list import bulk, options, records, schema
from equipment.store.list.bulk import BulkResult
from equipment.store.list.records import Entry
from equipment.store.list.schema import Column
from equipment.ui import asking, boundary
from equipment.ui.context import App
from equipment.ui.list_jobs import list_jobs, of_person, start_beside
from equipment.ui.plain import plain
from equipment.ui.progress import follow
from equipment.ui.records import state
from equipment.ui.records.changing import add, undoing
from equipment.ui.records.state import State

LABELS: Final = {"set": "Set a value", "clear": "Clear", "replace": "Replace text", "dates": "Rewrite as dates"}
SHOWN: Final = 100
"""Changes listed in the preview; the count is always of all."""
Planned = Sequence[tuple[str, str, str]]


@st.dialog("Bulk edit", width="large", icon=":material/edit_note:")
def dialog(app: App, ticked: list[Entry], total: int) -> None:
    """Draw the dialog over the page."""
    with boundary.guard("Bulk edit"):
        keys = _scope(app, state.current(), ticked, total)
        edit = _edit(app)
        decide(app, edit, bulk.preview(app.database, edit, keys) if edit.is_complete else [])
        asking.cancel("bulk")


def decide(app: App, edit: BulkEdit, planned: Planned) -> None:
    """Draw what would change, and the button that does it beside the page."""
    _preview(app, edit, planned)
    count = len(planned)
    if promise := before_many.promise(count):
        st.caption(plain(promise))
    if st.button(
        f"Change {number_of(count, 'record')}",
        type="primary",
        disabled=not planned or app.read_only,
        key="bulk_apply",
        icon=":material/check:",
    ):
        _apply(app, edit, planned)


def _scope(app: App, now: State, ticked: Sequence[Entry], total: int) -> list[str]:
    scopes = {"ticked": f"{len(ticked)} ticked"} if ticked else {}
    scopes["matching"] = f"All {total:,} " + ("that match the filters" if now.query.is_filtering else "records")
    scope = st.segmented_control(
        "Which records",
        list(scopes),
        default=next(iter(scopes)),
        required=True,
        format_func=scopes.__getitem__,
        key="bulk_scope",
    )
    if scope == "ticked":
        return [entry.key for entry in ticked]
    return records.matching_keys(app.database, now.viewed, schema.types(app.database), state.today())


def _edit(app: App) -> BulkEdit:
    columns = [column for column in schema.columns(app.database, hidden=True) if column.name != UUID]
    left, right = st.columns(2, vertical_alignment="bottom")
    with left:
        name = st.selectbox(
            "Column", [column.name for column in columns], index=None, key="bulk_column", placeholder="Choose a column"
        )
    with right:
        operation: Operation = (
            st.segmented_control(
                "Change",
                list(get_args(Operation)),
                default="set",
                required=True,
                format_func=LABELS.__getitem__,
                key="bulk_operation",
            )
            or "set"
        )
    column = next((candidate for candidate in columns if candidate.name == name), None)
    if column is None or operation == "clear":
        return BulkEdit(operation, name or "")
    if operation == "dates":
        st.caption(plain(order_words(column)))
        return BulkEdit("dates", column.name, order=column.date_order)
    if operation == "set":
        offered = options.choices(app.database).get(column.name, [])
        return BulkEdit("set", column.name, add.field("bulk_value", Column("New value", column.type), offered))
    left, right = st.columns(2)
    with left:
        find = st.text_input("Find (literally, capitals count)", key="bulk_find")
    with right:
        return BulkEdit("replace", column.name, st.text_input("Replace with", key="bulk_replace"), find)


def order_words(column: Column) -> str:
    """Say how the dates of a column are read and what becomes of others."""
    read = (f"02/05/2018 is read as {column.date_order}" if column.date_order else
            "The column has no order, so 02/05/2018 stays; it is decided under Columns")
    return f"Dates become year-month-day, such as 2024-03-04. {read}. What is no date stays as it is."


def _preview(app: App, edit: BulkEdit, planned: Planned) -> None:
    if not edit.is_complete:
        st.caption("Choose a column and what to do with it; the changes are shown here before anything is stored.")
        return
    if not planned:
        st.info("Nothing would change.", icon=":material/info:")
        return
    first = {key: (now, new) for key, now, new in planned[:SHOWN]}
    rows = [
        {"Record": name_of(entry.record), "Now": first[entry.key][0], "New": first[entry.key][1]}
        for entry in records.entries(app.database, list(first))
    ]
    st.dataframe(pd.DataFrame(rows, dtype="str"), hide_index=True, height=260, alt="What would change")
    if len(planned) > SHOWN:
        st.caption(f"The first {SHOWN} of {len(planned):,} changes")


def _apply(app: App, edit: BulkEdit, planned: Planned) -> None:
    title = f"Bulk edit of {number_of(len(planned), 'record')}"

    def work(watch: Watch) -> BulkResult:
        before_many.back_up(backups.of(app.settings, application.connector(app.settings)), len(planned), watch)
        return bulk.apply(app.database, app.who, edit, planned, watch)

    start_beside(app, of_person(app, "bulk_edit"), title, "records.bulk_edit", work)


def show_running(app: App) -> None:
    """Show how far this visitor's bulk edit is, with a way to cancel it, and once what came of it."""
    follow(list_jobs(), of_person(app, "bulk_edit"), _finished)


def _finished(job: Job) -> None:
    result: BulkResult = job.result
    words = f"{number_of(result.changed, 'record')} changed"
    if result.left:
        words += f"; {result.left:,} left alone, changed by someone else meanwhile or not text"
    list_jobs().clear(job.kind)
    state.current().refresh()
    if result.changed:
        undoing.offer(result.deed, f"{words}.")
        st.rerun()  # the way back stands above what is drawn already
    st.toast(plain(words), icon=":material/check:", duration="long")
