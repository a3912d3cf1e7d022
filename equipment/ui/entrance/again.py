"""The question who is there, asked again before what a signed-in page alone is not enough for.

A handler that meets the server's refusal calls ``if_needed``; the page then draws the question over what was filled in,
which stays as it is. Nothing is done by the answer: the person presses the button again.
"""

from __future__ import annotations

from typing import Final

import streamlit as st

from backup_engine.errors import BackupError, FreshSignInNeeded
from equipment.accounts import login
from equipment.accounts.login import SignInRefused
from equipment.ui.context import App
from equipment.ui.entrance import provider, second_factor
from equipment.ui.plain import plain

__all__ = ["if_needed", "show"]

DUE: Final = "_equipment_confirm_due"
TITLE: Final = "Confirm that it is you"


def if_needed(error: BackupError) -> None:
    """Draw the page anew with the question, when *error* asks for it; any other error is left to the caller."""
    if isinstance(error, FreshSignInNeeded):
        st.session_state[DUE] = True
        st.rerun()


def show(app: App) -> None:
    """Draw the question, if it is due and nobody has answered it meanwhile, in another tab or at the provider."""
    if DUE not in st.session_state:
        return
    if not app.account.local:
        provider.renew(app.database, app.who)
    if app.proved_lately():
        del st.session_state[DUE]
        return
    _question(app)


def _forget() -> None:
    st.session_state.pop(DUE, None)


@st.dialog(TITLE, on_dismiss=_forget)
def _question(app: App) -> None:
    st.write("Your last sign-in is more than 10 minutes ago. Nothing was done yet.")
    if not app.account.local:
        st.caption("You come back to this app signed in anew. What you have filled in has to be filled in again.")
        provider.again(app.settings)
        return
    with st.form("confirm_sign_in", border=False):
        typed = st.text_input(f"Password of {plain(app.account.name)}", type="password",
                              autocomplete="current-password")
        code = second_factor.field() if app.account.has_factor else ""
        pressed = st.form_submit_button("Confirm", type="primary")
    if not pressed:
        return
    try:
        login.prove(app.database, app.who, typed, code)
    except SignInRefused as error:
        st.error(plain(str(error)), icon=":material/error:")
        return
    _forget()
    st.toast("Confirmed for 10 minutes. Nothing was done yet: press the button again.", icon=":material/check:")
    st.rerun()
