"""Long work on the list: imports, bulk edits, columns. One object per process holds it, so that it outlives a tab."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import streamlit as st

from backup_engine.model import Watch
from equipment.jobs import Jobs


@st.cache_resource
def list_jobs() -> Jobs:
    """Give the process's jobs on the list."""
    return Jobs()


def start_beside(kind: str, title: str, owner: str, work: Callable[[Watch], Any]) -> None:
    """Start work beside the page and draw the page anew, which follows it."""
    list_jobs().start(kind, title, owner, work)
    list_jobs().wait_for(kind, seconds=0.5)  # short work is done before the page would have to be drawn twice
    st.rerun()
