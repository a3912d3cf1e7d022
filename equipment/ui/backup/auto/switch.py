"""Whether backups are made by themselves."""

from __future__ import annotations

import streamlit as st

from backup_engine.api import BackupError
from equipment.backups import Backups, Caller
from equipment.ui.backup import words


def show(backups: Backups, caller: Caller) -> None:
    """Draw the switch; while a recovered copy stands by it is off and cannot be touched."""
    preferences = backups.scheduler.preferences
    if backups.scheduler.standby is not None:
        st.toggle("Automatic backups", value=False, key="backup_automatic_off", disabled=True,
                  help="Off while this recovered copy stands by.")
        st.caption(":material/content_copy: Off because this is a recovered copy: no backups and no restore drills by "
                   "themselves. The button above lets it act.")
        return
    automatic = st.toggle("Automatic backups", value=preferences.automatic, key="backup_automatic")
    if automatic != preferences.automatic:
        change(backups, caller, automatic=automatic)
    st.caption(
        f"Every {words.hours(preferences.interval_hours)}; set the interval under Create Backup. Every page load and a "
        "background check in the server look whether a backup is due."
    )


def change(backups: Backups, caller: Caller, **changes: object) -> None:
    """Store preferences by name and draw the page again, or say why not."""
    try:
        backups.change_preferences(caller, **changes)
    except BackupError as error:
        st.error(str(error))
    else:
        st.rerun()
