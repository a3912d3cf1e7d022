"""All rows of a backup, a page at a time, with search."""

from __future__ import annotations

import streamlit as st

from backup_engine.api import BackupError, BackupSet
from equipment.backups import Backups, Caller
from equipment.ui.backup import words

PAGE = 100


def show(backups: Backups, caller: Caller, backup: BackupSet, key: str) -> None:
    """Draw the preview of one collection of a set."""
    search = st.text_input("Search this backup", key=f"preview_search_{key}", placeholder="Any text")
    page = st.session_state.setdefault(f"preview_page_{backup.backup_id}_{key}_{search}", 1)
    try:
        table, total = backups.preview(caller, backup, key, PAGE, (page - 1) * PAGE, search)
    except BackupError as error:
        st.error(error.message, icon=":material/error:")
        if error.hint:
            st.caption(error.hint)
        return
    st.dataframe(table, hide_index=True, width="stretch", height=320)
    pages = max(1, -(-total // PAGE))
    left, right = st.columns([3, 1])
    left.caption(f"{words.count(total, 'record')} · page {page} of {pages}")
    if pages > 1:
        right.number_input("Page", 1, pages, key=f"preview_page_{backup.backup_id}_{key}_{search}")
