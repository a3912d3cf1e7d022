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
from equipment.ui import asking
from equipment.ui.context import App
from equipment.ui.entrance import provider, second_factor, trip
from equipment.ui.plain import plain

__all__ = ["before", "come_back", "if_needed", "show"]

DUE: Final = "_equipment_confirm_due"
REFUSED: Final = "_equipment_confirm_refused"
"""Why what the identity provider said is no proof."""
TITLE: Final = "Confirm that it is you"
CONFIRMED: Final = "Confirmed for 10 minutes. Nothing was done yet: press the button again."


def if_needed(error: BackupError) -> None:
    """Draw the page anew with the question, when *error* asks for it; any other error is left to the caller."""
    if isinstance(error, FreshSignInNeeded):
        st.session_state[DUE] = True
        st.rerun()


def before(app: App) -> None:
    """Draw the page anew with the question, unless it was answered lately."""
    if not app.proved_lately():
        st.session_state[DUE] = True
        st.rerun()


def come_back(app: App) -> None:
    """Take up what was left on the way to the identity provider, if this page is where its person comes back to."""
    said = None if app.account.local else trip.back(app)
    if said is None:
        return
    if said:
        st.session_state[DUE], st.session_state[REFUSED] = True, said
    else:
        st.toast(CONFIRMED, icon=":material/check:")


def show(app: App) -> None:
    """Draw the question, if it is due and nobody has answered it meanwhile in another tab."""
    if DUE not in st.session_state:
        return
    if app.proved_lately():
        _forget()
        return
    _question(app)


def _forget() -> None:
    st.session_state.pop(DUE, None)
    st.session_state.pop(REFUSED, None)


@st.dialog(TITLE, on_dismiss=_forget)
def _question(app: App) -> None:
    st.write("Your last sign-in is more than 10 minutes ago. Nothing was done yet.")
    if not app.account.local:
        if refused := st.session_state.get(REFUSED):
            st.error(plain(refused), icon=":material/error:")
        st.caption("Your organisation asks you to sign in, and you come back here. What you have filled in stays, for "
                   "ten minutes; keys that you pasted do not.")
        provider.again(app.settings, lambda: trip.leave(app))
        asking.cancel("confirm_sign_in", on_click=_forget)
        return
    with st.form("confirm_sign_in", border=False):
        typed = st.text_input(f"Password of {plain(app.account.name)}", type="password",
                              autocomplete="current-password")
        code = second_factor.field() if app.account.has_factor else ""
        pressed = st.form_submit_button("Confirm", type="primary")
    asking.cancel("confirm_sign_in", on_click=_forget)
    if not pressed:
        return
    try:
        login.prove(app.database, app.who, typed, code)
    except SignInRefused as error:
        st.error(plain(str(error)), icon=":material/error:")
        return
    _forget()
    st.toast(CONFIRMED, icon=":material/check:")
    st.rerun()
