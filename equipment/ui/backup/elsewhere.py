"""How far a backup or restore is that another server of this database does, with a way to stop it."""

from __future__ import annotations

import streamlit as st

from equipment import other_servers
from equipment.backups import Backups, Caller
from equipment.ui.progress import told

__all__ = ["show"]

POLL_SECONDS = 2


def show(backups: Backups, caller: Caller) -> None:
    """Draw it; nothing, and nothing that asks again, when no other server is at work."""
    if other_servers.at_work(backups) is not None:
        _running(backups, caller)


@st.fragment(run_every=POLL_SECONDS)
def _running(backups: Backups, caller: Caller) -> None:
    work = other_servers.at_work(backups)
    if work is None:
        st.rerun()
        return
    told(work, f"{work.title}, by {work.owner} on another server", lambda: other_servers.stop(backups, caller, work))
