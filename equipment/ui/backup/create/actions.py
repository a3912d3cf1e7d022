"""What can be done with the chosen backup: one line above the table, where it is seen without scrolling."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from backup_engine.api import COMMENT_LENGTH, BackupError, BackupSet
from equipment.backups import CHECKING, Backups, Caller
from equipment.ui import links
from equipment.ui.backup import background, verified, words
from equipment.ui.backup.create import deleting
from equipment.ui.backup.restore import choose, place
from equipment.ui.plain import plain
from equipment.ui.progress import follow

__all__ = ["show"]

NOT_ENCRYPTED = "A comment stands in the metadata in plain text: it is not encrypted, and goes to every remote."
RESTORE_TAB = ("backup_tab", "Restore Data")
"""Key and value of the sub-tab; that of the tab imports this file."""


def show(backups: Backups, caller: Caller, backup: BackupSet | None) -> None:
    """Draw the actions of a backup; None: the same, of which none can be pressed."""
    if backup is None:
        st.caption("Select a row to restore, download, verify, pin, comment on or delete that backup.")
    else:
        comment = f" · {backup.comment}" if backup.comment else ""
        st.markdown(f"**{plain(words.title(backup) + comment)}**")
        if backup.problem:
            st.warning(plain(words.said(backup.problem)))
        for warning in backup.warnings:
            st.caption(plain(words.said(warning)))
    with st.container(horizontal=True):
        if backup is None:
            for label, icon in (("Restore this", "settings_backup_restore"), ("Download", "download"),
                                ("Verify", "verified"), ("Pin", "push_pin"), ("Comment", "edit_note")):
                st.button(label, icon=f":material/{icon}:", disabled=True)
        else:
            _buttons(backups, caller, backup)
        st.space("large")  # apart; at the right edge the bar of the table would lie over it
        deleting.button(backups, caller, backup)
    follow(backups.jobs, CHECKING, lambda job: verified.show(job.result))


def _buttons(backups: Backups, caller: Caller, backup: BackupSet) -> None:
    st.button("Restore this", icon=":material/settings_backup_restore:", disabled=not backup.usable,
              on_click=_restore, args=(backup,), help="Shows what it would do; nothing is changed yet.")
    _download(backups, caller, backup)
    if st.button("Verify", icon=":material/verified:", disabled=not backup.usable):
        _try(lambda: backups.verify(caller, backup))
    label = "Unpin" if backup.pinned else "Pin"
    if st.button(label, icon=":material/push_pin:", disabled=backup.state != "complete"):
        _try(lambda: backups.pin(caller, backup, not backup.pinned))
    with st.popover("Comment", icon=":material/edit_note:", disabled=backup.state != "complete"):
        _comment(backups, caller, backup)


def _restore(backup: BackupSet) -> None:
    key, tab = RESTORE_TAB
    st.session_state[key] = tab
    place.here()
    choose.select(place.HERE, backup)


def _comment(backups: Backups, caller: Caller, backup: BackupSet) -> None:
    with st.form(f"comment_{backup.backup_id}", border=False):
        text = st.text_input("Comment", backup.comment, max_chars=COMMENT_LENGTH, help=NOT_ENCRYPTED,
                             placeholder="Before the move", disabled=backup.state != "complete")
        if st.form_submit_button("Save comment", icon=":material/edit_note:", disabled=backup.state != "complete"):
            _try(lambda: backups.comment(caller, backup, text))
    if backup.encrypted:
        st.caption(NOT_ENCRYPTED)


def _download(backups: Backups, caller: Caller, backup: BackupSet) -> None:
    if caller.own_app:
        st.link_button("Download", links.to(f"/backups/{backup.label}.zip"), icon=":material/download:")
        return
    st.download_button(
        "Download", data=lambda: b"".join(backups.zip_stream(caller, backup)), file_name=f"backup_{backup.label}.zip",
        mime="application/zip", icon=":material/download:", on_click="ignore", key=f"download_{backup.label}",
    )


def _try(act: Callable[[], object]) -> None:
    try:
        act()
    except BackupError as error:
        background.explain(error)
    else:
        st.rerun()
