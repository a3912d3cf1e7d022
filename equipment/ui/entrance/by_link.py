"""The page behind the link of a mail: another password is chosen there, and nothing else can be done by it.

Whoever is signed in in this browser sees it as well: they can have forgotten it, too. The secret is in the memory of
this visit, and no longer in the address.
"""

from __future__ import annotations

from typing import Final

import streamlit as st

from backup_engine.errors import BackupError
from equipment.accounts import by_link
from equipment.accounts.login import SignInRefused
from equipment.accounts.passwords import check_rules
from equipment.domain.faults import all_at_once
from equipment.messages.personal import forgotten as links, notices
from equipment.messages.personal.letters import FRAGMENT, PARAMETER
from equipment.store.access import Db
from equipment.store.accounts import password_links
from equipment.ui.entrance import forgotten, password
from equipment.ui.parts import address_secret
from equipment.ui.plain import plain
from equipment.ui.visitor import visitor

__all__ = ["is_open", "show"]

SECRET: Final = "_equipment_link_secret"
DONE: Final = "_equipment_link_done"
"""The name of the account whose password was changed here."""


def is_open() -> bool:
    """Whether somebody came by a link."""
    name, value = PARAMETER
    return SECRET in st.session_state or DONE in st.session_state or st.query_params.get(name) == value


def show(db: Db) -> None:
    """Draw what the link leads to."""
    st.subheader("Choose a new password", anchor=False)
    if DONE in st.session_state:
        st.success(f"The new password of {plain(st.session_state[DONE])} counts from now on. Whoever was signed in "
                   "with the old one no longer is.", icon=":material/check:")
        if st.button("Go to the sign-in", type="primary", key="link_done"):
            _leave()
    elif SECRET not in st.session_state:
        address_secret.read(PARAMETER[0], FRAGMENT, _keep)
        st.caption("The link is being read.")
    else:
        _choose(db, st.session_state[SECRET])


def _choose(db: Db, secret: str) -> None:
    account = password_links.account_behind(db, secret)
    if account is None:
        st.error(by_link.DEAD if secret else "This link is not whole. Copy all of it from the mail.",
                 icon=":material/link_off:")
        if links.is_offered() and st.button("Ask for another link", type="primary", key="link_another"):
            _forget()
            forgotten.begin()
    elif _form(db, secret, account.name):
        st.session_state[DONE] = account.name
        del st.session_state[SECRET]
        st.rerun()
    if st.button("Back", icon=":material/arrow_back:", key="link_back"):
        _leave()


def _form(db: Db, secret: str, name: str) -> bool:
    with st.form("password_by_link", border=True):
        st.markdown(f"For the account **{plain(name)}**")
        chosen, repeated = password.new("New password"), password.again("New password again")
        pressed = st.form_submit_button("Change password", type="primary")
    if not pressed:
        return False
    try:
        all_at_once(lambda: password.must_match(chosen, repeated), lambda: check_rules(chosen, name))
        account = by_link.choose(db, secret, chosen, visitor())
    except (BackupError, SignInRefused) as error:
        st.error(plain(str(error)), icon=":material/error:")
        return False
    notices.password_changed(db, account.key, visitor().address, by_link=True)
    return True


def _keep(secret: str) -> None:
    st.session_state[SECRET] = secret


def _forget() -> None:
    st.query_params.pop(PARAMETER[0], None)
    for key in (SECRET, DONE):
        st.session_state.pop(key, None)


def _leave() -> None:
    _forget()
    st.rerun()
