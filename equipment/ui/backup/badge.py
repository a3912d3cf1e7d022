"""The backups in a few words for the header: when the last good one was made, and whether that is recent enough."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from backup_engine.api import Loss
from equipment import backups, continuous
from equipment.server import application
from equipment.ui.backup import words
from equipment.ui.context import App

__all__ = ["Badge", "at_risk", "judge", "of"]

ALARM_AFTER = timedelta(hours=25)
"""One day and the interval that belongs to it; with long intervals two of them."""


A_MINUTE = timedelta(seconds=75)
"""And some for the backup itself: what continuous protection promises."""
LATE = timedelta(minutes=10)


@dataclass(frozen=True)
class Badge:
    """Text and how serious it is."""

    text: str
    level: Literal["ok", "due", "alarm"]


ASKED = {"dropped": Badge("No backups are made: whose are those in the folder?", "alarm"),
         "diverged": Badge("Is this database a copy, or was it rolled back?", "alarm")}
"""While an administrator has to say something, that is what matters."""


NOT_ALL_SAFE = Badge("Accounts and trash are not safely backed up", "alarm")
"""The list is; the Backup & Restore tab says what is wrong."""


STANDING_BY = Badge("Recovered copy: automatic backups are off", "alarm")


def of(app: App) -> Badge:
    """Judge this installation's backups, from the folder, and with continuous protection from the change stream."""
    here = backups.of(app.settings, application.connector(app.settings))
    owner = here.owner()
    if owner.standby is not None:
        return STANDING_BY
    if owner.question is not None:
        return ASKED[owner.question.kind]
    newest = here.newest_good()
    if newest is not None and here.application_trouble(newest):
        return NOT_ALL_SAFE
    interval = here.scheduler.preferences.backups.gap(here.now())
    check = here.checks().get(newest.backup_id) if newest else None
    judged = judge(newest.started if newest else None, here.now(), interval, words.level(check))
    return at_risk(judged, continuous.at_risk(here))


def at_risk(judged: Badge, loss: Loss | None) -> Badge:
    """Say what is not backed up yet, where that is known because changes are protected continuously."""
    if loss is None or not loss.changes or judged.level == "alarm":
        return judged
    waits = timedelta(seconds=loss.seconds or 0)
    level: Literal["ok", "due", "alarm"] = "alarm" if waits > LATE else "due" if waits > A_MINUTE else "ok"
    return Badge(f"{words.at_risk(loss)} not backed up", level)


def judge(newest: datetime | None, now: datetime, interval: timedelta, verified: str = "read back") -> Badge:
    """Say it for the start of the newest good set, and how deep it was verified; each is read back when it is made."""
    if newest is None:
        return Badge("No backup yet", "due")
    age = max(now - newest, timedelta(0))
    if age > max(ALARM_AFTER, 2 * interval):
        return Badge(f"No verified backup for {words.ago(age)}", "alarm")
    when = "just now" if age < timedelta(minutes=1) else f"{words.ago(age)} ago"
    return Badge(f"Backup {when}, verified: {verified}", "due" if age > interval else "ok")
