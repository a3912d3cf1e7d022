"""*Forgot your password?* on the sign-in page: who helps, and where mails are sent, asking for a link."""

from __future__ import annotations

from typing import Final

import streamlit as st

from equipment.accounts.login import SignInRefused
from equipment.messages.personal import forgotten
from equipment.store.access import Db
from equipment.ui.plain import plain
from equipment.ui.visitor import visitor

__all__ = ["begin", "is_open", "offer", "show"]

ASKING: Final = "_equipment_forgotten"
"""Whether the form is drawn in place of the sign-in, and whether it was sent."""
WHO_HELPS: Final = (
    "An administrator gives you a one-time code (User Management → Reset password). Who is the only administrator runs "
    "`python -m equipment user reset NAME` on the server.")


def offer() -> None:
    """Draw the way to the form, or who helps where no mails are sent."""
    if not forgotten.is_offered():
        st.caption(f"Forgotten the password? {WHO_HELPS}")
    elif st.button("Forgot your password?", icon=":material/lock_reset:", type="tertiary", key="forgotten"):
        begin()


def begin() -> None:
    """Draw the form from now on."""
    st.session_state[ASKING] = "form"
    st.rerun()


def is_open() -> bool:
    """Whether the form takes the place of the sign-in."""
    return ASKING in st.session_state and forgotten.is_offered()


def show(db: Db) -> None:
    """Draw the form, and one answer for whatever was typed."""
    st.subheader("Forgot your password?", anchor=False)
    if st.session_state[ASKING] == "asked":
        st.info(forgotten.ANSWER, icon=":material/mail:")
    else:
        _form(db)
    st.caption(f"No e-mail in your account, or nothing comes? {WHO_HELPS}")
    if st.button("Back to the sign-in", icon=":material/arrow_back:", key="forgotten_back"):
        del st.session_state[ASKING]
        st.rerun()


def _form(db: Db) -> None:
    with st.form("forgotten_form", border=True):
        typed = st.text_input("Name or e-mail", autocomplete="username", max_chars=forgotten.LONGEST)
        st.caption("A link comes by mail, by which you choose another password. Until then the old one counts.")
        pressed = st.form_submit_button("Send me a link", type="primary")
    if not pressed:
        return
    if not typed.strip():
        st.error("Type your name or e-mail.", icon=":material/error:")
        return
    try:
        forgotten.ask(db, typed, visitor())
    except SignInRefused as error:
        st.error(plain(str(error)), icon=":material/error:")
        return
    st.session_state[ASKING] = "asked"
    st.rerun()
