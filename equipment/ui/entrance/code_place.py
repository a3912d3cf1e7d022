"""The sentence that says where the set-up code stands."""

from __future__ import annotations

import streamlit as st

from equipment.logs import place
from equipment.ui.plain import plain

__all__ = ["tell"]


def tell(before: str) -> None:
    """Draw it after what is said ``before``, and the command that shows the place, where there is one."""
    where, command = place.found()
    st.write(f"{before} a set-up code that the server has written {plain(where)}.")
    if command:
        st.code(command, language=None)
