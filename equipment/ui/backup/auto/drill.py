"""The restore drill: how often, the last one, and one now."""

from __future__ import annotations

import streamlit as st

from backup_engine.api import BackupError
from equipment.backups import WRITING, Backups, Caller
from equipment.jobs import Job
from equipment.ui.backup import keys, storing, words
from equipment.ui.backup.auto.switch import change
from equipment.ui.progress import follow


def show(backups: Backups, caller: Caller) -> None:
    """Draw when a backup was last proven restorable, how often that is done, and a button to do it now."""
    st.subheader("Restore drill")
    proven = backups.last_drill()
    if proven is None:
        st.write("No backup has been rehearsed yet. A drill restores the newest backup into scratch collections, "
                 "compares every record and removes them again; the list is not touched.")
    else:
        st.write(f"Last proven restorable: {words.moment(proven)} "
                 f"({words.ago(backups.now() - proven)} ago).")
    every = float(backups.scheduler.preferences.drill_every_days)
    needs_key = keys.ask(backups, caller, backups.newest_good(), "drill")
    if needs_key and every:
        st.caption("By itself the server compares the newest backup's stored bytes only, every seven days.")
    run, rhythm, _ = st.columns([2, 2, 4], vertical_alignment="bottom")
    chosen = rhythm.number_input("Days between drills (0 = off)", 0.0, 90.0, value=every, step=1.0, format="%g")
    if chosen != every:
        change(backups, caller, drill_every_days=chosen)
    if run.button("Run restore drill", icon=":material/exercise:", disabled=needs_key or backups.running()):
        try:
            backups.drill(caller)
        except BackupError as error:
            st.error(str(error))
        else:
            st.rerun()
    follow(backups.jobs, WRITING, _drilled)


def _drilled(job: Job) -> None:
    storing.resealed(job)
    if job.about == "backup.drill":
        st.success(job.result.message, icon=":material/verified:")
