"""What everybody may do about their own account: password, sessions, sign-out."""

from __future__ import annotations

import streamlit as st

from backup_engine.errors import BackupError
from equipment.store import sessions, users
from equipment.ui import login, password
from equipment.ui.context import App

__all__ = ["menu"]


def menu(app: App) -> None:
    """Draw the entries of the user menu."""
    if app.account.local and st.button("Change password", icon=":material/password:", width="stretch"):
        _change_password(app)
    if st.button("My sessions", icon=":material/devices:", width="stretch"):
        _sessions(app)
    if st.button("Log out", icon=":material/logout:", width="stretch", key="log_out"):
        login.sign_out(app.database)
        st.rerun()


@st.dialog("Change password")
def _change_password(app: App) -> None:
    if password.form(app.database, app.who, ask_current=True):
        st.toast("Password changed. Your other sessions were ended.", icon=":material/check:")
        st.rerun()


@st.dialog("My sessions", width="medium")
def _sessions(app: App) -> None:
    found = sessions.of_user(app.database, app.account.key)
    st.dataframe(
        [{"This one": one.id == app.who.session, "Since": one.created, "Last seen": one.seen, "Address": one.address,
          "Browser": one.agent} for one in found],
        hide_index=True, height="content",
    )
    if st.button("End all sessions", icon=":material/logout:", help="Signs you out everywhere, here as well."):
        try:
            users.sign_out_everywhere(app.database, app.who, app.account.key)
        except BackupError as error:
            st.error(str(error))
        else:
            st.rerun()
