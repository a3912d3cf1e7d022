"""How far a backup or restore is that another server of this database does, with a way to stop it."""

from __future__ import annotations

import streamlit as st

from backup_engine.errors import BackupError
from equipment import other_servers
from equipment.backups import Backups, Caller
from equipment.store.work import Work
from equipment.ui.plain import plain

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
    st.progress(min(work.done / work.total, 1.0) if work.total else 0.0, text=plain(_in_words(work)))
    with st.container(horizontal=True, vertical_alignment="center"):
        if st.button("Cancel", key="cancel_elsewhere", icon=":material/close:", disabled=work.final or work.stops):
            try:
                other_servers.stop(backups, caller, work)
            except BackupError as error:
                st.error(plain(str(error)))
        if work.final:
            st.caption("The point of no return is behind it: it can no longer be cancelled, and Undo takes it back.")
        elif work.stops:
            st.caption("It stops at the next safe point.")


def _in_words(work: Work) -> str:
    numbers = f" · {work.done:,}" + (f" of {work.total:,}" if work.total else "") if work.done else ""
    return f"{work.title}, by {work.owner} on another server: {work.phase}{numbers}"
