"""Choose a backup by a moment: the newest good one at it or before."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, datetime, time

import streamlit as st

from backup_engine.api import BackupError, BackupSet
from equipment import continuous
from equipment.backups import Backups, Caller
from equipment.ui import time_zone
from equipment.ui.plain import plain

__all__ = ["show"]

PROBLEM = "restore_moment_problem"


def show(
    backups: Backups, caller: Caller, usable: Sequence[BackupSet], select: Callable[[BackupSet], None]
) -> None:
    """Draw a date, a time and a button that calls ``select`` with the backup of that moment."""
    zone = time_zone.of_reader()
    now = backups.now().astimezone(zone)
    with st.popover("By moment", icon=":material/schedule:", width="stretch"):
        st.date_input("Date", value=now.date(), key="restore_moment_date")
        st.time_input("Time", value=time(now.hour, now.minute), step=60, key="restore_moment_time")
        st.caption(f"By the clock of {plain(time_zone.called(zone))}; the newest good backup at that moment or "
                   "before. In the hour that comes twice when clocks are set back, the first one.")

        def choose() -> None:
            day, clock = st.session_state["restore_moment_date"], st.session_state["restore_moment_time"]
            st.session_state[PROBLEM] = _choose(backups, caller, usable, day, clock, select)

        st.button("Choose this moment", key="restore_moment", on_click=choose)
    if problem := st.session_state.pop(PROBLEM, ""):
        st.warning(plain(problem))


def _choose(
    backups: Backups, caller: Caller, usable: Sequence[BackupSet], day: date, clock: time,
    select: Callable[[BackupSet], None],
) -> str:
    """Select it, or say why there is none."""
    try:
        # by the rules of that date, not by today's offset
        zone, wanted = time_zone.of_reader(), datetime.combine(day, clock)
        at = wanted.replace(tzinfo=zone) if zone else wanted.astimezone(None)
        select(continuous.at(backups, caller, usable, at))
    except BackupError as error:
        return str(error)
    except (ValueError, OverflowError, OSError):  # beside the years this machine can turn into local time
        return "That date is beyond what this machine's clock can show."
    return ""
