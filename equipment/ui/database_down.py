"""The page when MongoDB does not answer."""

from __future__ import annotations

import pymongo
import streamlit as st

from backup_engine.errors import DatabaseUnreachable
from equipment.server import database
from equipment.settings import Settings
from equipment.ui import boundary
from equipment.ui.context import App
from equipment.ui.plain import plain

__all__ = ["remember", "show"]

LAST_ADMIN = "_last_admin"
CHECKS = {
    database.Choice.URI: (
        "Is the MongoDB server running, and reachable from this machine?",
        "Are the host, user name and password in `MONGODB_URI` right? Special characters in the password must be "
        "percent-encoded.",
        "Does a firewall or an access list let this machine in?",
    ),
    database.Choice.EMBEDDED: (
        "Is there space left on the disk that holds the data folder?",
        "Does this user own the data folder, and is it on a local disk?",
        "What does `mongod.log` in the data folder say in its last lines?",
    ),
}


def remember(app: App) -> None:
    """Keep who is signed in, so that an administrator still reaches the backups if the database goes away."""
    if app.may("backup.see"):
        st.session_state[LAST_ADMIN] = app
    else:
        st.session_state.pop(LAST_ADMIN, None)


def show(settings: Settings, error: DatabaseUnreachable) -> None:
    """Say what cannot be reached, what to check, and offer to try again."""
    with st.container(border=True):
        st.header("Database connection failed", anchor=False)
        st.write(plain(error.message.partition(": ")[2] or error.message))
        if error.hint:
            st.write(plain(error.hint))
        checks = CHECKS.get(database.choose(settings), CHECKS[database.Choice.EMBEDDED])
        st.markdown("\n".join(f"{number}. {check}" for number, check in enumerate(checks, 1)))
        st.caption("Nothing is lost: the list is where it was, and the backups are untouched.")
        st.button("Retry", icon=":material/refresh:", type="primary")
    last = st.session_state.get(LAST_ADMIN)
    if isinstance(last, App):
        _backups(settings, last)


def _backups(settings: Settings, last: App) -> None:
    st.subheader("Backups on disk", anchor=False)
    st.caption("You are signed in as an administrator, so you can look at the backups while the database is away.")
    with boundary.guard("Backup & Restore"):
        from backup_csv_for_db_restore import backup_restore_ui

        backup_restore_ui(App(settings, _away(settings), last.who, last.account))


def _away(settings: Settings) -> database.Db:
    """A handle that fails at once instead of after seconds: each check of the caller's role tries it."""
    client: database.Client = pymongo.MongoClient("mongodb://127.0.0.1:1", connect=False, serverSelectionTimeoutMS=1)
    return client[settings.mongodb_database]
