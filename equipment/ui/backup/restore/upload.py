"""Take in a backup from elsewhere: a zip of a set, of this or the original system."""

from __future__ import annotations

import streamlit as st

from backup_engine.api import BackupError
from equipment.backups import Backups, Caller
from equipment.ui.plain import plain


def show(backups: Backups, caller: Caller) -> None:
    """Draw the upload; the set is verified, kept as imported, and restored the same way as any other."""
    with st.expander("Restore a backup from elsewhere", icon=":material/upload_file:"):
        st.write(
            "Upload the zip of a backup (both CSV files and the JSON file) or of a whole backup folder. Backups of the "
            "original system work too."
        )
        given = st.file_uploader("Backup zip", type=["zip"], key="backup_upload")
        if given is None:
            return
        if st.button("Verify and take in", type="primary", disabled=backups.running()):
            try:
                backups.import_set(caller, given)
            except BackupError as error:
                st.error(plain(str(error)))
            else:
                st.rerun()
