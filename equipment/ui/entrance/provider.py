"""The button to the identity provider, and the way back from it."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any, Final

import streamlit as st
from streamlit.errors import StreamlitAuthError

from equipment.accounts import oidc, setup
from equipment.accounts.login import SignInRefused
from equipment.settings import Settings
from equipment.store.access import Db, Who, identify
from equipment.store.accounts import users
from equipment.ui.plain import plain
from equipment.ui.visitor import visitor

log = logging.getLogger(__name__)
_REFUSED: Final = "_equipment_provider_refused"


def offer(settings: Settings) -> None:
    """Draw the button, and why the last attempt was refused."""
    if not settings.oidc:
        return
    refused = st.session_state.get(_REFUSED)
    if refused:
        st.error(plain(refused), icon=":material/error:")
    if st.button("Sign in with your organisation", icon=":material/key:", width="stretch"):
        st.session_state.pop(_REFUSED, None)
        _begin(settings)
    st.caption("or with an account of this app")


def _begin(settings: Settings) -> None:
    try:
        st.login(settings.oidc_provider or None)
    except StreamlitAuthError as error:
        log.error("EQUIPMENT_OIDC is on, but [auth] in the secrets file cannot be used: %s", type(error).__name__)
        st.error("The identity provider is not configured. The server's log says more.", icon=":material/error:")


def enter(db: Db, settings: Settings) -> Who | None:
    """Open a session for the person the provider's cookie names, if there is one."""
    if not settings.oidc or not st.user.get("is_logged_in"):
        return None
    try:
        who = oidc.enter(db, claims(), settings, visitor(), setup.lifetimes(settings))
    except SignInRefused as error:
        st.session_state[_REFUSED] = str(error)
        return None
    st.session_state.pop(_REFUSED, None)
    return who


def again(settings: Settings, leave: Callable[[], None]) -> None:
    """Draw the button that sends somebody who is signed in to the provider once more; ``leave`` is called before."""
    if st.button("Sign in with your organisation again", icon=":material/key:", width="stretch"):
        leave()
        _begin(settings)


def claims() -> dict[str, Any]:
    """Give what the provider's cookie says with which this page was opened."""
    return dict(st.user.to_dict())


def leave(db: Db, who: Who) -> None:
    """End every session of the account, or the provider's cookie would open the next one; and drop that cookie."""
    account = identify(db, who)
    if account is not None:
        users.sign_out_everywhere(db, who, account.key)
    st.logout()
