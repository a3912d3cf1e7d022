"""The line at the top: title, main tabs, state of the data, state of the backups, and the visitor's own menu."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st
from streamlit.elements.lib.mutable_tab_container import TabContainer

from equipment.ui import boundary
from equipment.ui.context import App
from equipment.ui.people import waiting
from equipment.ui.plain import plain

__all__ = ["TAB", "anonymous", "show"]

TAB = "tab"
"""Key of the open main tab in the session and in the address."""
LIST_TAB, BACKUP_TAB, PEOPLE_TAB = "Equipment Records", "Backup & Restore", "User Management"
BACKUP_ICONS = {"ok": ":material/verified:", "note": ":material/info:", "due": ":material/schedule:",
                "alarm": ":material/warning:"}
BACKUP_COLORS = {"ok": "green", "note": "blue", "due": "orange", "alarm": "red"}


def anonymous(title: str, *, demo: bool) -> None:
    """Draw the line for somebody who is not signed in."""
    with st.container(horizontal=True, vertical_alignment="center"):
        st.header(plain(title), anchor=False, width="content")
        if demo:
            _demo()


def show(app: App, title: str, screens: Sequence[str]) -> Sequence[TabContainer]:
    """Draw the line for somebody who is signed in, with one tab a screen, and give the tabs.

    They hold nothing: what is open is drawn below the line, which would otherwise be as narrow as they are.
    """
    with st.container(horizontal=True, vertical_alignment="center", gap="xsmall"):
        st.header(plain(title), anchor=False, width="content")
        _data_badge(app)  # before the tabs: 330 pixels hold it beside the title, not beside the other badge
        tabs = st.tabs(screens, key=TAB, on_change="rerun", bind="query-params")
        # One line whatever the badge says: where there is no room its words end in an ellipsis.
        with st.container(horizontal=True, wrap=False, vertical_alignment="center", gap="xsmall", width="content"):
            if app.may("backup.see"):
                with boundary.guard("The backup badge"):
                    _backup_badge(app)
            _waiting_badge(app)
            _menus(app)
    return tabs


def _data_badge(app: App) -> None:
    if app.demo:
        _demo()
    elif app.read_only:
        why = "The disk is nearly full." if app.short_of_room else "The database accepts no changes from here."
        st.badge("Read-only", icon=":material/lock:", color="orange", help=why)
    else:
        st.badge("Connected", icon=":material/database:", color="green")


def _demo() -> None:
    st.badge("Demo data", icon=":material/science:", color="violet", help="In memory only: gone when the app stops.")


def _backup_badge(app: App) -> None:
    from equipment.ui.backup import badge

    state = badge.of(app)
    color = BACKUP_COLORS[state.level]
    st.button(
        f":{color}-badge[{BACKUP_ICONS[state.level]} {plain(state.text)}]", type="tertiary", key="backup_badge",
        width="stretch",  # the one part of its line that gives way
        on_click=_open, args=(BACKUP_TAB,), help="  \n".join((*map(plain, state.more), "Open Backup & Restore.")),
    )


def _open(tab: str) -> None:
    st.session_state[TAB] = tab


def _waiting_badge(app: App) -> None:
    """Say how many ask for an account. Not in the tab's own name, which stands in the address: Streamlit would drop
    it from there whenever the count changes."""
    with boundary.guard("The requests that wait"):
        if count := waiting.counted(app):
            who = "1 person asks" if count == 1 else f"{count} people ask"
            st.button(f":orange-badge[:material/person_add: {count} waiting]", type="tertiary", key="waiting_badge",
                      on_click=_open, args=(PEOPLE_TAB,), help=f"{who} for an account. Open User Management.")


def _menus(app: App) -> None:
    with boundary.guard("Help"):
        from equipment.ui import help

        help.draw(app)
    with boundary.guard("The account menu"):
        from equipment.ui import account

        account.menu(app, plain(app.account.name))
