"""Tokens for programs: made, seen and revoked by their owner, and seen and revoked by administrators."""

from __future__ import annotations

from typing import Final

import streamlit as st

from backup_engine.errors import BackupError
from equipment.domain.roles import ROLES
from equipment.store.accounts import tokens
from equipment.store.accounts.tokens import LONGEST_DAYS, SCOPES, USUAL_DAYS, Token
from equipment.ui import asking, links, time_zone
from equipment.ui.context import App
from equipment.ui.entrance import again
from equipment.ui.parts import copy_button
from equipment.ui.plain import plain

__all__ = ["everybodys", "own"]

NEW: Final = "_equipment_new_token"
"""Name and text of the token that was just made: shown once."""
SCOPE_WORDS: Final = {"read": "read only", "write": "read and change"}
STATES: Final = {"good": "Good", "revoked": "Revoked", "expired": "Expired", "signed out": "Ended with all sessions"}


def _forget() -> None:
    st.session_state.pop(NEW, None)


@st.dialog("API tokens", width="medium", on_dismiss=_forget)
def own(app: App) -> None:
    """Draw the tokens of the account that is signed in, and the form for another one."""
    st.caption(f"With a token a program does what you may do, under your name. [What there is]({_docs()})")
    above, below = st.container(), st.container()
    with below:  # first, so that what it makes stands above
        _form(app)
    with above:
        if NEW in st.session_state:
            _shown_once()
        listed = tokens.own(app.database, app.who)
        _table(listed, with_user=False)
        _revoking(app, listed, "own")
        asking.cancel("tokens", "Close", _forget)


def everybodys(app: App) -> None:
    """Draw the tokens of all accounts. Raises ``AdminOnly`` for everybody but administrators."""
    listed = tokens.everybodys(app.database, app.who)
    with st.expander(f"API tokens ({len(listed):,})", icon=":material/key:"):
        _table(listed, with_user=True)
        _revoking(app, listed, "all")


def _docs() -> str:
    return links.to("/api/v1/docs")


def _shown_once() -> None:
    name, text = st.session_state[NEW]
    st.success(f"This is the token {plain(name)}. It is shown only now.", icon=":material/key:")
    st.code(text, language=None, wrap_lines=True)
    copy_button.draw("Copy the token", text, "copy_token")


def _table(listed: list[Token], *, with_user: bool) -> None:
    if not listed:
        st.caption("There are none yet.")
        return
    st.dataframe(
        [{**({"Account": token.user} if with_user else {}), "Name": token.name, "State": STATES[token.state],
          "May": SCOPE_WORDS[token.scope], "Role": token.role, "Until": time_zone.shown_time(token.until),
          "Last used": time_zone.shown_time(token.used) if token.used else "never", "From": token.used_from}
         for token in listed],
        hide_index=True, height="content",
    )


def _revoking(app: App, listed: list[Token], place: str) -> None:
    good = {token.number: token for token in listed if token.state == "good"}
    if not good:
        return
    with st.container(horizontal=True, vertical_alignment="bottom"):
        number = st.selectbox("Token", list(good), key=f"token_{place}_{len(good)}",
                              format_func=lambda number: plain(f"{good[number].user}: {good[number].name}"))
        if st.button("Revoke", icon=":material/block:", key=f"revoke_{place}",
                     help="It ends at its next request, and does not come back."):
            try:
                tokens.revoke(app.database, app.who, number)
            except BackupError as error:
                st.error(plain(str(error)), icon=":material/error:")
            else:
                _forget()
                st.toast("Revoked.", icon=":material/check:")
                st.rerun()


def _form(app: App) -> None:
    roles = ROLES[: ROLES.index(app.account.role) + 1]
    with st.form("new_token", border=True, clear_on_submit=False):
        name = st.text_input("Name", max_chars=64, placeholder="What it is for, such as inventory sync")
        with st.container(horizontal=True):
            scope = st.selectbox("May", SCOPES, format_func=lambda scope: SCOPE_WORDS[scope])
            role = st.selectbox("Role", roles, index=len(roles) - 1, help="Never more than your own at that moment.")
            days = st.number_input("Days", 1, LONGEST_DAYS, USUAL_DAYS)
        pressed = st.form_submit_button("Make a token", type="primary")
    if not pressed:
        return
    try:
        token, text = tokens.make(app.database, app.who, name, role, scope, int(days))
    except BackupError as error:
        again.if_needed(error)
        st.error(plain(str(error)), icon=":material/error:")
        return
    st.session_state[NEW] = (token.name, text)
