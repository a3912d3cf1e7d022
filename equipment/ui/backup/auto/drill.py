"""The restore drill: how often, the last one, and one now."""

from __future__ import annotations

import streamlit as st

from backup_engine.api import BackupError
from equipment import schedules
from equipment.backups import WRITING, Backups, Caller
from equipment.jobs import Job
from equipment.ui import time_zone
from equipment.ui.backup import keys, storing, words
from equipment.ui.plain import plain
from equipment.ui.progress import follow

DAYS = "drill_days"


def show(backups: Backups, caller: Caller) -> None:
    """Draw when a backup was last proven restorable, how often that is done, and a button to do it now."""
    st.subheader("Restore drill")
    proven = backups.last_drill()
    if proven is None:
        st.write("No backup has been rehearsed yet. A drill restores the newest backup into scratch collections, "
                 "compares every record and removes them again; the list is not touched.")
    else:
        st.write(f"Last proven restorable: {words.moment(proven, time_zone.of_reader())} "
                 f"({words.ago(backups.now() - proven)}).")
    every = float(backups.scheduler.preferences.drill_every_days)
    needs_key = keys.ask(backups, caller, backups.newest_good(), "drill")
    if needs_key and backups.scheduler.preferences.drills:
        st.caption("By itself the server compares the newest backup's stored bytes only, every seven days.")
    run, rhythm, _ = st.columns([2, 2, 4], vertical_alignment="bottom")
    preferences = backups.scheduler.preferences
    if preferences.drill_cron and preferences.drills is not None:
        rhythm.caption(f"By schedule: {plain(preferences.drills.words)}.")
    else:
        st.session_state[DAYS] = every
        rhythm.number_input("Days between drills (0 = off)", 0.0, 90.0, step=1.0, format="%g", key=DAYS,
                            on_change=_change, args=(backups, caller))
    if run.button("Run restore drill", icon=":material/exercise:", disabled=needs_key or backups.running()):
        try:
            backups.drill(caller)
        except BackupError as error:
            st.error(plain(str(error)))
        else:
            st.rerun()
    follow(backups.jobs, WRITING, _drilled)


def _change(backups: Backups, caller: Caller) -> None:
    try:
        schedules.change(backups, caller, drill_every_days=float(st.session_state[DAYS]))
    except BackupError as error:
        st.error(plain(str(error)))


def _drilled(job: Job) -> None:
    storing.resealed(job)
    if job.about == "backup.drill":
        st.success(plain(job.result.message), icon=":material/verified:")
