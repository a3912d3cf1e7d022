"""All rows of a backup, a page at a time, with search; of one in a remote they are read in the background."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pandas as pd
import streamlit as st

from backup_engine.api import BackupError, BackupSet, is_plain
from equipment import offsite
from equipment.backups import Backups, Caller
from equipment.store.list import raw_texts
from equipment.ui.backup import background, words
from equipment.ui.backup.restore import cells
from equipment.ui.backup.restore.place import Place

PAGE = 100
VERB = "preview"
BESIDE = "~"
"""What the engine calls the column of fields that have no column."""
Rows = tuple[pd.DataFrame, int]


def show(backups: Backups, caller: Caller, place: Place, backup: BackupSet, key: str, *, stored: bool) -> None:
    """Draw the preview of one collection of a set, in the words of the list or as it is ``stored``."""
    about = f"{place.remote}_{backup.backup_id}_{key}"
    search = st.text_input("Search this backup", key=f"preview_search_{about}", placeholder="Any text")
    page = st.session_state.setdefault(f"preview_page_{about}_{search}", 1)
    found = (_here if place.there is None else _there)(backups, caller, place, backup, key, search, page, stored)
    if found is None:
        return
    table, total = found
    if not stored:
        table = cells.arranged(backups, caller, key, table.rename(columns={BESIDE: "More fields (~)"}))
    st.dataframe(table, hide_index=True, width="stretch", height=320)
    pages = max(1, -(-total // PAGE))
    left, right = st.columns([3, 1])
    left.caption(f"{words.count(total, 'record')} · page {page} of {pages}{_unchecked(place, backup)}")
    if pages > 1:
        right.number_input("Page", 1, pages, key=f"preview_page_{about}_{search}")


def _here(
    backups: Backups, caller: Caller, place: Place, backup: BackupSet, key: str, search: str, page: int,
    stored: bool,
) -> Rows | None:
    try:
        return backups.preview(caller, backup, key, PAGE, (page - 1) * PAGE, search, _words(stored))
    except BackupError as error:
        background.explain(error)
        return None


def _there(
    backups: Backups, caller: Caller, place: Place, backup: BackupSet, key: str, search: str, page: int,
    stored: bool,
) -> Rows | None:
    assert place.there is not None
    there, wanted = place.there, (VERB, place.remote, backup.backup_id, key, search, page, stored)
    rows: Rows | None = background.answer(
        backups, f"{VERB}-{key}-{place.remote}", wanted, start=lambda kind: offsite.preview(
            backups, caller, place.remote, there, backup, key, limit=PAGE, skip=(page - 1) * PAGE, search=search,
            kind=kind, about=wanted, words=_words(stored)))
    return rows


def _words(stored: bool) -> Callable[[Any], str] | None:
    return None if stored else raw_texts.value_text


def _unchecked(place: Place, backup: BackupSet) -> str:
    """Say of rows that were read by range that nothing has proven them yet."""
    if not place.remote or not is_plain(backup):
        return ""
    return " · only these rows were read, and not compared with their checksums: Verify and every restore do that"
