"""What everybody may do about their own account: password, sessions, tokens, sign-out."""

from __future__ import annotations

import streamlit as st

from backup_engine.errors import BackupError
from equipment.domain.agents import browser_of
from equipment.store.accounts import sessions, users
from equipment.ui import asking, time_zone
from equipment.ui.context import App
from equipment.ui.entrance import again, login, password, second_factor
from equipment.ui.people import details, tokens
from equipment.ui.plain import plain

__all__ = ["menu"]

PERSON, PASSWORD, FACTOR = "My name and e-mail", "Change password", "Second factor"
SESSIONS, TOKENS, LOG_OUT = "My sessions", "API tokens", "Log out"
ICONS = {PERSON: ":material/badge:", PASSWORD: ":material/password:", FACTOR: ":material/phonelink_lock:",
         SESSIONS: ":material/devices:", TOKENS: ":material/key:",
         LOG_OUT: ":material/logout:"}


def menu(app: App, label: str) -> None:
    """Draw the user menu under *label*: the role, and what can be done."""
    options = [PERSON, *([PASSWORD] if app.account.local else []),
               *([FACTOR] if second_factor.is_offered(app.account) else []), SESSIONS, TOKENS, LOG_OUT]
    picked = st.menu_button(
        label, options, key="user_menu", icon=":material/account_circle:", type="tertiary",
        help=f"Role: {plain(app.account.role)}", format_func=lambda option: f"{ICONS[option]} {option}",
    )
    if picked == PERSON:
        details.change_own(app)
    elif picked == PASSWORD:
        _change_password(app)
    elif picked == FACTOR:
        again.before(app)
        second_factor.dialog(app.database, app.who, app.account)
    elif picked == SESSIONS:
        _sessions(app)
    elif picked == TOKENS:
        again.before(app)
        tokens.own(app)
    elif picked == LOG_OUT:
        login.sign_out(app.database)
        st.rerun()


@st.dialog("Change password")
def _change_password(app: App) -> None:
    if password.form(app.database, app.who, ask_current=True):
        st.toast("Password changed. Your other sessions were ended.", icon=":material/check:")
        st.rerun()
    asking.cancel("change_password")


@st.dialog("My sessions", width="medium")
def _sessions(app: App) -> None:
    live = sessions.of_user(app.database, app.account.key)
    st.dataframe(
        [{"This one": session.id == app.who.session, "Since": time_zone.shown_time(session.created),
          "Last seen": time_zone.shown_time(session.seen),
          "Address": session.address, "Browser": browser_of(session.agent) or session.agent} for session in live],
        hide_index=True, height="content",
    )
    if st.button("End all sessions", icon=":material/logout:",
                 help="Signs you out everywhere, here as well. Your API tokens end."):
        try:
            users.sign_out_everywhere(app.database, app.who, app.account.key)
        except BackupError as error:
            st.error(plain(str(error)))
        else:
            st.rerun()
    asking.cancel("sessions", "Close")
