"""The line that cards with a number each stand in."""

from __future__ import annotations

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

__all__ = ["row"]


def row() -> DeltaGenerator:
    """Give the line: cards as wide as their words need fill it, and on a telephone two of them do.

    Columns of Streamlit stand one below the other there, and six cards took a screen and a half.
    """
    return st.container(horizontal=True, gap="xsmall")
