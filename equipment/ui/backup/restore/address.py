"""The chosen backup in the address of the page, so that a link leads to it."""

from __future__ import annotations

from collections.abc import Iterable

import streamlit as st

from backup_engine.api import BackupSet

__all__ = ["asked", "publish"]

SET = "set"
WRITTEN = "restore_address"


def asked(sets: Iterable[BackupSet]) -> BackupSet | None:
    """Give the backup that the address names, once; None where it names none of these, or was written by this page."""
    label = st.query_params.get(SET, "")
    if not label or label == st.session_state.get(WRITTEN):
        return None
    st.session_state[WRITTEN] = label
    return next((backup for backup in sets if backup.label == label), None)


def publish(backup: BackupSet | None) -> None:
    """Let the address name it; None: no backup."""
    label = backup.label if backup is not None else ""
    st.session_state[WRITTEN] = label
    if not label:
        st.query_params.pop(SET, None)
    elif st.query_params.get_all(SET) != [label]:
        st.query_params[SET] = label
