"""A deletion that the trash still holds, said first: it needs no restore."""

from __future__ import annotations

import streamlit as st

from backup_engine.api import BackupError
from equipment.backups import Backups, Caller
from equipment.restores import thrown
from equipment.ui.backup import background, words
from equipment.ui.backup.restore import last_change
from equipment.ui.plain import plain

__all__ = ["show"]


def show(backups: Backups, caller: Caller) -> None:
    """Say what was deleted last and is in the trash, and offer to bring just that back."""
    deletion = thrown.newest(backups, caller)
    if deletion is None:
        return
    number = len(deletion.numbers)
    these = "it" if number == 1 else f"these {number:,}"
    ago = words.ago(backups.now() - deletion.at)
    with st.container(border=True, horizontal=True, vertical_alignment="center"):
        st.markdown(plain(f"{words.count(number, 'record')} went to the trash {ago}, moved by {deletion.by}. "
                          "No restore is needed for that."), width="stretch")
        if st.button(f"Bring {these} back from the trash", icon=":material/restore_from_trash:", key="thrown_back"):
            try:
                done = thrown.bring_back(backups, caller, deletion)
            except BackupError as error:
                background.explain(error)
                return
            last_change.note()
            left = f"; {words.count(done.left, 'stays', 'stay')} in the trash" if done.left else ""
            st.toast(f"{words.count(done.back, 'record')} brought back{left}", icon=":material/restore_from_trash:")
            st.rerun()
