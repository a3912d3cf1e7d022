"""Who is looking at this page, and the forms for those who are nobody yet."""

from __future__ import annotations

import time
from typing import Final, NoReturn

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from equipment.accounts import cookie as cookies, login, oidc, routes, setup, signup
from equipment.accounts.login import HalfWay, SecondFactorNeeded, SignInRefused
from equipment.server.gate import sockets
from equipment.settings import Settings
from equipment.store.access import Account, Db, Who, identify
from equipment.store.accounts import sessions
from equipment.store.accounts.tickets import digest
from equipment.ui import database_down, links
from equipment.ui.entrance import by_link, first_run, forgotten, password, provider, recovery, second_factor
from equipment.ui.parts import errand
from equipment.ui.people import sign_up
from equipment.ui.plain import plain
from equipment.ui.visitor import visitor

__all__ = ["current", "show", "sign_out"]

WHO: Final = "_equipment_who"
ERRAND: Final = "_equipment_errand"
HALF_WAY: Final = "_equipment_half_way"
"""Who has typed the password and not yet the code."""
TOUCHED: Final = "_equipment_touched"
"""Which session this page has kept alive, and when: asking the database at every rerun would cost a command each."""


def current(db: Db, settings: Settings) -> tuple[Who, Account] | None:
    """Give who is signed in here and may go on, read from the database now.

    Known from this page's memory, the cookie or the identity provider; None sends the visitor to ``show``, as does a
    link of a mail that has just been opened.
    """
    if by_link.is_open():
        return None
    who = st.session_state.get(WHO) or _by_cookie(db, settings) or _from_provider(db, settings)
    account = account_of(db, settings, who) if who else None
    if who is None or account is None:
        if who is not None:
            _forget()
        return None
    _remember(who, account)
    _admit(account)
    if account.must_change_password or second_factor.is_due(account):
        return None
    _run_errand(db)
    return who, account


def account_of(db: Db, settings: Settings, who: Who) -> Account | None:
    """Give the account behind *who* as the database has it now, and keep its session from ending for want of use."""
    account = identify(db, who)
    if account is not None:
        last, at = st.session_state.get(TOUCHED, ("", 0.0))
        if last != who.session or time.monotonic() - at >= sessions.TOUCH_SECONDS:
            sessions.touch(db, who.session, setup.lifetimes(settings))
            st.session_state[TOUCHED] = who.session, time.monotonic()
    return account


def show(db: Db, settings: Settings) -> NoReturn:
    """Draw what somebody unknown sees: the first run's form, or sign-in; and end the page there."""
    _run_errand(db)
    _, middle, _ = st.columns([1, 2, 1])
    with middle:
        who = st.session_state.get(WHO)
        due = identify(db, who) if who else None
        if by_link.is_open():
            by_link.show(db)
        elif who and due and due.must_change_password:
            _new_password_due(db, who, due)
        elif who and due and second_factor.is_due(due):
            second_factor.due(db, who, due)
            _log_out(db)
        elif recovery.follow(db, settings):
            pass  # nothing else can be done meanwhile, and half of the accounts may be there
        elif setup.is_first_run(db):
            first_run.show(db, settings, lambda name, chosen: _enter(db, settings, name, chosen))
        elif forgotten.is_open():
            forgotten.show(db)
        else:
            _sign_in(db, settings)
            if signup.is_open(db):
                sign_up.show(db)
    st.stop()


def sign_out(db: Db) -> None:
    """End this page's session and let the browser drop its cookie."""
    who = st.session_state.get(WHO)
    if who is None:
        return
    if oidc.belongs(db, who):
        provider.leave(db, who)
    ticket = sessions.issue_ticket(db, who.session, "sign-out")
    login.sign_out(db, who)
    _forget()
    st.session_state[ERRAND] = (routes.SIGN_OUT, ticket)


def _new_password_due(db: Db, who: Who, account: Account) -> None:
    st.subheader("Choose a new password", anchor=False)
    st.write(f"Welcome, {plain(account.name)}. The one-time code is used up; choose the password that counts from now "
             "on.")
    if password.form(db, who, ask_current=False):
        st.rerun()
    _log_out(db)


def _log_out(db: Db) -> None:
    if st.button("Log out", icon=":material/logout:", key="log_out"):
        sign_out(db)
        st.rerun()


def _sign_in(db: Db, settings: Settings) -> None:
    if half_way := st.session_state.get(HALF_WAY):
        _code(db, settings, half_way)
        return
    st.subheader("Sign in")
    provider.offer(settings)
    with st.form("sign_in", border=True):
        name = st.text_input("Name", autocomplete="username", max_chars=200)
        typed = st.text_input("Password", type="password", autocomplete="current-password")
        pressed = st.form_submit_button("Sign in", type="primary")
    forgotten.offer()
    if not pressed:
        return
    try:
        _enter(db, settings, name, typed)
    except SignInRefused as error:
        st.error(plain(str(error)), icon=":material/error:")


def _enter(db: Db, settings: Settings, name: str, typed: str) -> NoReturn:
    try:
        who, _ = login.sign_in(db, name, typed, visitor(), lifetimes=setup.lifetimes(settings))
    except SecondFactorNeeded as needed:
        st.session_state[HALF_WAY] = needed.half_way
        st.rerun()
    _come_in(db, who)


def _code(db: Db, settings: Settings, half_way: HalfWay) -> None:
    typed = second_factor.ask()
    if st.button("Back", icon=":material/arrow_back:", key="factor_back"):
        del st.session_state[HALF_WAY]
        st.rerun()
    if not typed:
        return
    try:
        who, _ = login.with_code(db, half_way, typed, visitor(), lifetimes=setup.lifetimes(settings))
    except SignInRefused as error:
        st.error(plain(str(error)), icon=":material/error:")
        return
    del st.session_state[HALF_WAY]
    _come_in(db, who)


def _come_in(db: Db, who: Who) -> NoReturn:
    st.session_state[WHO] = who
    st.session_state[ERRAND] = (routes.SIGN_IN, sessions.issue_ticket(db, who.session, "sign-in"))
    st.rerun()


def _by_cookie(db: Db, settings: Settings) -> Who | None:
    cookie = cookies.given(st.context.cookies, settings)
    # In a test of the page, without a browser, the cookie is a MagicMock.
    session = sessions.by_cookie(db, cookie) if cookie and isinstance(cookie, str) else None
    if session is None:
        return None
    account = identify(db, Who(session, ""))
    if account is not None and cookies.is_old(st.context.cookies, settings):
        st.session_state[ERRAND] = (routes.SIGN_IN, sessions.issue_ticket(db, session, "sign-in"))
    return None if account is None else Who(session, account.name, visitor().address)


def _from_provider(db: Db, settings: Settings) -> Who | None:
    """Bring in whoever the identity provider names; they get our cookie too, by which down- and uploads know them."""
    who = provider.enter(db, settings)
    if who is not None:
        st.session_state[ERRAND] = (routes.SIGN_IN, sessions.issue_ticket(db, who.session, "sign-in"))
    return who


def _admit(account: Account) -> None:
    """Tell the server whose socket this is: it was opened before the sign-in, by a stranger."""
    run = get_script_run_ctx()
    if run is not None:
        sockets.admit(run.session_id, account.key)


def _remember(who: Who, account: Account) -> None:
    st.session_state[WHO] = who
    # For code written against the original example; nothing here decides by them.
    st.session_state.username = account.name
    st.session_state.user_role = account.role


def _forget() -> None:
    for key in (WHO, database_down.LAST_ADMIN, "username", "user_role"):
        st.session_state.pop(key, None)


def _run_errand(db: Db) -> None:
    """Send the browser to a route of ours; drawn until it has been there, which the ticket tells.

    Its place is always taken, so that nothing else on the page moves when it goes.
    """
    place = st.empty()
    due = st.session_state.get(ERRAND)
    if due is None:
        return
    path, ticket = due
    if not sessions.awaits(db, ticket):
        del st.session_state[ERRAND]
        return
    with place:
        errand.send(f"errand_{digest(ticket)[:12]}", links.to(path), ticket)
