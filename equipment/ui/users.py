"""User Management: who may sign in, with which role."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import streamlit as st

from backup_engine.errors import BackupError
from equipment.accounts import signup
from equipment.domain.roles import ROLES
from equipment.messages.personal import notices
from equipment.store.accounts import factors, sessions, users
from equipment.store.accounts.users import CODE_HOURS, User
from equipment.ui import asking, time_zone
from equipment.ui.context import App
from equipment.ui.entrance import again
from equipment.ui.parts import chosen_rows, copy_button
from equipment.ui.people import details, tokens, waiting, what_roles_may
from equipment.ui.plain import plain

__all__ = ["show"]

NEW_CODE: Final = "_users_new_code"
CHOSEN: Final = "users_chosen"
SHOWN: Final = 20
"""Requests drawn; more of them are a flood, and each is a box with four widgets."""
STATES: Final = {
    "active": "Active", "disabled": "Disabled", "pending": "Waits for approval", "rejected": "Not approved",
}


def show(app: App) -> None:
    """Draw the screen. Raises ``AdminOnly`` for everybody else."""
    everybody = users.listed(app.database, app.who)
    if NEW_CODE in st.session_state:
        _show_code()
    asking = [user for user in everybody if user.state == "pending"]
    with st.container(horizontal=True, vertical_alignment="center"):
        # not at the end of the line, where the table shows its own tools
        st.markdown(f"**{_count(everybody)}**", width="content")
        if st.button("New user", icon=":material/person_add:", type="primary"):
            again.before(app)
            _new_user(app)
    for user in asking[:SHOWN]:
        _waiting(app, user)
    if len(asking) > SHOWN:
        _many_waiting(app, len(asking))
    chosen = _table(everybody)
    if chosen is not None:
        _actions(app, chosen)
    tokens.everybodys(app)
    what_roles_may.show()
    st.divider()
    _sign_up_switch(app)


def _count(everybody: list[User]) -> str:
    asking = sum(user.state == "pending" for user in everybody)
    words = f"{len(everybody)} user" + ("s" if len(everybody) != 1 else "")
    return f"{words}, {asking} waiting for approval" if asking else words


def _table(everybody: list[User]) -> User | None:
    rows = [
        {"Name": user.name, "Person": user.person.full_name, "E-mail": user.person.email,
         "Department": user.person.department, "Role": user.role, "State": _state(user),
         "Last sign-in": time_zone.shown_time(user.last_sign_in) if user.last_sign_in else "never",
         "Created": time_zone.shown_time(user.created),
         "Signs in with": _way(user)}
        for user in everybody
    ]
    chosen_rows.draw(CHOSEN, rows, [user.key for user in everybody], height="content")
    if (chosen := chosen_rows.chosen(CHOSEN)) and (found := [user for user in everybody if user.key in chosen]):
        return found[0]
    st.caption("Select a user to change the role, reset the password, disable the account or end its sessions.")
    return None


def _way(user: User) -> str:
    if not user.local:
        return "identity provider"
    return "password and code" if user.has_factor else "password"


def _state(user: User) -> str:
    if user.state == "active" and user.code_until:
        return "One-time code not used yet"
    if user.state == "active" and user.must_change:
        return "Must choose a password"
    return STATES[user.state]


def _actions(app: App, user: User) -> None:
    db, who, key = app.database, app.who, user.key
    live = len(sessions.of_user(db, key))
    with st.container(border=True):
        st.markdown(f"**{plain(user.name)}**, signed in " + ("once" if live == 1 else f"{live} times"))
        with st.container(horizontal=True, vertical_alignment="bottom"):
            role = st.selectbox("Role", ROLES, index=ROLES.index(user.role), key=f"role_{key}_{user.role}",
                                width=180)
            if st.button("Change role", disabled=role == user.role):
                _do(lambda: users.set_role(db, who, key, role), f"{user.name} is now {role}.")
            own = key == app.account.key
            what = "Yours is changed under your name at the top." if own else "Gives a one-time code; the old one ends."
            if user.local and st.button("Reset password", disabled=own, help=what):
                _do(lambda: _reset_password(app, user))
            if user.has_factor and st.button("Reset second factor", disabled=own, help="For who has lost the phone and "
                                             "the recovery codes. The password alone opens the account then."):
                _do(lambda: _reset_factor(app, user), f"{user.name} signs in with the password alone.")
            if user.state == "active" and st.button("Disable", help="Ends all sessions; can be enabled again."):
                _do(lambda: users.disable(db, who, key), f"{user.name} can no longer sign in.")
            if user.state == "disabled" and st.button("Enable"):
                _do(lambda: users.enable(db, who, key), f"{user.name} can sign in again.")
            if user.state == "rejected" and st.button("Approve after all"):
                _do(lambda: users.approve(db, who, key), f"{user.name} can sign in.")
            if st.button("Name and e-mail", icon=":material/badge:"):
                again.before(app)
                details.change(app, user, _again)
            if st.button("End all sessions", disabled=not live):
                _do(lambda: users.end_sessions(db, who, key), f"{user.name} is signed out everywhere.")


def _reset_password(app: App, user: User) -> None:
    _keep_code(user.name, users.reset(app.database, app.who, user.key))
    notices.password_reset(app.database, user.key)


def _reset_factor(app: App, user: User) -> None:
    factors.reset(app.database, app.who, user.key)
    notices.factor_reset(app.database, user.key)


def _waiting(app: App, user: User) -> None:
    with st.container(border=True):
        st.markdown(f"**{plain(user.name)}** asks for an account")
        details.told(user)
        if user.note:
            st.text(user.note)
        with st.container(horizontal=True, vertical_alignment="bottom"):
            role = st.selectbox("Role", ROLES, key=f"approve_role_{user.key}", width=180)
            if st.button("Approve", type="primary", key=f"approve_{user.key}"):
                _do(lambda: users.approve(app.database, app.who, user.key, role), f"{user.name} can sign in.")
            reason = st.text_input("Reason", key=f"reason_{user.key}", max_chars=500, placeholder="The person reads it")
            if st.button("Reject", key=f"reject_{user.key}"):
                _do(lambda: users.reject(app.database, app.who, user.key, reason), f"{user.name} was not approved.")


def _many_waiting(app: App, count: int) -> None:
    st.info(f"{count - SHOWN} more wait for approval. They come up as these are decided.", icon=":material/group_add:")
    if asking.button(
        "Reject all that wait", f"All {count} requests are declined, those above as well. Each person can be approved "
        "after all.", f"Reject {count} requests", "reject_all", icon=":material/group_remove:",
    ):
        _do(lambda: users.reject_all(app.database, app.who), f"{count} requests were declined.")


@st.dialog("New user")
def _new_user(app: App) -> None:
    with st.form("new_user", border=False):
        name = st.text_input("Name", max_chars=64)
        role = st.selectbox("Role", ROLES)
        st.caption(f"The person signs in with a one-time code, good for {CODE_HOURS} hours, and chooses a password.")
        pressed = st.form_submit_button("Create", type="primary")
    asking.cancel("new_user")
    if not pressed:
        return
    try:
        user, code = users.create(app.database, app.who, name, role)
    except BackupError as error:
        again.if_needed(error)
        st.error(plain(str(error)), icon=":material/error:")
        return
    _keep_code(user.name, code or "")
    _again()


@st.dialog("One-time code", on_dismiss="rerun")
def _show_code() -> None:
    if NEW_CODE not in st.session_state:  # it was shown: whatever is pressed in here closes it
        st.rerun()
    name, code = st.session_state.pop(NEW_CODE)
    st.markdown(f"Give this code to **{plain(name)}**. It is shown only now, works once and within {CODE_HOURS} hours.")
    st.code(code, language=None)
    copy_button.draw("Copy the code", code, "copy_code")
    st.caption("It is typed in place of the password; a new password is then chosen.")
    asking.cancel("code", "Close")


def _sign_up_switch(app: App) -> None:
    now = signup.is_open(app.database)
    # What is stored is in the key: else the page of somebody else, left open, would switch back what is changed here.
    wished = st.toggle("People may ask for an account on the sign-in page", value=now, key=f"sign_up_open_{now}",
                       help="Nobody gets in before an administrator approves.")
    if wished != now:
        _do(lambda: signup.switch(app.database, app.who, wished))


def _keep_code(name: str, code: str) -> None:
    st.session_state[NEW_CODE] = (name, code)


def _do(action: Callable[[], object], done: str = "") -> None:
    """Run one change; say what came of it."""
    try:
        action()
    except BackupError as error:
        again.if_needed(error)
        st.error(plain(str(error)), icon=":material/error:")
        return
    if done:
        st.toast(plain(done), icon=":material/check:")
    waiting.decided()
    _again()


def _again() -> None:
    chosen_rows.forget(CHOSEN)
    st.rerun()
