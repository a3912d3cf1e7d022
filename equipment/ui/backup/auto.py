"""Auto Backup: whether it runs, what it did, and how to run it without this page."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from backup_engine.api import BackupError
from equipment.backups import WRITING, Backups, Caller
from equipment.jobs import Job
from equipment.ui.backup import keys, outside, remotes, retention, storing, words
from equipment.ui.progress import follow


def show(backups: Backups, caller: Caller) -> None:
    """Draw the sub-tab."""
    _switches(backups, caller)
    _next(backups, caller)
    _checks(backups)
    retention.show(backups, caller)
    storing.show(backups, caller)
    _drill(backups, caller)
    remotes.show(backups, caller)
    outside.show(backups, caller)


def _switches(backups: Backups, caller: Caller) -> None:
    preferences = backups.scheduler.preferences
    if backups.scheduler.standby is not None:
        st.toggle("Automatic backups", value=False, key="backup_automatic_off", disabled=True,
                  help="Off while this recovered copy stands by.")
        st.caption(":material/content_copy: Off because this is a recovered copy: no backups and no restore drills by "
                   "themselves. The button above lets it act.")
        return
    automatic = st.toggle("Automatic backups", value=preferences.automatic, key="backup_automatic")
    if automatic != preferences.automatic:
        _change(backups, caller, automatic=automatic)
    st.caption(
        f"Every {words.hours(preferences.interval_hours)}; set the interval under Create Backup. Every page load and a "
        "background check in the server look whether a backup is due."
    )


def _change(backups: Backups, caller: Caller, **changes: object) -> None:
    try:
        backups.change_preferences(caller, **changes)
    except BackupError as error:
        st.error(str(error))
    else:
        st.rerun()


def _next(backups: Backups, caller: Caller) -> None:
    columns = st.columns(4)
    checks = backups.scheduler.checks()
    due = backups.scheduler.due()
    when = "now" if due.is_due else words.moment(due.next_at)[11:16]
    columns[0].metric("Next backup due", "off" if backups.scheduler.standby else when, border=True, help=due.why)
    week = [check for check in checks if (backups.now() - check.last).days < 7]
    for column, result, label in zip(
        columns[1:], ("created", "not needed", "failed"), ("Created, 7 days", "Not needed", "Failed"), strict=True
    ):
        column.metric(label, sum(check.times for check in week if check.result == result), border=True)
    if checks:
        st.write(f"Last check {words.moment(checks[0].last)}: {checks[0].message}")
    if st.button("Run Auto Backup Check Now", icon=":material/play_arrow:"):
        try:
            check = backups.check_now(caller)
        except BackupError as error:
            st.error(str(error))
            return
        show_as = {"created": st.success, "not needed": st.info, "failed": st.error}[check.result]
        show_as(check.message)


def _checks(backups: Backups) -> None:
    checks = backups.scheduler.checks()
    if not checks:
        return
    with st.expander(f"The last {len(checks)} checks"):
        rows = [
            {"When": words.moment(check.last), "Result": check.result.capitalize(), "Times": check.times,
             "Started by": words.TRIGGERS.get(check.trigger, check.trigger), "What it said": check.message}
            for check in checks
        ]
        st.dataframe(pd.DataFrame(rows), hide_index=True, width="stretch")


def _drill(backups: Backups, caller: Caller) -> None:
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
        _change(backups, caller, drill_every_days=chosen)
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
