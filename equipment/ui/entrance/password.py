"""Choosing a password: the fields, and the form that changes one's own."""

from __future__ import annotations

import streamlit as st

from backup_engine.errors import BadInput
from equipment.accounts import login
from equipment.accounts.login import SignInRefused
from equipment.accounts.passwords import SHORTEST, check_rules
from equipment.domain.faults import all_at_once
from equipment.messages.personal import notices
from equipment.store.access import Db, Who
from equipment.ui.plain import plain


def new(label: str = "Password") -> str:
    """Draw the field for a new password."""
    help_text = f"At least {SHORTEST} characters."
    return st.text_input(label, type="password", autocomplete="new-password", help=help_text)


def again(label: str = "Password again") -> str:
    """Draw the field that guards against a slip."""
    return st.text_input(label, type="password", autocomplete="new-password")


def must_match(chosen: str, repeated: str) -> None:
    """Raise ``BadInput`` when the two differ."""
    if chosen != repeated:
        raise BadInput("The two passwords differ.")


def form(db: Db, who: Who, *, ask_current: bool) -> bool:
    """Draw the form that changes the password of *who*; True once it is done."""
    with st.form("change_password", border=not ask_current):
        current = None
        if ask_current:
            current = st.text_input("Current password", type="password", autocomplete="current-password")
        chosen, repeated = new("New password"), again("New password again")
        pressed = st.form_submit_button("Change password", type="primary")
    if not pressed:
        return False
    try:
        all_at_once(lambda: must_match(chosen, repeated), lambda: check_rules(chosen, who.name))
        account = login.change_password(db, who, current, chosen)
    except (BadInput, SignInRefused) as error:
        st.error(plain(str(error)), icon=":material/error:")
        return False
    notices.password_changed(db, account.key, who.address)
    return True
