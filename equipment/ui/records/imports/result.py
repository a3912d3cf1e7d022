"""What became of an import."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd
import streamlit as st

from equipment.exchange import importing
from equipment.jobs import Job
from equipment.ui.list_jobs import list_jobs
from equipment.ui.plain import plain
from equipment.ui.records import state

MOST_LINES = 50


def show(job: Job, kind: str, another: Callable[[], None]) -> None:
    """Draw it; ``another`` makes room for the next file."""
    done: importing.Imported = job.result
    st.success(done.message, icon=":material/check_circle:")
    if done.renumbered:
        st.dataframe(pd.DataFrame([{"Row": each.row, "ID in the file": each.brought, "ID in the list": each.got}
                                   for each in done.renumbered]), hide_index=True)
    for line in done.conflicts[:MOST_LINES]:
        st.caption(plain(line))
    if st.button("Import another file"):
        list_jobs().clear(kind)
        another()
        state.current().refresh()
        st.rerun()
