"""Backups without this page: the file of options that a line elsewhere reads, and the lines to copy."""

from __future__ import annotations

import streamlit as st

from backup_engine.api import BackupError
from equipment.backups import Backups, Caller
from equipment.server import database
from equipment.server.database import Choice
from equipment.settings import Settings, file_of, get_settings, is_current
from equipment.ui.plain import plain
from equipment.unattended.installed import files, minutes_for


def show(backups: Backups, caller: Caller) -> None:
    """Draw the settings file's state and the lines."""
    with st.expander("Back up without this page running"):
        settings = get_settings()
        choice = database.choose(settings)
        if choice in (Choice.DEMO, Choice.NONE):
            st.write("There is no database that another program could back up.")
            return
        st.write("The same program does what is due (backups, sending, verification, drills, messages), with the app "
                 "open or closed: once in a while, by cron, systemd or the Task Scheduler, or as a daemon. The files "
                 "need no environment and no folder: everything is in the settings file, but for the login of a "
                 "remote, which then has to stand in a file (`credentials=file:/PATH`). `schedule --print` prints the "
                 "same.")
        schedule = backups.scheduler.preferences.backups
        try:
            _file(backups, caller, settings)
            for text in files(settings, choice, minutes=minutes_for(schedule, backups.now())):
                st.caption(plain(text.title))
                st.code(text.content, language=text.language)
        except BackupError as error:
            st.error(plain(str(error)))
        st.caption("The command's exit code is 0 when all that was due is done; see docs/operations.md for the rest. "
                   f"Backups are made {plain(schedule.words)}.")


def _file(backups: Backups, caller: Caller, settings: Settings) -> None:
    path = file_of(settings)
    try:
        current = is_current(settings)
    except BackupError as error:
        st.warning(plain(str(error)))
        current = False
    if current:
        st.write(f"The settings file {plain(str(path))} says what is in force.")
    elif path.exists():
        st.warning("The settings file says something else than what is in force now: write it again.")
    else:
        st.warning("The lines read a settings file that is still to be written.")
    st.caption("It holds the connection string with its password; only the account of this app may read it.")
    if st.button("Write settings file", icon=":material/save:", disabled=current):
        backups.write_settings(caller, settings)
        st.rerun()
