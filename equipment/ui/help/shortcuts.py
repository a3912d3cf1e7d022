"""Every key that does something here, in words."""

from __future__ import annotations

from typing import Final

import streamlit as st

__all__ = ["KEYS", "OURS", "show"]

OURS: Final = {"Esc": "On a record's page: back to its place in the list. In a window: close it."}
"""Keys of our own buttons; the rest is the browser's and the tables'."""
KEYS: Final = {
    **OURS,
    "Tab, Shift+Tab": "To the next button or field, and back.",
    "← →": "In a row of tabs: to the next one.",
    "Space, Enter": "Press the button, open the menu, tick the box.",
    "↑ ↓ ← → in a table": "To the next cell.",
    "Enter in a table": "Under *Edit*: change the cell; Enter keeps what is typed, Esc drops it.",
    "Ctrl+F in a table": "Search the rows that are shown. The search above the list looks at all of them.",
    "Ctrl+C in a table": "Copy the selected cells; Shift with an arrow selects more of them.",
    "R": "Draw the page anew.",
}
"""Key → what it does, as Markdown."""


def show() -> None:
    """Draw them."""
    st.markdown("\n".join(("| Key | What it does |", "|---|---|",
                           *(f"| **{key}** | {words} |" for key, words in KEYS.items()))))
