"""Continuous protection: the switch, what is at risk now, the last backup it made, and the holes."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from backup_engine.api import BackupError
from equipment import continuous
from equipment.backups import Backups, Caller
from equipment.continuous import State
from equipment.ui import time_zone
from equipment.ui.backup import words
from equipment.ui.parts import metric_cards
from equipment.ui.plain import plain

WHAT = ("Every change is backed up within a minute, as a small backup of the changed records alone. Of these one a "
        "minute is kept for 2 hours, one every 10 minutes for a day, one an hour for another day, and then what the "
        "rules below keep.")


def show(backups: Backups, caller: Caller) -> None:
    """Draw the section; while a recovered copy stands by it is off and cannot be touched."""
    st.subheader("Continuous protection")
    state = continuous.state(backups, caller)
    standing_by = backups.scheduler.standby is not None
    on = st.toggle("Back up every change within a minute", value=state.on and not standing_by,
                   key=f"backup_continuous_{state.on and not standing_by}", disabled=bool(state.given) or standing_by)
    if on != state.on and not standing_by and not state.given:
        _switch(backups, caller, on)
    st.caption(WHAT + (f" Set by {state.given}." if state.given else ""))
    if state.on and not standing_by:
        _how_it_goes(backups, state)
    _holes(state)


def _switch(backups: Backups, caller: Caller, on: bool) -> None:
    try:
        continuous.switch(backups, caller, on)
    except BackupError as error:
        st.error(plain(str(error)))
    else:
        st.rerun()


def _how_it_goes(backups: Backups, state: State) -> None:
    if not backups.scheduler.preferences.automatic:
        st.warning("It waits, because automatic backups are off.", icon=":material/pause:")
        return
    if backups.owner().question is not None:
        st.warning("It waits until somebody has answered the question above.", icon=":material/pause:")
        return
    if state.trouble:
        st.warning(plain(state.trouble), icon=":material/warning:")
        return
    cards = metric_cards.row()
    loss = continuous.at_risk(backups)
    cards.metric("At risk now", "Unknown" if loss is None else words.at_risk(loss), border=True,
                 help="What would be lost if this disk died now, from the position of the server's change stream.")
    made = words.ago(backups.now() - state.last.started) if state.last is not None else "None yet"
    size = f" ({words.size(_bytes(state))})" if state.last is not None else ""
    cards.metric("Last one made", made + size, border=True)


def _bytes(state: State) -> int:
    return sum(part.stored_bytes for part in state.last.parts.values()) if state.last is not None else 0


def _holes(state: State) -> None:
    if not state.holes:
        return
    newest, zone = state.holes[0], time_zone.of_reader()
    since, until = words.moment(newest.since, zone), words.moment(newest.until, zone)
    st.warning(f"Between {since} and {until} there may be states of the list that no backup has: {plain(newest.why)}. "
               "A full backup closed the hole.",
               icon=":material/history_toggle_off:")
    with st.expander(words.last(len(state.holes), "hole")):
        rows = [{"From": words.moment(hole.since, zone), "Until": words.moment(hole.until, zone), "Why": hole.why}
                for hole in state.holes]
        st.dataframe(pd.DataFrame(rows), hide_index=True, width="stretch")
