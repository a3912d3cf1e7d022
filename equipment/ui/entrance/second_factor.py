"""The second factor on the page: its code at sign-in, setting it up with an app, and the recovery codes."""

from __future__ import annotations

from io import BytesIO
from typing import Final
from urllib.parse import urlsplit

import segno
import streamlit as st

from backup_engine.errors import BackupError
from equipment.accounts import login
from equipment.accounts.login import SignInRefused
from equipment.settings import get_settings
from equipment.store import access
from equipment.store.access import Account, Db, Who
from equipment.store.accounts import factors
from equipment.store.accounts.factors import Offered
from equipment.ui import asking
from equipment.ui.plain import plain

__all__ = ["ask", "dialog", "due", "field", "is_due", "is_offered"]

OFFERED: Final = "_equipment_factor_offered"
CODES: Final = "_equipment_factor_codes"
TYPED: Final = "_equipment_factor_typed"
SAID: Final = "_equipment_factor_said"
SQUARE: Final = 5
"""Pixels of a square of the code; of 45 squares that is 225, which a phone reads from a screen at arm's length."""


def is_offered(account: Account) -> bool:
    """Whether somebody may set one up, or has one: administrators with a password here."""
    return access.second_factor != "off" and account.local and (account.role == "admin" or account.has_factor)


def field(key: str | None = None) -> str:
    """Draw the field for a code."""
    return st.text_input("Code", key=key, autocomplete="one-time-code", max_chars=40,
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


def is_due(account: Account) -> bool:
    """Whether something has to be done before anything else: to set it up, or to keep the recovery codes."""
    return account.needs_factor or CODES in st.session_state


def due(db: Db, who: Who, account: Account) -> None:
    """Draw what has to be done first."""
    if CODES in st.session_state:
        _codes()
        return
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
        asking.cancel("factor", "Close")
    else:
        _set_up(db, who, account)
        asking.cancel("factor")


def _set_up(db: Db, who: Who, account: Account) -> None:
    offered: Offered = st.session_state.setdefault(OFFERED, factors.offer(account.name, _place()))
    st.write("Scan this with an authenticator app, then type the six digits it shows.")
    drawn = BytesIO()
    # As text inside the page: a picture file would have an address of its own, and it holds the secret.
    segno.make(offered.address, error="m").save(drawn, kind="svg", scale=SQUARE, border=2, light="#fff", xmldecl=False)
    st.image(drawn.getvalue().decode(), alt="QR code for an authenticator app")
    st.caption("Without a camera, type this into the app:")
    st.code(offered.secret, language=None)
    with st.form("factor_confirm", border=False):
        field(TYPED)
        # Before the page is drawn again: what shows the secret is not drawn any more then.
        st.form_submit_button("Set up", type="primary", on_click=_confirm, args=(db, who, account.key, offered.secret))
    if said := st.session_state.pop(SAID, ""):
        st.error(plain(said), icon=":material/error:")


def _place() -> str:
    """Name this installation, for an app that has several of them."""
    return urlsplit(get_settings().public_url).hostname or ""


def _confirm(db: Db, who: Who, key: str, secret: str) -> None:
    try:
        st.session_state[CODES] = factors.confirm(db, who, key, secret, str(st.session_state.get(TYPED, "")))
    except BackupError as error:
        st.session_state[SAID] = f"{error} {error.hint}"
    else:
        st.session_state.pop(OFFERED, None)


def _codes() -> None:
    st.success("Recovery codes, for when the phone is lost. They are shown only now; each works once. Keep them where "
               "the phone is not.", icon=":material/check:")
    st.code("\n".join(st.session_state[CODES]), language=None)
    if st.button("I have kept them", type="primary", key="factor_kept"):
        del st.session_state[CODES]
        st.rerun()


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
