"""All rows of a backup, a page at a time, with search; of one in a remote they are read in the background."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from backup_engine.api import BackupError, BackupSet, is_plain
from equipment import offsite
from equipment.backups import Backups, Caller
from equipment.ui.backup import background, words
from equipment.ui.backup.restore.place import Place

PAGE = 100
VERB = "preview"
Rows = tuple[pd.DataFrame, int]


def show(backups: Backups, caller: Caller, place: Place, backup: BackupSet, key: str) -> None:
    """Draw the preview of one collection of a set."""
    about = f"{place.remote}_{backup.backup_id}_{key}"
    search = st.text_input("Search this backup", key=f"preview_search_{about}", placeholder="Any text")
    page = st.session_state.setdefault(f"preview_page_{about}_{search}", 1)
    found = (_here if place.there is None else _there)(backups, caller, place, backup, key, search, page)
    if found is None:
        return
    table, total = found
    st.dataframe(table, hide_index=True, width="stretch", height=320)
    pages = max(1, -(-total // PAGE))
    left, right = st.columns([3, 1])
    left.caption(f"{words.count(total, 'record')} · page {page} of {pages}{_unchecked(place, backup)}")
    if pages > 1:
        right.number_input("Page", 1, pages, key=f"preview_page_{about}_{search}")


def _here(
    backups: Backups, caller: Caller, place: Place, backup: BackupSet, key: str, search: str, page: int
) -> Rows | None:
    try:
        return backups.preview(caller, backup, key, PAGE, (page - 1) * PAGE, search)
    except BackupError as error:
        background.explain(error)
        return None


def _there(
    backups: Backups, caller: Caller, place: Place, backup: BackupSet, key: str, search: str, page: int
) -> Rows | None:
    assert place.there is not None
    there, wanted = place.there, (VERB, place.remote, backup.backup_id, key, search, page)
    rows: Rows | None = background.answer(
        backups, f"{VERB}-{key}-{place.remote}", wanted, start=lambda kind: offsite.preview(
            backups, caller, place.remote, there, backup, key, limit=PAGE, skip=(page - 1) * PAGE, search=search,
            kind=kind, about=wanted))
    return rows


def _unchecked(place: Place, backup: BackupSet) -> str:
    """Say of rows that were read by range that nothing has proven them yet."""
    if not place.remote or not is_plain(backup):
        return ""
    return " · only these rows were read, and not compared with their checksums: Verify and every restore do that"
