"""The banner of a recovered copy that stands by, with the switch that lets it act."""

from __future__ import annotations

import streamlit as st

from backup_engine.api import BackupError, Standby
from equipment import standing_by
from equipment.backups import Backups, Caller
from equipment.ui.backup import words
from equipment.ui.plain import plain

__all__ = ["banner"]

SURE = "The original is no more, or no longer makes backups"
DONE = "standing_by_done"


def banner(backups: Backups, caller: Caller) -> None:
    """Draw it for whoever may see the backups; nothing for a database that acts. Call it when the owner was asked."""
    copy = standing_by.read(backups, caller)
    if copy is None:
        if said := st.session_state.pop(DONE, ""):
            st.success("This copy acts from now on.", icon=":material/play_circle:")
            st.text(said)  # with names out of a backup, which are no Markdown
        return
    with st.container(border=True, key="standing_by"):
        st.warning("This is a recovered copy: it makes no backups by itself and changes nothing in a remote.",
                   icon=":material/content_copy:")
        _whose(copy)
        st.write("Until it is let act, remotes can be looked at and fetched from, *Create Backup Now* works, and no "
                 "old backup is cleared away. Letting it act while the original goes on would make two lines of "
                 "backups that each take themselves for the right one.")
        sure = st.checkbox(SURE, key="standing_by_sure")
        if st.button("Let this copy act", type="primary", icon=":material/play_circle:", disabled=not sure):
            _activate(backups, caller)


def _whose(copy: Standby) -> None:
    # text, not Markdown: the names come out of a backup
    facts = (("Copy of", copy.database or "an unnamed database"), ("Backup", copy.label),
             ("Recovered", words.moment(copy.since)[:16]), ("From", copy.source))
    for column, (name, value) in zip(st.columns([2, 2, 2, 4]), facts, strict=True):
        column.caption(name)
        column.text(value)


def _activate(backups: Backups, caller: Caller) -> None:
    try:
        st.session_state[DONE] = standing_by.activate(backups, caller)
    except BackupError as error:
        st.error(plain(str(error)))
    else:
        st.rerun()
