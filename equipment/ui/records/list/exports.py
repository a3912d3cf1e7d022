"""Export: everything, what the filters show, or the ticked rows; the columns shown or all; as CSV, XLSX or JSON."""

from __future__ import annotations

from urllib.parse import urlencode

import streamlit as st

from equipment.domain.counting import number_of
from equipment.exchange.list_export import ALL, COLUMNS
from equipment.exchange.made_file import FEW
from equipment.server.downloads.list_downloads import TYPES
from equipment.store.list import listing, schema
from equipment.store.list.records import Entry
from equipment.ui import asking, links
from equipment.ui.context import App
from equipment.ui.records import state
from equipment.ui.records.list import made_export

CAPTIONS = ("Text, for any program", "With numbers and dates", "With every type, for programs")


@st.dialog("Download records")
def dialog(app: App, ticked: list[Entry], total: int) -> None:
    """Ask which records and which format, and offer the file, or to make it beside the page when they are many.

    The server that sends it checks the permission.
    """
    everything = len(listing.sheet(app.database))
    scopes: dict[str, tuple[int, dict[str, list[str]]]] = {}
    if ticked:
        scopes[f"Ticked ({len(ticked):,})"] = len(ticked), {"key": [entry.key for entry in ticked]}
    scopes[f"As filtered ({total:,})"] = total, state.current().viewed.to_params()
    scopes[f"All ({everything:,})"] = everything, {}
    number, asked = scopes[st.radio("Which records", list(scopes))]
    count = {which: len(schema.columns(app.database, hidden=which == ALL)) for which in COLUMNS}
    columns = st.radio("Columns", list(COLUMNS), index=COLUMNS.index(ALL), horizontal=True,
                       format_func=lambda which: f"{which.capitalize()} ({count[which]:,})",
                       help="Shown: without the columns that are hidden in the list.")
    kind = st.radio("Format", list(TYPES), format_func=str.upper, captions=CAPTIONS)
    if number > FEW and "key" not in asked:
        if st.button("Make the file", icon=":material/download:", type="primary", key="export_make"):
            made_export.make(app, kind, asked, columns, number)
        st.caption(f"{number_of(number, 'record')} take a while: the file is made beside the page, with progress above "
                   "the list, and fetched there.")
    else:
        asked = asked if columns == ALL else asked | {"columns": [columns]}
        st.link_button("Download", links.to(f"/list.{kind}?{urlencode(asked, doseq=True)}"), icon=":material/download:",
                       type="primary")
    st.caption("Importing a CSV or XLSX changes nothing but what was edited in it. In a CSV, text that a spreadsheet "
               "would run as a formula gets an apostrophe in front; importing takes it off.")
    asking.cancel("export")
