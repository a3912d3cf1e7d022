"""How far a backup or restore is that another server of this database does, with a way to stop it."""

from __future__ import annotations

import streamlit as st

from backup_engine.errors import BackupError
from equipment import other_servers
from equipment.backups import Backups, Caller
from equipment.ui.plain import plain
from equipment.ui.progress import counted, share, stopping

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
    words = f"{work.title}, by {work.owner} on another server: {work.phase}{counted(work.done, work.total)}"
    st.progress(share(work.done, work.total), text=plain(words))
    with st.container(horizontal=True, vertical_alignment="center"):
        if st.button("Cancel", key="cancel_elsewhere", icon=":material/close:", disabled=work.final or work.stops):
            try:
                other_servers.stop(backups, caller, work)
            except BackupError as error:
                st.error(plain(str(error)))
        stopping(final=work.final, asked=work.stops)
