"""The line above the tabs: title, state of the data, state of the backups, and the visitor's own menu."""

from __future__ import annotations

import streamlit as st

from equipment.ui import boundary
from equipment.ui.context import App
from equipment.ui.plain import plain

__all__ = ["TAB", "anonymous", "show"]

TAB = "tab"
"""Key of the open main tab in the session and in the address."""
LIST_TAB, BACKUP_TAB = "Equipment Records", "Backup & Restore"
BACKUP_ICONS = {"ok": ":material/verified:", "note": ":material/info:", "due": ":material/schedule:",
                "alarm": ":material/warning:"}
BACKUP_COLORS = {"ok": "green", "note": "blue", "due": "orange", "alarm": "red"}


def anonymous(title: str, *, demo: bool) -> None:
    """Draw the line for somebody who is not signed in."""
    with st.container(horizontal=True, vertical_alignment="center"):
        st.header(title, anchor=False, width="content")
        if demo:
            _demo()


def show(app: App, title: str) -> None:
    """Draw the line for somebody who is signed in."""
    with st.container(horizontal=True, vertical_alignment="center"):
        st.header(title, anchor=False, width="content")
        _data_badge(app)
        if app.may("backup.see"):
            with boundary.guard("The backup badge"):
                _backup_badge(app)
        st.space("stretch")
        _menu(app)


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
        on_click=_open_backups, help="  \n".join((*map(plain, state.more), "Open Backup & Restore.")),
    )


def _open_backups() -> None:
    st.session_state[TAB] = BACKUP_TAB


def _menu(app: App) -> None:
    with boundary.guard("The account menu"):
        from equipment.ui import account

        account.menu(app, plain(app.account.name))
