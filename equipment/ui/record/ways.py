"""The ways from a record's page: back to its place in the list, and to the records before and after it there."""

from __future__ import annotations

import streamlit as st

from equipment.store.list import records, schema
from equipment.ui.context import App
from equipment.ui.records import state
from equipment.ui.records.state import State

__all__ = ["show"]


def show(app: App, now: State) -> None:
    """Draw them. Esc leads back, but not while a form is open, which would go unsaved."""
    around = records.neighbours(app.database, now.viewed, schema.types(app.database), state.today(), now.opened)
    with st.container(horizontal=True, vertical_alignment="center", gap="xsmall"):
        st.button("Back to the list", icon=":material/arrow_back:", type="tertiary", key="record_back",
                  on_click=state.open_record, args=("",), shortcut="Esc" if now.editing is None else None)
        if around is None:
            return
        for label, icon, key, place in (("Previous", "chevron_left", around.before, around.place - 1),
                                        ("Next", "chevron_right", around.after, around.place + 1)):
            st.button(label, icon=f":material/{icon}:", type="tertiary", key=f"record_{label}", disabled=not key,
                      on_click=_go, args=(key, place))
        st.caption(f"{around.place + 1:,} of {around.total:,}", width="content")


def _go(key: str, place: int) -> None:
    """Open the record at that place; the list will stand on its page."""
    now = state.current()
    now.page = place // now.size + 1
    state.open_record(key)
