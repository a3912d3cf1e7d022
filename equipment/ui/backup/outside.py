"""Backups without this page: the file of options that a line elsewhere reads, and the lines to copy."""

from __future__ import annotations

import os
import sys

import streamlit as st

from backup_engine.api import BackupError, system_user
from equipment.backups import Backups, Caller
from equipment.server import database
from equipment.server.database import Choice
from equipment.settings import ROOT, Settings, file_of, get_settings, home, is_current
from equipment.ui.backup import timers

COMMAND = "backup_csv_for_db_restore.py"


def show(backups: Backups, caller: Caller) -> None:
    """Draw the settings file's state and the lines."""
    with st.expander("Back up without this page running"):
        settings = get_settings()
        choice = database.choose(settings)
        if choice in (Choice.DEMO, Choice.NONE):
            st.write("There is no database that another program could back up.")
            return
        st.write("The same command makes a backup when one is due and sends what waits to the remotes, with the app "
                 "open or closed. The lines need no environment and no folder: everything is in the settings file, but "
                 "for the login of a remote, which then has to stand in a file (`credentials=file:/PATH`).")
        try:
            _file(backups, caller, settings)
            for text in lines_for(settings, choice):
                st.caption(text.title)
                st.code(text.content, language=text.language)
        except BackupError as error:
            st.error(str(error))
        st.caption("The command's exit code is 0 for a backup made or not needed; see docs/operations.md for the rest. "
                   f"Backups are made {backups.scheduler.preferences.backups.words}.")


def lines_for(settings: Settings, choice: Choice) -> list[timers.Text]:
    """Give the lines of this installation. Raises ``BadInput`` for paths that no line can carry."""
    command = (sys.executable, str(ROOT / COMMAND), "--settings", str(file_of(settings).absolute()), "backup")
    return timers.texts(command, folder=str(home(settings.home)), user=_user(),
                        search_path=_search_path() if choice is Choice.PATH else "",
                        own_server=choice in (Choice.EMBEDDED, Choice.PATH))


def _search_path() -> str:
    """The PATH on which a mongod is found that an empty environment would not find."""
    from equipment.server.embedded import path_binary  # here: Windows has no such module

    binary = path_binary()
    # In an empty environment a program is looked for in these folders only.
    usual = os.defpath.split(os.pathsep)
    return os.pathsep.join((str(binary.parent), *usual)) if binary and str(binary.parent) not in usual else ""


def _user() -> str:
    return system_user() or (str(os.getuid()) if hasattr(os, "getuid") else "")


def _file(backups: Backups, caller: Caller, settings: Settings) -> None:
    path = file_of(settings)
    try:
        current = is_current(settings)
    except BackupError as error:
        st.warning(str(error))
        current = False
    if current:
        st.write(f"The settings file `{path}` says what is in force.")
    elif path.exists():
        st.warning("The settings file says something else than what is in force now: write it again.")
    else:
        st.warning("The lines read a settings file that is still to be written.")
    st.caption("It holds the connection string with its password; only the account of this app may read it.")
    if st.button("Write settings file", icon=":material/save:", disabled=current):
        backups.write_settings(caller, settings)
        st.rerun()
