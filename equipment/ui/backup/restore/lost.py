"""Lost & found: records that are in some backup, but neither in the list nor in the trash."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from backup_engine.api import BackupError, Lost
from backup_engine.records.raw import elements, name_text
from equipment import lost
from equipment.backups import LIST, Backups, Caller
from equipment.store.list.raw_texts import element_text
from equipment.ui.backup import background, words
from equipment.ui.backup.restore import cells, last_change
from equipment.ui.plain import plain

VERB = "lost"
SEARCHED = "lost_searched_after"
"""The last change of the list, see ``last_change``, that a search was made after: what a later one lost, or brought
back, is not known before somebody searches again."""


def show(backups: Backups, caller: Caller, since: str) -> None:
    """Draw the search for lost records and the way to bring them back."""
    with st.expander("Lost & found", icon=":material/search:"):
        st.write("Records that are in any backup but neither in the list nor in the trash.")
        if st.button("Search all backups"):
            background.forget(VERB)
            st.session_state[SEARCHED] = since
        if st.session_state.get(SEARCHED) != since:
            return
        wanted = (VERB, since)
        records: list[Lost] | None = background.answer(
            backups, VERB, wanted, again="Search again", start=lambda kind: lost.find(
                backups, caller, kind=kind, about=wanted))
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
    last_change.note()
    st.toast(f"{words.count(brought, 'record')} brought back", icon=":material/check:")
    st.rerun()
