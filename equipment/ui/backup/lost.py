"""Lost & found: records that are in some backup, but neither in the list nor in the trash."""

from __future__ import annotations

import streamlit as st

from equipment.backups import Backups, Caller


def show(backups: Backups, caller: Caller) -> None:
    """Draw the search for lost records."""
    del backups, caller
    with st.expander("Lost & found", icon=":material/search:"):
        st.write("Records that are in any backup but neither in the list nor in the trash.")
