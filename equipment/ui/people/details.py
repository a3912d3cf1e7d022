"""The fields of a person: drawn, changed by the account's owner or by an administrator, and shown with a request."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from typing import Final

import streamlit as st

from backup_engine.errors import BackupError, FreshSignInNeeded
from equipment.domain.person import LABELS, MOST, Person
from equipment.messages.personal import notices
from equipment.store.accounts import people
from equipment.store.accounts.users import User
from equipment.ui import asking
from equipment.ui.context import App
from equipment.ui.entrance import again
from equipment.ui.plain import plain

__all__ = ["change", "change_own", "fields", "told"]

TYPED: Final = "_equipment_person_typed"
"""Whose fields were filled in when the question who is there took the place of the dialog, and with what."""
AUTOCOMPLETE = {"first_name": "given-name", "last_name": "family-name", "email": "email", "department": "organization"}


def fields(now: Person) -> Person:
    """Draw the fields with what is known *now*, and give what is typed."""
    values = asdict(now)
    return Person(**{
        field: st.text_input(plain(label), values[field], max_chars=MOST[field], autocomplete=AUTOCOMPLETE[field])
        for field, label in LABELS.items()
    })


def told(user: User) -> None:
    """Draw what who asks for an account said, as text."""
    lines = [f"{LABELS[field]}: {text}" for field, text in asdict(user.person).items() if text]
    if user.wished_role:
        lines.append(f"Wished role: {user.wished_role}")
    if lines:
        st.text("\n".join(lines))


def _forget() -> None:
    st.session_state.pop(TYPED, None)


@st.dialog("Name and e-mail", on_dismiss=_forget)
def change(app: App, user: User, done: Callable[[], object]) -> None:
    """Ask an administrator for another account's fields; *done* is called once they are stored."""
    st.markdown(f"Of the account **{plain(user.name)}**")
    if _form(user.key, user.name, user.person, lambda person: people.change(app.database, app.who, user.key, person)):
        done()


@st.dialog("My name and e-mail", on_dismiss=_forget)
def change_own(app: App) -> None:
    """Ask for the fields of the account that is signed in."""
    key = app.account.key
    if _form(key, app.account.name, people.of(app.database, key),
             lambda person: people.change_own(app.database, app.who, person)):
        st.toast("Saved.", icon=":material/check:")
        st.rerun()


def _form(key: str, name: str, now: Person, store: Callable[[Person], str]) -> bool:
    whose, before_the_question = st.session_state.get(TYPED, ("", now))
    with st.form("person", border=False):
        typed = fields(before_the_question if whose == key else now)
        pressed = st.form_submit_button("Save", type="primary")
    asking.cancel("person", on_click=_forget)
    if not pressed:
        return False
    try:
        email_before = store(typed)
    except BackupError as error:
        if isinstance(error, FreshSignInNeeded):
            st.session_state[TYPED] = (key, typed)
        again.if_needed(error)
        st.error(plain(str(error)), icon=":material/error:")
        return False
    _forget()
    notices.email_changed(name, email_before)
    return True
