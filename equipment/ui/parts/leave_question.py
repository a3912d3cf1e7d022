"""The browser's own question before a page is closed, reloaded or left that holds edits nobody has saved."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, Final

import streamlit as st

__all__ = ["ask"]

# Browsers show words of their own and ask only where somebody has clicked or typed. What is returned runs when
# Streamlit takes the component away: then nothing is asked any more.
_SCRIPT: Final = """
export default function () {
    const ask = (event) => event.preventDefault()
    window.addEventListener("beforeunload", ask)
    return () => window.removeEventListener("beforeunload", ask)
}
"""


def ask() -> None:
    """Let the browser ask, for as long as this is drawn."""
    _component()(key="leave_question")


@functools.cache
def _component() -> Callable[..., Any]:
    return st.components.v2.component("equipment_leave_question", js=_SCRIPT)
