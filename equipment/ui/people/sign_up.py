"""The form by which somebody asks for an account."""

from __future__ import annotations

import streamlit as st

from backup_engine.errors import BadInput
from equipment.accounts import signup
from equipment.accounts.login import SignInRefused
from equipment.domain.names import LONGEST_NAME
from equipment.domain.person import Person
from equipment.domain.roles import ROLES
from equipment.store.access import Db
from equipment.ui.entrance import password
from equipment.ui.people import details, what_roles_may
from equipment.ui.plain import plain
from equipment.ui.visitor import visitor

__all__ = ["show"]


def show(db: Db) -> None:
    """Draw the form; what is wrong with it is said all at once."""
    with st.expander("Ask for an account"):
        with st.form("sign_up", border=False):
            name = st.text_input("Name", autocomplete="username", max_chars=LONGEST_NAME, help="You sign in with it.")
            chosen, repeated = password.new(), password.again()
            person = details.fields(Person())
            role = st.selectbox("Role you need", ROLES, help="An administrator decides.")
            reason = st.text_input("Why you need it", max_chars=signup.MOST_OF_A_REASON)
            pressed = st.form_submit_button("Ask for an account")
        if pressed:
            _ask(db, name, chosen, repeated, person, role, reason)
    what_roles_may.show()


def _ask(db: Db, name: str, chosen: str, repeated: str, person: Person, role: str, reason: str) -> None:
    try:
        signup.ask(db, name, chosen, reason, visitor(), repeated=repeated, person=person, wished_role=role)
    except (BadInput, SignInRefused) as error:
        st.error(plain(str(error)), icon=":material/error:")
    else:
        st.success("Your request was sent. An administrator decides.", icon=":material/check:")
