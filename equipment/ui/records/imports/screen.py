"""Import: a file, how it is read, what its columns are, what would change, and only then the change."""

from __future__ import annotations

import streamlit as st

from equipment.exchange import importing
from equipment.ui.context import App
from equipment.ui.list_jobs import import_of, list_jobs
from equipment.ui.progress import follow
from equipment.ui.records.imports import dates, plan, reading, result

VERSION = "import_version"
TYPES = ["csv", "tsv", "txt", "xlsx", "xlsm", "xls", "ods"]


def show(app: App) -> None:
    """Draw the section."""
    kind = import_of(app)
    if follow(list_jobs(), kind, lambda job: result.show(app, job, kind, _another)):
        return
    limit = "" if app.may("records.bulk_edit") else (
        f" You may change up to {importing.MANY} records that are there with one file; for more, ask a manager.")
    st.caption("CSV or XLSX. Nothing is removed: rows add records or update the ones they belong to, after you have "
               f"seen the difference, and it can be undone.{limit}")
    version = st.session_state.setdefault(VERSION, 0)
    given = st.file_uploader("File", type=TYPES, key=f"import_file_{version}")
    if given is None:
        return
    table = reading.show(given)
    if table is not None:
        plan.show(app, table, kind, given.name)


def _another() -> None:
    reading.forget()
    dates.forget()
    st.session_state[VERSION] += 1
