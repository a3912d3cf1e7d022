"""What every page load does about backups."""

from __future__ import annotations

from typing import Any

import streamlit as st

from backup_engine.errors import BackupError
from equipment.backups import Backups
from equipment.ui.backup.gate import caller_of
from equipment.ui.plain import plain

SEEN = "backup_check_seen"


def run(app: Any, backups: Backups, interval_hours: float | None = None) -> None:
    """Start a backup in the background if one is due, and tell what the last check came to.

    Success is a toast, failure a banner for administrators. Within the interval this costs no MongoDB command.
    """
    if interval_hours is not None:
        backups.seed_interval(interval_hours)
    failed = backups.scheduler.page_check()
    newest = next(iter(backups.scheduler.checks()), None)
    # The first page of a visitor tells nothing: that check was before it.
    unseen = newest is not None and st.session_state.get(SEEN, newest.last) != newest.last
    st.session_state[SEEN] = newest.last if newest else None
    if failed is not None and _admin(app):
        st.warning(f"Automatic backup: {plain(failed.message)}", icon=":material/backup:")
    elif newest is not None and newest.result == "created" and unseen and _admin(app):
        st.toast(plain(newest.message), icon=":material/backup:")


def _admin(app: Any) -> bool:
    try:
        caller_of(app).check("backup.see")
    except BackupError:
        return False
    return True
