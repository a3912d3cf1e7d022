"""Lost & found: records that are in some backup, but neither in the list nor in the trash."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from backup_engine.api import BackupError, Lost
from backup_engine.records.raw import elements, name_text
from equipment import lost
from equipment.backups import LIST, Backups, Caller
from equipment.store.list.raw_texts import element_text
from equipment.ui.backup import words
from equipment.ui.backup.restore import cells, last_change
from equipment.ui.plain import plain

FOUND = "lost_found"


def show(backups: Backups, caller: Caller) -> None:
    """Draw the search for lost records and the way to bring them back."""
    with st.expander("Lost & found", icon=":material/search:"):
        st.write("Records that are in any backup but neither in the list nor in the trash.")
        if st.button("Search all backups"):
            _search(backups, caller)
        records: list[Lost] | None = st.session_state.get(FOUND)
        if records is None:
            return
        if not records:
            st.success("Nothing is lost.", icon=":material/task_alt:")
            return
        rows = st.dataframe(
            _table(backups, caller, records), hide_index=True, width="stretch", on_select="rerun",
            selection_mode="multi-row", key="lost_rows",
        )["selection"]["rows"]
        if st.button(f"Bring back {words.count(len(rows), 'record')}", type="primary", disabled=not rows):
            _bring_back(backups, caller, [records[row] for row in rows])


def _search(backups: Backups, caller: Caller) -> None:
    try:
        with st.spinner("Reading every backup"):
            st.session_state[FOUND] = lost.find(backups, caller)
    except BackupError as error:
        st.error(plain(str(error)))


def _table(backups: Backups, caller: Caller, records: list[Lost]) -> pd.DataFrame:
    rows = [{name_text(name): element_text(element) for name, element in elements(record.document)}
            for record in records]
    table = cells.arranged(backups, caller, LIST, pd.DataFrame(rows, dtype=str).fillna(""))
    table.insert(0, "Last seen", [words.moment(record.last.started) for record in records], allow_duplicates=True)
    return table


def _bring_back(backups: Backups, caller: Caller, chosen: list[Lost]) -> None:
    try:
        brought = lost.bring_back(backups, caller, chosen)
    except BackupError as error:
        st.error(plain(str(error)))
        return
    st.session_state.pop(FOUND, None)
    last_change.note()
    st.toast(f"{words.count(brought, 'record')} brought back", icon=":material/check:")
    st.rerun()
