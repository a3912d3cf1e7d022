"""Duplicate: copies of records with IDs and uuids of their own, and no serial."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import streamlit as st

from backup_engine.errors import BackupError
from equipment.domain.record import ID, SERIAL, UUID, name_of
from equipment.store.list import records
from equipment.store.list.records import Entry
from equipment.ui import asking, boundary
from equipment.ui.context import App
from equipment.ui.plain import plain
from equipment.ui.records import state

MOST: Final = 50
OWN: Final = (ID, UUID, SERIAL, "ETAG")
"""What belongs to one piece of equipment and is not copied."""
MADE: Final = "duplicate_made"


@dataclass
class Made:
    """What this page has asked to copy, by the list that its dialog was opened with, and what came of it."""

    of: list[Entry]
    words: str = ""


@st.dialog("Duplicate", icon=":material/content_copy:")
def dialog(app: App, ticked: list[Entry], total: int) -> None:
    """Draw the dialog over the page."""
    with boundary.guard("Duplicate"):
        for entry in ticked[:5]:
            st.markdown(f"- {plain(name_of(entry.record))}")
        if len(ticked) > 5:
            st.caption(f"and {len(ticked) - 5} more")
        copies = st.number_input("Copies of each", 1, MOST, 1, key="duplicate_copies")
        st.caption("Each copy gets the lowest free ID and a uuid. Serial and ETAG are left empty.")
        if st.button("Duplicate", type="primary", icon=":material/content_copy:", key="duplicate_apply"):
            # Asked again here: a widget's limits hold in the browser only.
            _apply(app, ticked, max(1, min(int(copies), MOST)))
        asking.cancel("duplicate")


def _apply(app: App, ticked: list[Entry], copies: int) -> None:
    done: Made | None = st.session_state.get(MADE)
    if done is None or done.of is not ticked:
        done = st.session_state[MADE] = Made(ticked)  # before: a second click comes while the first is at work
        try:
            made = records.add_many(
                app.database, app.who, [copy(entry) for entry in ticked for _ in range(copies)], note="Duplicated"
            )
        except BackupError:
            del st.session_state[MADE]
            raise
        numbers = ", ".join(str(entry.record[ID]) for entry in made[:5]) + (" …" if len(made) > 5 else "")
        done.words = f"Added {len(made)} cop{'y' if len(made) == 1 else 'ies'}: ID {numbers}"
    st.toast(plain(done.words), icon=":material/content_copy:")
    state.current().refresh()
    st.rerun()


def copy(entry: Entry) -> dict[str, object]:
    """Give the fields of a copy."""
    kept = {name: value for name, value in entry.record.items() if name not in OWN}
    return kept | {name: "" for name in (SERIAL, "ETAG") if name in entry.record}
