"""The table of all sets, under what can be done to the one that is chosen."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from backup_engine.api import BackupSet, called
from equipment.backups import Backups, Caller
from equipment.ui.backup import words
from equipment.ui.backup.create import actions
from equipment.ui.plain import plain

SHOWN = 200
"""Sets that are drawn unless somebody wants all: 2,000 rows take 0.1 s at every click anywhere on the page."""


def show(backups: Backups, caller: Caller) -> None:
    """Draw the actions of the selected row, and the table."""
    sets = backups.sets(caller)
    st.subheader("All backups")
    if not sets:
        st.info(f"No backups yet in {plain(backups.place)}.", icon=":material/folder_open:")
        return
    if len(sets) > SHOWN and not st.toggle(f"Show all {len(sets):,}, not only the newest {SHOWN}", key="all_sets"):
        sets = sets[:SHOWN]
    bar = st.container()  # above the table, and as high without a chosen set: no row moves under the pointer
    key = f"backup_sets_{len(sets)}_{sets[0].place}"  # a set made meanwhile must not take the place of the chosen one
    event = st.dataframe(
        _table(backups, sets), hide_index=True, width="stretch", height=min(38 + 35 * len(sets), 420),
        on_select="rerun", selection_mode="single-row", key=key,
        column_config={"Size": st.column_config.TextColumn(help="Plain size of the CSV files")},
    )
    rows = event["selection"]["rows"]
    with bar:
        actions.show(backups, caller, sets[rows[0]] if rows and rows[0] < len(sets) else None)


def _table(backups: Backups, sets: list[BackupSet]) -> pd.DataFrame:
    now, checks, owner = backups.now(), backups.checks(), backups.owner()
    adopted = {backup.backup_id: called(backup) for backup in sets if owner.relation(backup) == "adopted"}
    rows: list[dict[str, object]] = []
    older: BackupSet | None = None
    for backup in reversed(sets):
        rows.append({
            "When": words.moment(backup.started), "Age": words.lasting(now - backup.started), "Day": backup.day.title(),
            "Equipment": backup.counts.get("equipment"), "Select options": backup.counts.get("select_options"),
            "Change": _difference(backup, older), "Size": words.size(words.stored_bytes(backup)),
            "Kind": backup.kind, "Made": words.TRIGGERS.get(backup.trigger, backup.trigger),
            "State": words.state(backup, checks.get(backup.backup_id)), "Pinned": backup.pinned,
            "Comment": backup.comment,
            **({"Adopted from": adopted.get(backup.backup_id, "")} if adopted else {}),
        })
        older = backup if backup.usable else older
    return pd.DataFrame(rows[::-1])


def _difference(backup: BackupSet, older: BackupSet | None) -> str:
    if older is None:
        return ""
    change = sum(backup.counts.values()) - sum(older.counts.values())
    return f"{change:+,}" if change else "0"
