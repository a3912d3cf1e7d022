"""Edits that are not saved yet: told cell by cell under the grid, where each can be dropped, and in short elsewhere."""

from __future__ import annotations

from typing import Final

import streamlit as st

from equipment.domain.record import name_of
from equipment.ui.plain import plain
from equipment.ui.records import state
from equipment.ui.records.state import Pending, State
from equipment.ui.records.table import brief, field_label

MOST_LISTED: Final = 50
"""Edits with a line under the grid; *Review & Save* has one for every edit."""
FITTING: Final = 6
HEIGHT: Final = 260


def listed(now: State) -> None:
    """Name every edited cell with what was there and what will be, on whatever page of the list it stands."""
    cells = [(edited, name) for edited in now.pending.values() for name in edited.typed]
    if not cells:
        return
    st.markdown("**Not saved yet**")
    with st.container(height=HEIGHT if len(cells) > FITTING else "content", gap="xxsmall"):
        for edited, name in cells[:MOST_LISTED]:
            _line(edited, name)
        if len(cells) > MOST_LISTED:
            st.caption(f"and {len(cells) - MOST_LISTED:,} more, which *Review & Save* shows")


def elsewhere(now: State) -> None:
    """Say in another place than the grid that there are edits, and lead to them."""
    st.button(f":orange-badge[:material/edit: {state.unsaved(now)} not saved yet]", type="tertiary",
              key="records_unsaved", on_click=state.go, args=("Edit",), help="Go to Edit to review and save")


def drop_button(key: str, name: str, prefix: str) -> None:
    """Draw the button that drops the edit of one cell; ``prefix`` tells apart where it stands."""
    st.button("Drop", icon=":material/close:", type="tertiary", key=f"{prefix}_drop_{len(key)}_{key}_{name}",
              help=f"Drop the edit of {field_label(name)}", on_click=state.drop, args=(key, name))


def _line(edited: Pending, name: str) -> None:
    seen = edited.seen
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        drop_button(seen.key, name, "pending")
        st.markdown(f"**{plain(name_of(seen.record))}** · {field_label(name)}: {brief(seen.record.get(name), 80)} → "
                    f"**{brief(edited.typed[name], 80)}**")
