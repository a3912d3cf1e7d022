"""One record's own page."""

from __future__ import annotations

import streamlit as st

from equipment.domain.record import name_of, text
from equipment.store import records, schema
from equipment.ui.context import App
from equipment.ui.records import state


def show(app: App) -> None:
    """Draw the page of the record the address names."""
    now = state.current()
    st.button(
        "Back to the list", icon=":material/arrow_back:", key="record_back", on_click=state.open_record, args=("",)
    )
    entry = records.get(app.database, now.opened)
    if entry is None:
        st.info("This record is not in the list. It may be in the trash.", icon=":material/search_off:")
        return
    st.subheader(name_of(entry.record), anchor=False)
    names = [column.name for column in schema.columns(app.database, hidden=True)]
    st.table({name: text(entry.record.get(name)) for name in names}, border="horizontal")
