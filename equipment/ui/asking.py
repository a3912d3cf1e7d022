"""The way out of every question: *Cancel* in a dialog, and a button that asks before it does something."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

__all__ = ["button", "cancel"]


def cancel(key: str, label: str = "Cancel", on_click: Callable[[], None] | None = None) -> None:
    """Draw the button that closes a dialog and does nothing else."""
    if st.button(label, key=f"{key}_cancel", on_click=on_click):
        st.rerun()


def button(
    label: str, words: str, do: str, key: str, *, icon: str = "", disabled: bool = False, help: str | None = None
) -> bool:
    """Draw a button that opens a question: ``words`` (Markdown) with what would be done, ``do`` and *Cancel*.

    Give whether ``do`` was pressed. It closes the question, so that a second click meets nothing.
    """
    asks = f"{key}_asks"
    with st.popover(label, icon=icon or None, key=asks, on_change="rerun", disabled=disabled, help=help):
        st.markdown(words)
        with st.container(horizontal=True):
            sure = st.button(do, type="primary", key=key, on_click=_close, args=(asks,), disabled=disabled)
            st.button("Cancel", key=f"{key}_cancel", on_click=_close, args=(asks,))
    return sure


def _close(asks: str) -> None:
    st.session_state[asks] = False
