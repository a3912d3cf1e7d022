"""The table of all sets, with what can be done to one of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pandas as pd
import streamlit as st

from backup_engine.api import COMMENT_LENGTH, BackupError, BackupSet, called
from equipment.backups import CHECKING, Backups, Caller
from equipment.ui import links
from equipment.ui.backup import verified, words
from equipment.ui.entrance import again
from equipment.ui.plain import plain
from equipment.ui.progress import follow

NOT_ENCRYPTED = "A comment stands in the metadata in plain text: it is not encrypted, and goes to every remote."
SHOWN = 200
"""Sets that are drawn unless somebody wants all: 2,000 rows take 0.1 s at every click anywhere on the page."""


def show(backups: Backups, caller: Caller) -> None:
    """Draw the table and, for the selected row, its actions."""
    sets = backups.sets(caller)
    st.subheader("All backups")
    if not sets:
        st.info(f"No backups yet in {plain(backups.place)}.", icon=":material/folder_open:")
        return
    if len(sets) > SHOWN and not st.toggle(f"Show all {len(sets):,}, not only the newest {SHOWN}", key="all_sets"):
        sets = sets[:SHOWN]
    event = st.dataframe(
        _table(backups, sets), hide_index=True, width="stretch", height=min(38 + 35 * len(sets), 420),
        on_select="rerun", selection_mode="single-row", key="backup_sets",
        column_config={"Size": st.column_config.TextColumn(help="Plain size of the CSV files")},
    )
    rows = event["selection"]["rows"]
    if rows and rows[0] < len(sets):
        _actions(backups, caller, sets[rows[0]])
    else:
        st.caption("Select a row to download, verify, pin, comment on or delete that backup.")
    follow(backups.jobs, CHECKING, lambda job: verified.show(job.result))


def _table(backups: Backups, sets: list[BackupSet]) -> pd.DataFrame:
    now, checks, owner = backups.now(), backups.checks(), backups.owner()
    adopted = {backup.backup_id: called(backup) for backup in sets if owner.relation(backup) == "adopted"}
    rows: list[dict[str, object]] = []
    older: BackupSet | None = None
    for backup in reversed(sets):
        rows.append({
            "When": words.moment(backup.started), "Age": words.ago(now - backup.started), "Day": backup.day.title(),
            "Equipment": backup.counts.get("equipment"), "Select options": backup.counts.get("select_options"),
            "Change": _difference(backup, older), "Size": words.size(words.stored_bytes(backup)),
            "Kind": backup.kind, "Made": words.TRIGGERS.get(backup.trigger, backup.trigger),
            "State": _state(backup, checks.get(backup.backup_id)), "Pinned": backup.pinned, "Comment": backup.comment,
            **({"Adopted from": adopted.get(backup.backup_id, "")} if adopted else {}),
        })
        older = backup if backup.usable else older
    return pd.DataFrame(rows[::-1])


def _difference(backup: BackupSet, older: BackupSet | None) -> str:
    if older is None:
        return ""
    change = sum(backup.counts.values()) - sum(older.counts.values())
    return f"{change:+,}" if change else "0"


def _state(backup: BackupSet, check: Any) -> str:
    if backup.state != "complete":
        return words.STATES[backup.state]
    if backup.warnings:
        return "Unusual"
    return "Damaged" if check is not None and not check.ok else f"Verified: {words.level(check)}"


def _actions(backups: Backups, caller: Caller, backup: BackupSet) -> None:
    with st.container(border=True):
        st.markdown(f"**{plain(words.title(backup))}**")
        if backup.problem:
            st.warning(plain(backup.problem))
        for warning in backup.warnings:
            st.caption(plain(warning))
        download, verify, pin, delete = st.columns(4)
        with download:
            _download(backups, caller, backup)
        if verify.button("Verify", icon=":material/verified:", width="stretch", disabled=not backup.usable):
            _try(lambda: backups.verify(caller, backup))
        label = "Unpin" if backup.pinned else "Pin"
        if pin.button(label, icon=":material/push_pin:", width="stretch", disabled=backup.state != "complete"):
            _try(lambda: backups.pin(caller, backup, not backup.pinned))
        _comment(backups, caller, backup)
        with delete.popover("Delete", icon=":material/delete:", width="stretch"):
            st.write(f"This removes the backup of {words.moment(backup.started)} with {words.records(backup)}.")
            if st.button("Delete this backup", type="primary"):
                _try(lambda: backups.delete(caller, backup))


def _comment(backups: Backups, caller: Caller, backup: BackupSet) -> None:
    with st.form(f"comment_{backup.backup_id}", border=False), st.container(
            horizontal=True, vertical_alignment="bottom"):
        text = st.text_input("Comment", backup.comment, max_chars=COMMENT_LENGTH,
                             help=NOT_ENCRYPTED, disabled=backup.state != "complete")
        if st.form_submit_button("Save comment", icon=":material/edit_note:", disabled=backup.state != "complete"):
            _try(lambda: backups.comment(caller, backup, text))
    if backup.encrypted:
        st.caption(NOT_ENCRYPTED)


def _download(backups: Backups, caller: Caller, backup: BackupSet) -> None:
    if caller.own_app:
        st.link_button("Download", links.to(f"/backups/{backup.label}.zip"), icon=":material/download:",
                       width="stretch")
        return
    st.download_button(
        "Download", data=lambda: b"".join(backups.zip_stream(caller, backup)), file_name=f"backup_{backup.label}.zip",
        mime="application/zip", icon=":material/download:", width="stretch", on_click="ignore",
        key=f"download_{backup.label}",
    )


def _try(act: Callable[[], object]) -> None:
    try:
        act()
    except BackupError as error:
        again.if_needed(error)
        st.error(plain(str(error)))
    else:
        st.rerun()
