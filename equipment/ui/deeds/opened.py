"""One deed opened: its single records, and of each what changed, every value whole."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import tzinfo
from typing import Any, Final

import streamlit as st

from equipment.domain import notes
from equipment.domain.actions import in_words
from equipment.domain.differences import differences
from equipment.domain.record import text
from equipment.store.deeds import finding, names
from equipment.store.list import undo
from equipment.ui.context import App
from equipment.ui.plain import plain
from equipment.ui.records.changing import undoing

__all__ = ["changed", "show"]

PAGE: Final = 25
LONGEST: Final = 10_000
"""Characters of one value; a page of more is none that a browser shows. The file has it whole."""


def show(app: App, first: Mapping[str, Any], zone: tzinfo | None) -> None:
    """Draw the deed that begins with this entry."""
    count = finding.size(app.database, dict(first))
    with st.container(border=True, key="deed"):
        when = f"{first['at'].astimezone(zone):%Y-%m-%d %H:%M:%S}"
        st.markdown(f"**{plain(in_words(first['action']))}** by **{plain(first['who'])}** at {when}")
        _way_back(app, str(first["_id"]), zone)
        number = 1
        if (pages := -(-count // PAGE)) > 1:
            number = int(st.number_input(f"Entries, page of {pages:,}", 1, pages, width=160,
                                         key=f"deed_{first['_id']}"))
        entries = finding.parts(app.database, dict(first), skip=(number - 1) * PAGE, limit=PAGE)
        called = names.names(app.database, entries)
        note = ""
        for entry in entries:
            if entry["note"] and entry["note"] != note:
                note = entry["note"]
                st.text(notes.in_words(str(note)))
            st.markdown(f"**{plain(called[str(entry['target'])])}**" if entry["target"] else "")
            _changes(entry)


def _way_back(app: App, number: str, zone: tzinfo | None) -> None:
    """Draw *Undo*, or who has undone it; nothing for a deed that cannot be undone, or no more."""
    if (undone := undo.undone_by(app.database, number)) is not None:
        who, at = undone
        st.caption(f":material/undo: Undone by {plain(who)} at {at.astimezone(zone):%Y-%m-%d %H:%M:%S}")
        return
    undoing.button(app, number, "Undo this")


def changed(entry: Mapping[str, Any]) -> str:
    """Give what an entry changed in one line, every value whole; nothing for what was added or went."""
    if entry["before"] is None or entry["after"] is None:
        return ""
    parts = [f"{field}: {text(old)} → {text(new)}" if field else f"{text(old)} → {text(new)}"
             for field, old, new in differences(entry["before"], entry["after"])]
    return _whole("; ".join(parts))


def _changes(entry: Mapping[str, Any]) -> None:
    rows = [{"Field": plain(field), "Before": _line(old), "After": _line(new)}
            for field, old, new in differences(entry["before"], entry["after"])]
    if rows:
        st.table({column: [row[column] for row in rows] for column in rows[0]})
    else:
        st.caption("No values were recorded with this entry.")


def _whole(value: str) -> str:
    left = len(value) - LONGEST
    return value if left <= 0 else f"{value[:LONGEST]} … and {left:,} more characters, which the CSV file has"


def _line(value: Any) -> str:
    """Give a value for the table, in which every text is Markdown; twice as long with the words of what is cut."""
    return plain(_whole(text(value)), 2 * LONGEST)
