"""The last restore, merge or undo that a page knows of: what was compared, ticked or typed before it counts no more."""

from __future__ import annotations

import secrets

import streamlit as st

from backup_engine.api import BackupSet
from equipment.backups import WRITING, Backups
from equipment.ui.backup.restore import comparing

__all__ = ["CHANGES", "goes_on", "known", "note"]

CHANGES = {"backup.replace", "backup.merge", "backup.undo"}
"""Jobs that change the list."""
ENDED, KNOWN = "restore_last_ended", "restore_last_change"


def known(backups: Backups, undoable: BackupSet | None) -> str:
    """Name it, for the keys of what is bound to it; when it is another one than a moment ago, comparisons go.

    It is the safety copy that an undo would bring back, which the database knows, so that a restore by another tab,
    server or command counts; and the last job that this visitor has seen end, which may have failed half-way.
    """
    job = backups.jobs.latest(WRITING)
    if job is not None and not job.running and job.about in CHANGES:
        st.session_state[ENDED] = job.started.isoformat()  # kept: the job is gone once somebody presses Done
    name = f"{st.session_state.get(ENDED, '')}_{undoable.backup_id if undoable is not None else ''}"
    if st.session_state.get(KNOWN) != name:
        comparing.forget()
        st.session_state[KNOWN] = name
    return name


def note() -> None:
    """The list was changed by this page without a job."""
    st.session_state[ENDED] = secrets.token_hex(8)


def goes_on(backups: Backups) -> bool:
    """Whether one is at work here: what a comparison finds meanwhile would soon be wrong."""
    job = backups.jobs.latest(WRITING)
    return job is not None and job.running and job.about in CHANGES
