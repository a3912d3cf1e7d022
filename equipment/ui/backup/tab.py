"""The Backup & Restore tab."""

from __future__ import annotations

from typing import Any, Literal

import streamlit as st

from backup_engine.errors import BackupError
from equipment.backups import Backups
from equipment.ui.backup import elsewhere, standing_by, whose
from equipment.ui.backup.auto import screen as auto
from equipment.ui.backup.create import screen as create
from equipment.ui.backup.gate import caller_of
from equipment.ui.backup.restore import address, screen as restore
from equipment.ui.plain import plain

TAB = "backup_tab"
"""Key of the open sub-tab in the session and, in our own app, in the address."""
TABS = ("Create Backup", "Restore Data", "Auto Backup")


def show(app: Any, backups: Backups) -> None:
    """Draw the tab for an administrator; anybody else gets one sentence and nothing of the backups."""
    caller = caller_of(app)
    try:
        caller.check("backup.see")
    except BackupError as error:
        st.error(plain(error.message), icon=":material/lock:")
        return
    whose.question(backups, caller)
    standing_by.banner(backups, caller)
    elsewhere.show(backups, caller)
    # another app's address is its own
    bind: Literal["query-params"] | None = "query-params" if caller.own_app else None
    create_tab, restore_tab, auto_tab = st.tabs(TABS, key=TAB, on_change="rerun", bind=bind)
    if not restore_tab.open and caller.own_app:
        address.publish(None)
    if create_tab.open:
        with create_tab:
            create.show(backups, caller)
    if restore_tab.open:
        with restore_tab:
            restore.show(backups, caller)
    if auto_tab.open:
        with auto_tab:
            auto.show(backups, caller)
