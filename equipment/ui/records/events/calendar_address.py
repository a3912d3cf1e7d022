"""The address under which one's own calendar program reads due work: made, shown once, and taken back."""

from __future__ import annotations

from typing import Final

import streamlit as st

from backup_engine.errors import BackupError
from equipment.server.downloads import calendar_feed
from equipment.store.accounts import calendar_links
from equipment.ui import asking, boundary, links, time_zone
from equipment.ui.context import App
from equipment.ui.parts import copy_button

__all__ = ["show"]

NEW: Final = "_equipment_calendar_address"
"""The secret that was just made, until its dialog is drawn."""


def show(app: App) -> None:
    """Draw what is known of the address, and the buttons; nothing in the demo, which no other program reaches."""
    if app.demo:
        return
    with st.expander("In your calendar", icon=":material/calendar_add_on:"):
        known = calendar_links.of(app.database, app.account.key)
        st.caption(f"Calendar programs read what is overdue and the due work of the next {calendar_feed.DAYS} days at "
                   "an address of your own. Whoever knows it reads that, without signing in.")
        if known:
            used = f"read last {time_zone.shown_time(known.used)}" if known.used else "not read yet"
            st.caption(f"You have one, made {time_zone.shown_time(known.made)}, {used}.")
        with st.container(horizontal=True):
            if st.button("Make another address" if known else "Make an address", icon=":material/add_link:",
                         key="calendar_make", disabled=app.read_only,
                         help="The one you have ends with it." if known else None):
                _make(app)
            if known and st.button("Take it back", icon=":material/link_off:", key="calendar_revoke",
                                   disabled=app.read_only):
                _revoke(app)
    if NEW in st.session_state:
        _show_once(app)


def _make(app: App) -> None:
    try:
        st.session_state[NEW] = calendar_links.issue(app.database, app.who)
    except BackupError as error:
        boundary.explain(error)


def _revoke(app: App) -> None:
    try:
        calendar_links.revoke(app.database, app.who)
    except BackupError as error:
        boundary.explain(error)
        return
    st.toast("The address no longer works.", icon=":material/link_off:")
    st.rerun()


@st.dialog("Your calendar address", width="large", on_dismiss="rerun")
def _show_once(app: App) -> None:
    if NEW not in st.session_state:  # it was shown: whatever is pressed in here closes it
        st.rerun()
    address = links.app_address(app.settings) + calendar_feed.path_of(st.session_state.pop(NEW))
    st.markdown("Add it to your calendar program as a calendar from the internet. **It is shown only now.**")
    st.code(address, language=None, wrap_lines=True)
    with st.container(horizontal=True, vertical_alignment="center"):
        copy_button.draw("Copy the address", address, "copy_calendar")
        asking.cancel("calendar_shown", "Close")
