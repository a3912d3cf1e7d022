"""The second factor on the page: its code at sign-in, setting it up with an app, and the recovery codes."""

from __future__ import annotations

from io import BytesIO
from typing import Final

import segno
import streamlit as st

from backup_engine.errors import BackupError
from equipment.accounts import login
from equipment.accounts.login import SignInRefused
from equipment.store import access
from equipment.store.access import Account, Db, Who
from equipment.store.accounts import factors
from equipment.store.accounts.factors import Offered
from equipment.ui.plain import plain

__all__ = ["ask", "dialog", "due", "field", "is_offered"]

OFFERED: Final = "_equipment_factor_offered"
CODES: Final = "_equipment_factor_codes"
SQUARE: Final = 5
"""Pixels of a square of the code; of 45 squares that is 225, which a phone reads from a screen at arm's length."""


def is_offered(account: Account) -> bool:
    """Whether somebody may set one up, or has one: administrators with a password here."""
    return access.second_factor != "off" and account.local and (account.role == "admin" or account.has_factor)


def field() -> str:
    """Draw the field for a code."""
    return st.text_input("Code", autocomplete="one-time-code", max_chars=40,
                         help="The six digits that your authenticator app shows, or a recovery code.")


def ask() -> str:
    """Draw the question for the code after the password; empty until it was answered."""
    st.subheader("Your second factor", anchor=False)
    with st.form("second_factor", border=True):
        typed = field()
        pressed = st.form_submit_button("Sign in", type="primary")
    st.caption("Neither phone nor recovery codes? Another administrator resets it (User Management → Reset second "
               "factor), or `python -m equipment user reset-factor NAME` on the server.")
    return typed.strip() if pressed else ""


def due(db: Db, who: Who, account: Account) -> None:
    """Draw what has to be done first where this installation asks administrators for one."""
    st.subheader("Set up a second factor", anchor=False)
    st.write(f"Welcome, {plain(account.name)}. Administrators sign in with a code of their phone here, too.")
    _set_up(db, who, account)


@st.dialog("Second factor")
def dialog(db: Db, who: Who, account: Account) -> None:
    """Set it up, or look after it."""
    if CODES in st.session_state:
        _codes()
    elif account.has_factor:
        _look_after(db, who, account)
    else:
        _set_up(db, who, account)


def _set_up(db: Db, who: Who, account: Account) -> None:
    place = st.empty()
    with place.container():
        done = _confirmed(db, who, account)
    if done:  # not by a rerun: where it was due, the account is free then, and the list would take the codes' place
        place.empty()  # else the secret stays below the codes
        with place.container():
            _codes()


def _confirmed(db: Db, who: Who, account: Account) -> bool:
    offered: Offered = st.session_state.setdefault(OFFERED, factors.offer(account.name))
    st.write("Scan this with an authenticator app, then type the six digits it shows.")
    drawn = BytesIO()
    # As text inside the page: a picture file would have an address of its own, and it holds the secret.
    segno.make(offered.address, error="m").save(drawn, kind="svg", scale=SQUARE, border=2, light="#fff", xmldecl=False)
    st.image(drawn.getvalue().decode())
    st.caption("Without a camera, type this into the app:")
    st.code(offered.secret, language=None)
    with st.form("factor_confirm", border=False):
        typed = field()
        pressed = st.form_submit_button("Set up", type="primary")
    if not pressed:
        return False
    try:
        st.session_state[CODES] = factors.confirm(db, who, account.key, offered.secret, typed)
    except BackupError as error:
        st.error(plain(f"{error} {error.hint}"), icon=":material/error:")
        return False
    del st.session_state[OFFERED]
    return True


def _codes() -> None:
    st.success("Recovery codes, for when the phone is lost. They are shown only now; each works once. Keep them where "
               "the phone is not.", icon=":material/check:")
    st.code("\n".join(st.session_state[CODES]), language=None)
    if st.button("I have kept them", type="primary", key="factor_kept", on_click=_kept):
        st.rerun()


def _kept() -> None:
    st.session_state.pop(CODES, None)


def _look_after(db: Db, who: Who, account: Account) -> None:
    st.write(f"Set up. {factors.left(db, account.key):,} of {factors.CODES:,} recovery codes are left.")
    with st.form("factor_change", border=False):
        st.caption("For new recovery codes, which replace the others, or to switch it off, type your password and a "
                   "code.")
        typed = st.text_input("Password", type="password", autocomplete="current-password")
        code = field()
        with st.container(horizontal=True):
            renew = st.form_submit_button("New recovery codes")
            off = st.form_submit_button("Switch off", disabled=access.second_factor == "required",
                                        help="Required here." if access.second_factor == "required" else None)
    if not (renew or off):
        return
    try:
        login.prove(db, who, typed, code)
    except SignInRefused as error:
        st.error(plain(str(error)), icon=":material/error:")
        return
    if renew:
        st.session_state[CODES] = factors.renew_codes(db, who, account.key)
        _codes()
        return
    factors.remove(db, who, account.key)
    st.toast("The password alone opens your account now.", icon=":material/lock_open:")
    st.rerun()
