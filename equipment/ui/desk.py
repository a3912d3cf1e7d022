"""The desk for long work on the list: imports, and changes of columns. One per process, so that work outlives a tab."""

from __future__ import annotations

import streamlit as st

from equipment.jobs import Desk


@st.cache_resource
def desk() -> Desk:
    """Give the process's desk."""
    return Desk()
