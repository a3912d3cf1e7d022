"""A record's own page while a stocktaking is open: one tap says that the thing is there."""

from __future__ import annotations

import streamlit as st

from backup_engine.errors import BackupError
from equipment.store.life import stocktakings
from equipment.store.list.records import Entry
from equipment.ui import boundary
from equipment.ui.context import App
from equipment.ui.plain import plain

__all__ = ["show"]


def show(app: App, entry: Entry) -> None:
    """Draw a button for each place that is gone through now; nothing where none is, or for who may not."""
    if not app.may(stocktakings.RIGHT):
        return
    for each in stocktakings.opened(app.database):
        seen = entry.key in each.seen
        if st.button(plain(f"Seen in {each.place}" if seen else f"It is here, in {each.place}"),
                     icon=":material/check:" if seen else ":material/checklist:", disabled=seen,
                     key=f"seen_{each.number}"):
            try:
                stocktakings.see(app.database, app.who, each.number, entry.key)
            except BackupError as error:
                boundary.explain(error)
                return
            st.rerun()
