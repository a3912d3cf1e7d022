"""Import: a file, how it is read, what its columns are, what would change, and only then the change."""

from __future__ import annotations

import streamlit as st

from equipment.ui.context import App
from equipment.ui.list_jobs import list_jobs
from equipment.ui.progress import follow
from equipment.ui.records.imports import plan, reading, result

VERSION = "import_version"
TYPES = ["csv", "tsv", "txt", "xlsx", "xlsm", "xls", "ods"]


def show(app: App) -> None:
    """Draw the section."""
    kind = f"import-{app.who.session[:16]}"
    if follow(list_jobs(), kind, lambda job: result.show(job, kind, _another)):
        return
    st.caption("CSV or XLSX. Nothing is removed: rows add records or update the ones they belong to, after you have "
               "seen the difference.")
    version = st.session_state.setdefault(VERSION, 0)
    given = st.file_uploader("File", type=TYPES, key=f"import_file_{version}")
    if given is None:
        return
    table = reading.show(given)
    if table is not None:
        plan.show(app, table, kind, given.name)


def _another() -> None:
    reading.forget()
    st.session_state[VERSION] += 1
