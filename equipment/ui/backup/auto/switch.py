"""Whether backups are made by themselves, and who said so."""

from __future__ import annotations

from typing import Any

import streamlit as st

from backup_engine.api import BackupError
from equipment import schedules
from equipment.backups import Backups, Caller
from equipment.schedules import Shown
from equipment.ui import time_zone
from equipment.ui.backup import words
from equipment.ui.plain import plain

SWITCH = "backup_automatic"
ASKED = "backup_automatic_asked"
"""The version of the preferences that was looked at when the switch was turned off and not yet confirmed."""
REFUSED = "backup_automatic_refused"


def show(backups: Backups, caller: Caller) -> None:
    """Draw the switch; while a recovered copy stands by it is off and cannot be touched."""
    if backups.scheduler.standby is not None:
        st.toggle("Automatic backups", value=False, key="backup_automatic_off", disabled=True,
                  help="Off while this recovered copy stands by.")
        st.caption(":material/content_copy: Off because this is a recovered copy: no backups and no restore drills by "
                   "themselves. The button above lets it act.")
        return
    try:
        stands = schedules.shown(backups, caller)
    except BackupError as error:
        st.error(plain(str(error)))
        return
    asking = ASKED in st.session_state and stands.preferences.automatic
    # What is stored, also when somebody else has just changed it: only a click here is a change.
    st.session_state[SWITCH] = stands.preferences.automatic and not asking
    st.toggle("Automatic backups", key=SWITCH, on_change=_turned, args=(backups, caller, stands.preferences.version))
    if refusal := st.session_state.pop(REFUSED, ""):
        st.error(plain(refusal))
    if asking:
        _ask(backups, caller)
    elif stands.preferences.automatic:
        _said(stands)
    else:
        st.warning(f"Off{_since(stands)}. Nothing is backed up by itself, in no server of this installation; restore "
                   "drills, verification and sending to remotes go on.", icon=":material/pause_circle:")


def _ask(backups: Backups, caller: Caller) -> None:
    with st.container(border=True):
        st.write("Switch automatic backups off, for everybody and in every server of this installation? What is "
                 "changed from then on is in no backup until somebody makes one by hand.")
        with st.container(horizontal=True):
            st.button("Switch off", type="primary", icon=":material/pause_circle:", key="backup_automatic_off_sure",
                      on_click=_change, args=(backups, caller, False, st.session_state[ASKED]))
            st.button("Leave them on", key="backup_automatic_stay", on_click=lambda: st.session_state.pop(ASKED, None))


def _turned(backups: Backups, caller: Caller, version: int) -> None:
    if st.session_state[SWITCH]:
        _change(backups, caller, True, version)
    else:
        st.session_state[ASKED] = version


def _change(backups: Backups, caller: Caller, automatic: bool, version: int) -> None:
    st.session_state.pop(ASKED, None)
    try:
        schedules.change(backups, caller, version=version, automatic=automatic)
    except BackupError as error:
        st.session_state[REFUSED] = str(error)


def _said(stands: Shown) -> None:
    made = stands.preferences.backups.words
    st.caption(f"{plain(made[:1].upper() + made[1:])}. Every page load and a background check in the server look "
               "whether a backup is due.")


def _since(stands: Shown) -> str:
    change: Any = stands.preferences.changed.get("automatic")
    if change is None:
        return ""
    since = words.moment(change.at, time_zone.of_reader())[:16]
    return f" since {since}" + (f", by {plain(change.by)}" if change.by else "")
