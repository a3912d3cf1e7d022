"""Create Backup: make one now, see how things stand, and every set there is."""

from __future__ import annotations

import streamlit as st

from backup_engine.api import BackupError, Created
from equipment import schedules, sealing
from equipment.backups import WRITING, Backups, Caller
from equipment.jobs import Job
from equipment.ui.backup import storing, whose, words
from equipment.ui.backup.create import charts, copies, open_folders, sets
from equipment.ui.parts import metric_cards
from equipment.ui.plain import plain
from equipment.ui.progress import follow

INTERVAL_BOUNDS = (0.1, 168.0)
INTERVAL = "backup_interval"
CHECKED_HOURS = 26
"""A day and two hours: later than this, the newest verified set is too old for a daily habit."""


def show(backups: Backups, caller: Caller) -> None:
    """Draw the sub-tab."""
    _status(backups, caller)
    open_folders.show()
    _controls(backups, caller)
    follow(backups.jobs, WRITING, lambda job: _outcome(backups, caller, job))
    copies.show(backups, caller)
    sets.show(backups, caller)
    charts.show(backups, caller)
    whose.others(backups, caller)


def _status(backups: Backups, caller: Caller) -> None:
    if said := storing.line(stored := sealing.stored(backups, caller)):
        (st.caption if stored.proven else st.warning)(f":material/lock: {said}")
    state = backups.status()
    cards = metric_cards.row()
    last = words.ago(state.age) if state.age is not None else "Never"
    cards.metric("Last backup", last, border=True)
    cards.metric("Backups", f"{state.total:,}", border=True)
    cards.metric("Today", f"{state.today:,}", border=True)
    gap = words.lasting(state.longest_gap) if state.longest_gap is not None else "–"
    cards.metric("Longest gap, 7 days", gap, border=True)
    lost = backups.risk.count()
    changes = "Unknown" if lost is None else f"{lost:,}"
    cards.metric("Unsaved changes", changes, border=True,
                 help="Records changed since the last verified backup, by whomever. If this disk died now, you "
                      "would lose these.")
    free = "–" if state.free_bytes is None else words.size(state.free_bytes)
    cards.metric("Free space", free, border=True)
    if state.room:
        cards.metric("Free for MongoDB", words.size(state.room.free), border=True,
                     help=f"On the disk of the data folder. Below {words.size(state.room.least)} the list is "
                          "read-only.")
    if state.age is not None and state.age.total_seconds() > CHECKED_HOURS * 3600:
        st.warning(f"No verified backup for {words.lasting(state.age)}.", icon=":material/warning:")
    if state.application:
        st.error(f"{plain(state.application[:1].upper() + state.application[1:])}. The list itself is backed up; make "
                 "a new backup now.", icon=":material/shield:")


def _controls(backups: Backups, caller: Caller) -> None:
    interval, button, _ = st.columns([2, 2, 4], vertical_alignment="bottom")
    preferences = backups.scheduler.preferences
    by_cron = bool(preferences.backup_cron)
    # What is stored, also when somebody else has just changed it: only what is typed here is a change.
    st.session_state[INTERVAL] = float(preferences.interval_hours)
    interval.number_input(
        "Set backup interval (hours)", *INTERVAL_BOUNDS, step=0.5, format="%g", key=INTERVAL, disabled=by_cron,
        help=f"Backups are made {plain(preferences.backups.words)}: see Auto Backup." if by_cron else None,
        on_change=_change_interval, args=(backups, caller))
    running = backups.running()
    if button.button("Create Backup Now", type="primary", icon=":material/backup:", disabled=running):
        _start(backups, caller, force=False)
    st.caption(f"{'The schedule' if by_cron else 'The interval'} is that of the automatic backups, for everybody. "
               "*Create Backup Now* does not wait for it: it makes one whenever anything has changed.")


def _change_interval(backups: Backups, caller: Caller) -> None:
    hours = float(st.session_state[INTERVAL])
    try:
        schedules.change(backups, caller, interval_hours=hours)
    except BackupError as error:
        st.error(plain(str(error)))
    else:
        st.toast(f"Backups are made every {words.hours(hours)} now.")


def _start(backups: Backups, caller: Caller, *, force: bool) -> None:
    try:
        backups.create(caller, force=force)
    except BackupError as error:
        st.error(plain(str(error)))
    else:
        st.rerun()


def _outcome(backups: Backups, caller: Caller, job: Job) -> None:
    if not isinstance(job.result, Created):
        return
    created = job.result
    if created.set is None:
        st.info(f"{plain(created.message)}  \nNothing has changed since the last backup.", icon=":material/schedule:")
        if st.button("Back up anyway", icon=":material/backup:"):
            _start(backups, caller, force=True)
        return
    backup = created.set
    seconds = (job.finished - job.started).total_seconds() if job.finished else 0.0
    st.success(
        f"{plain(created.message)}  \n{words.records(backup)} · {words.size(words.stored_bytes(backup))} · "
        f"{seconds:.1f} s · read back", icon=":material/check_circle:",
    )
    with st.expander("Files"):
        for part in backup.parts.values():
            st.code(f"{backup.day}/{part.file}", language=None)
        st.code(f"{backup.day}/{backup.metadata_file}", language=None)
    for warning in created.warnings:
        st.warning(plain(words.said(warning)))
