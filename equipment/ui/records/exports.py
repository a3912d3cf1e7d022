"""Export: everything, what the filters show, or the ticked rows; as CSV or XLSX."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any

import streamlit as st

from equipment.domain.query import Query
from equipment.domain.record import text
from equipment.exchange import export
from equipment.store import listing, records, schema
from equipment.store.access import require
from equipment.store.records import Entry
from equipment.ui.context import App
from equipment.ui.records import state

BATCH = 1_000


@st.dialog("Download records")
def dialog(app: App, ticked: list[Entry], total: int) -> None:
    """Ask which records and which format, and offer the file."""
    everything = len(listing.sheet(app.database))
    scopes = {f"Ticked ({len(ticked):,})": "ticked"} if ticked else {}
    scopes |= {f"As filtered ({total:,})": "filtered", f"All ({everything:,})": "all"}
    scope = scopes[st.radio("Which records", list(scopes))]
    kind = st.radio("Format", ["CSV", "XLSX"], horizontal=True)
    keys = [entry.key for entry in ticked]
    query = state.current().query
    name = f"equipment_{date.today().isoformat()}"
    st.download_button(
        "Download", lambda: make(app, scope, keys, query, kind), f"{name}.{kind.lower()}",
        "text/csv" if kind == "CSV" else "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        icon=":material/download:", type="primary", on_click="ignore",
    )
    st.caption("Text that a spreadsheet would run as a formula gets an apostrophe in front; importing takes it off.")


def make(app: App, scope: str, ticked: Sequence[str], query: Query, kind: str) -> bytes:
    """Write the file; the permission is checked at the moment of the download."""
    require(app.database, app.who, "records.export")
    columns = [column.name for column in schema.columns(app.database, hidden=True)]
    found = _records(app, _keys(app, scope, ticked, query))
    if kind == "CSV":
        return b"".join(export.to_csv(found, columns, text))
    return export.to_xlsx(found, columns, text)


def _keys(app: App, scope: str, ticked: Sequence[str], query: Query) -> Sequence[str]:
    if scope == "ticked":
        return ticked
    if scope == "all":
        return listing.sheet(app.database).all_keys()
    return records.matching_keys(app.database, query, schema.types(app.database), state.today())


def _records(app: App, keys: Sequence[str]) -> Iterator[Mapping[str, Any]]:
    for start in range(0, len(keys), BATCH):
        for entry in records.entries(app.database, keys[start : start + BATCH]):
            yield entry.record
