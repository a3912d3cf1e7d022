"""The desk for long work on the list: imports, bulk edits, columns. One per process, so that work outlives a tab."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import streamlit as st

from backup_engine.model import Watch
from equipment.jobs import Desk


@st.cache_resource
def desk() -> Desk:
    """Give the process's desk."""
    return Desk()


def start_beside(kind: str, title: str, owner: str, work: Callable[[Watch], Any]) -> None:
    """Start work beside the page and draw the page anew, which follows it."""
    desk().start(kind, title, owner, work)
    desk().wait_for(kind, seconds=0.5)  # short work is done before the page would have to be drawn twice
    st.rerun()
