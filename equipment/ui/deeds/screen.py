"""Activity: a row per deed, to be opened; filters, pages, and the log as a file."""

from __future__ import annotations

from datetime import tzinfo
from typing import Any, Final

import streamlit as st

from equipment.domain import notes
from equipment.domain.actions import in_words
from equipment.store.deeds import finding, names
from equipment.store.deeds.finding import Deed, Found
from equipment.ui import time_zone
from equipment.ui.context import App
from equipment.ui.deeds import filters, opened
from equipment.ui.records.changing import undoing

__all__ = ["show"]

PAGE: Final = 100


def show(app: App) -> None:
    """Draw the screen."""
    undoing.running(app)
    chosen = filters.choose(app)
    number = int(st.session_state.get("activity_page", 1))
    found = finding.page(app.database, chosen.filter, number=number, size=PAGE)
    if not found.deeds and number > 1:  # fewer than there were
        number = st.session_state.activity_page = 1
        found = finding.page(app.database, chosen.filter, size=PAGE)
    if not found.total:
        st.info("No entry matches these filters." if chosen.any else "Nothing happened here yet.",
                icon=":material/history:")
        return
    zone = time_zone.of_reader()
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        _counted(found)
        if app.may("activity.export"):
            st.link_button("Download as CSV", chosen.address, icon=":material/download:",
                           help="Every entry that the filters let through, a record a row.")
    selected = _table(app, found.deeds, zone)
    if selected is None:
        st.caption("Tick a row to see each record of it with its values.")
    else:
        opened.show(app, selected, zone)


def _counted(found: Found) -> None:
    if (pages := -(-found.total // PAGE)) > 1:
        st.number_input(f"Page of {pages:,}", 1, pages, key="activity_page", width=160)
    deeds = "1 deed" if found.total == 1 else f"{found.total:,} deeds"
    older = f" in the newest {finding.MOST:,} entries; choose a time for older ones" if found.more else ""
    st.caption(deeds + older, width="content")


def _table(app: App, deeds: list[Deed], zone: tzinfo | None) -> dict[str, Any] | None:
    called = names.names(app.database, [deed.entry for deed in deeds])
    rows = [
        {"When": f"{deed.entry['at'].astimezone(zone):%Y-%m-%d %H:%M:%S}", "Who": deed.entry["who"],
         "What": in_words(deed.entry["action"]), "About": _about(deed, called),
         "Change": opened.changed(deed.entry) if deed.entries == 1 else "",
         "Note": notes.in_words(str(deed.entry["note"]))}
        | ({"From": deed.entry["address"]} if app.may("users.manage") else {})
        for deed in deeds
    ]
    picked = st.dataframe(
        rows, hide_index=True, on_select="rerun", selection_mode="single-row", key="activity_table",
        height="content" if len(rows) < 15 else 560,
    )
    positions = picked["selection"]["rows"]
    return deeds[positions[0]].entry if positions and positions[0] < len(deeds) else None


def _about(deed: Deed, called: dict[str, str]) -> str:
    target = str(deed.entry["target"])
    if deed.entries == 1:
        return called[target]
    return f"{deed.entries:,} {'records' if target.startswith('record:') else 'entries'}"
