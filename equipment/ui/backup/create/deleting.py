"""Delete one backup: the button stands apart, and the question names what goes and why some may not."""

from __future__ import annotations

import streamlit as st

from backup_engine.api import BackupError, BackupSet
from equipment.backups import Backups, Caller
from equipment.ui import boundary
from equipment.ui.backup import background, words
from equipment.ui.plain import plain

__all__ = ["button", "refused"]

DELETED = "backup_deleted"
"""``place`` of the set that this page has asked to delete: a second click on the same button does nothing."""


def button(backups: Backups, caller: Caller, backup: BackupSet | None) -> None:
    """Draw the button that opens the question; None: one that cannot be pressed."""
    if st.button("Delete", icon=":material/delete:", disabled=backup is None, key="backup_delete") and backup:
        _ask(backups, caller, backup)


def refused(backups: Backups, backup: BackupSet) -> str:
    """Say why this one stays; empty when it may go. The engine has further reasons, and decides."""
    if backup.pinned:
        return "It is pinned. Unpin it first."
    newest = backups.newest_good()
    if newest is not None and newest.backup_id == backup.backup_id:
        return "It is the newest good backup, which is never deleted."
    return ""


@st.dialog("Delete this backup?", icon=":material/delete:")
def _ask(backups: Backups, caller: Caller, backup: BackupSet) -> None:
    with boundary.guard("Delete a backup"):
        st.markdown(f"**{plain(words.title(backup))}**")
        if backup.comment:
            st.text(backup.comment)
        ago = words.ago(backups.now() - backup.started)
        st.write(f"Made {ago}, with {words.records(backup)}. Its files are removed from this folder for good; "
                 "copies in other places stay.")
        why = refused(backups, backup)
        if why:
            st.warning(why, icon=":material/block:")
        with st.container(horizontal=True):
            sure = st.button("Delete this backup", type="primary", disabled=bool(why), key="backup_delete_now")
            cancelled = st.button("Cancel", key="backup_delete_cancel")
        if sure and not why and st.session_state.get(DELETED) != backup.place:
            st.session_state[DELETED] = backup.place  # before: a second click comes while the first is at work
            try:
                backups.delete(caller, backup)
            except BackupError as error:
                del st.session_state[DELETED]
                background.explain(error)
                return
        if sure or cancelled:
            st.rerun()
