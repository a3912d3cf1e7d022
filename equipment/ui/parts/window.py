"""How wide the window is, which only the browser knows."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, Final

import streamlit as st

__all__ = ["is_narrow"]

# Told only where it is not what the page was drawn for: each telling draws the page anew.
_SCRIPT: Final = """
export default function ({ data, setStateValue }) {
    const narrow = window.matchMedia(`(max-width: ${data.below - 1}px)`)
    const tell = () => { if (narrow.matches !== data.known) setStateValue("narrow", narrow.matches) }
    tell()
    narrow.addEventListener("change", tell)
    return () => narrow.removeEventListener("change", tell)
}
"""
_KEY: Final = "window_width"


def is_narrow(below: int = 480) -> bool:
    """Whether the window has fewer pixels than that from left to right; False until the browser has said so."""
    known = bool(st.session_state.get(_KEY, {}).get("narrow", False))
    _component()(key=_KEY, data={"below": below, "known": known}, default={"narrow": False},
                 on_narrow_change=lambda: None)
    return known


@functools.cache
def _component() -> Callable[..., Any]:
    return st.components.v2.component("equipment_window_width", js=_SCRIPT)
