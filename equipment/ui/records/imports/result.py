"""What became of an import: the numbers that changed, the rows left out, and the way back."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

import pandas as pd
import streamlit as st

from equipment.exchange import export, importing
from equipment.jobs import Job
from equipment.store.list import undo
from equipment.ui.context import App
from equipment.ui.list_jobs import list_jobs
from equipment.ui.plain import plain
from equipment.ui.records import state
from equipment.ui.records.changing import undoing

MOST_LINES = 50


def show(app: App, job: Job, kind: str, another: Callable[[], None]) -> None:
    """Draw it; ``another`` makes room for the next file."""
    done: importing.Imported = job.result
    st.success(plain(done.message), icon=":material/check_circle:")
    if done.renumbered:
        numbers = [(str(each.row), each.brought, each.got) for each in done.renumbered]
        st.dataframe(pd.DataFrame(numbers, columns=["Row", "ID in the file", "ID in the list"]), hide_index=True)
        _download("Download old → new", "new_ids.csv", ["Row", "ID in the file", "ID in the list"], numbers)
    for line in done.conflicts[:MOST_LINES]:
        st.caption(plain(line))
    if done.conflicts:
        reasons = [tuple(line.partition(": ")[::2]) for line in done.conflicts]
        _download("Download the rows left out, with the reasons", "left_out.csv", ["Which", "Why"], reasons)
    with st.container(horizontal=True):
        if st.button("Import another file"):
            list_jobs().clear(kind)
            another()
            state.current().refresh()
            st.rerun()
        if done.deed and undo.deed(app.database, done.deed) is not None:
            undoing.button(app, done.deed, "Undo this import")
            st.button("Show these records", icon=":material/list:", on_click=undoing.list_touched,
                      args=(app, done.deed, done.message))


def _download(label: str, name: str, columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    data = b"".join(export.to_csv((dict(zip(columns, row, strict=True)) for row in rows), columns))
    st.download_button(label, data, name, "text/csv", icon=":material/download:")
