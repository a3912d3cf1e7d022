"""Export: everything, what the filters show, or the ticked rows; as CSV or XLSX."""

from __future__ import annotations

from urllib.parse import urlencode

import streamlit as st

from equipment.server.list_downloads import TYPES
from equipment.store.list import listing
from equipment.store.list.records import Entry
from equipment.ui import links
from equipment.ui.context import App
from equipment.ui.records import state


@st.dialog("Download records")
def dialog(app: App, ticked: list[Entry], total: int) -> None:
    """Ask which records and which format, and offer the file; the server streams it and checks the permission."""
    everything = len(listing.sheet(app.database))
    scopes = {f"Ticked ({len(ticked):,})": {"key": [entry.key for entry in ticked]}} if ticked else {}
    scopes |= {f"As filtered ({total:,})": state.current().query.to_params(), f"All ({everything:,})": {}}
    asked = scopes[st.radio("Which records", list(scopes))]
    kind = st.radio("Format", list(TYPES), format_func=str.upper, horizontal=True)
    st.link_button("Download", links.to(f"/list.{kind}?{urlencode(asked, doseq=True)}"), icon=":material/download:",
                   type="primary")
    st.caption("Text that a spreadsheet would run as a formula gets an apostrophe in front; importing takes it off.")
