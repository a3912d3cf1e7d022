"""What the automatic backups did, and when the next one is due."""

from __future__ import annotations

from datetime import datetime, timedelta, tzinfo

import pandas as pd
import streamlit as st

from backup_engine.api import BackupError
from equipment.backups import Backups, Caller
from equipment.ui import time_zone
from equipment.ui.backup import words
from equipment.ui.parts import metric_cards
from equipment.ui.plain import plain


def show(backups: Backups, caller: Caller) -> None:
    """Draw when the next backup is due, what the last checks came to, and a button to check now."""
    cards = metric_cards.row()
    checks = backups.scheduler.checks()
    due = backups.scheduler.due()
    off = not backups.scheduler.preferences.automatic or backups.scheduler.standby is not None
    zone = time_zone.of_reader()
    when = "off" if off else "now" if due.is_due else _coming(due.next_at, backups.now(), zone)
    cards.metric("Next backup due", when, border=True,
                 help=f"{plain(due.why)}  \nThe times here are those of {plain(time_zone.called(zone))}.")
    week = [check for check in checks if (backups.now() - check.last).days < 7]
    for result, label in (("created", "Created, 7 days"), ("not needed", "Not needed"), ("failed", "Failed")):
        cards.metric(label, sum(check.times for check in week if check.result == result), border=True)
    if checks:
        st.write(f"Last check {words.moment(checks[0].last, zone)}: {plain(checks[0].message)}")
    if st.button("Run Auto Backup Check Now", icon=":material/play_arrow:"):
        try:
            check = backups.check_now(caller)
        except BackupError as error:
            st.error(plain(str(error)))
            return
        show_as = {"created": st.success, "not needed": st.info, "failed": st.error}[check.result]
        show_as(plain(check.message))


def _coming(moment: datetime, now: datetime, zone: tzinfo | None = None) -> str:
    """The time of day in the reader's zone, and the day when that is another one."""
    local = moment.astimezone(zone)
    if local.date() == now.astimezone(zone).date():
        return f"{local:%H:%M}"
    return f"{local:%a %H:%M}" if local - now < timedelta(days=6) else f"{local:%Y-%m-%d}"


def history(backups: Backups) -> None:
    """Draw the last checks, newest first; nothing before the first."""
    checks = backups.scheduler.checks()
    if not checks:
        return
    with st.expander(words.last(len(checks), "check")):
        zone = time_zone.of_reader()
        rows = [
            {"When": words.moment(check.last, zone), "Result": check.result.capitalize(), "Times": check.times,
             "Started by": words.TRIGGERS.get(check.trigger, check.trigger), "What it said": check.message}
            for check in checks
        ]
        st.dataframe(pd.DataFrame(rows), hide_index=True, width="stretch")
