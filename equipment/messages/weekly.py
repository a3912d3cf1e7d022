"""When the weekly messages are due, and the summary. Missed ones are made up for once; a first start sends none."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta

from backup_engine import api
from equipment.messages.findings import Place
from equipment.messages.kinds import KINDS
from equipment.messages.state import State
from equipment.messages.wording import Message, Sender, letter, moment

__all__ = ["day_due", "summary"]

WEEK = timedelta(days=7)


def day_due(last: str | None, now: datetime, weekday: int, hour: int) -> tuple[str, bool]:
    """Give the day (ISO) of the newest weekly moment, and whether its message is still to be made.

    ``last`` is the day for which one was made. By days and not by hours: when clocks change none comes twice.
    """
    back = (now.weekday() - weekday) % 7
    day = now.date() - timedelta(days=7 if back == 0 and now.hour < hour else back)
    try:
        before = None if last is None else date.fromisoformat(last)
    except ValueError:
        before = None
    if before is None or before - day > WEEK:  # the first time, or the clock was far ahead for a while
        return day.isoformat(), False
    return max(day, before).isoformat(), day > before


def summary(place: Place, state: State, sender: Sender, now: datetime) -> Message:
    """Make the weekly summary from the folder and what was told. Raises ``BackupError``."""
    ws = place.workspace
    status = api.status(ws)
    owner = api.owner_seen(ws)
    newest = ws.catalog.newest_good(owner.owns)
    week = [backup for backup in owner.at_hand(ws.catalog.sets(fresh=False)) if now - backup.started < WEEK]
    good = sum(backup.usable for backup in week)
    drilled = api.last_drill(ws)
    lines = [
        f"Backups of the last 7 days: {good:,}, of all times: {status.total:,}, damaged: {status.damaged:,}.",
        f"Newest good backup: {_newest(newest, now)}.",
        f"Last restore drill that succeeded: {moment(drilled, now) if drilled else 'none yet'}.",
        f"Off this machine: {_remotes(ws)}.",
        f"Told in this week: {_counts(state.week)}.",
        f"Wrong now: {_now(state)}.",
    ]
    return letter("Weekly summary", lines, sender)


def _newest(backup: api.BackupSet | None, now: datetime) -> str:
    if backup is None:
        return "none"
    counts = ", ".join(f"{count:,} in {key}" for key, count in backup.counts.items())
    return f"{moment(backup.started, now)} ({counts})"


def _remotes(ws: api.Workspace) -> str:
    return ", ".join(f"{standing.name} {standing.state}" for standing in api.remote_standings(ws)) or "no place"


def _counts(week: Mapping[str, int]) -> str:
    return ", ".join(f"{count:,} × {KINDS[kind].title}" for kind, count in week.items()) or "nothing"


def _now(state: State) -> str:
    return ", ".join(dict.fromkeys(KINDS[each.kind].title for each in state.troubles if each.present)) or "nothing"
