"""How a place off this machine stands, in one line; from notes alone."""

from __future__ import annotations

from datetime import datetime, timedelta, tzinfo

from backup_engine.api import Schedule, Standing
from equipment.ui.backup import words

__all__ = ["in_words", "old", "read_back", "waits"]


def in_words(standing: Standing, now: datetime, zone: tzinfo | None = None) -> str:
    """Say it: ``3 of 3 copies good, newest 4 min old, last read back today.``"""
    there, line = standing.there, standing.line
    expected = len(there) + len(standing.waiting)
    if not line.sent and line.problem:
        said = "Never reached"
    elif not there:
        said = "Nothing is there yet" if not line.sent else "None of the backups of this folder is there"
    else:
        good = "there, and one is damaged" if line.damage else "good"
        newest = old(now - there[-1].started)
        said = f"{len(there):,} of {words.count(expected, 'copy', 'copies')} {good}, newest {newest}"
    parts = [said, f"last read back {read_back(line.read_back, now, zone)}" if line.sent else ""]
    if standing.waiting and line.sent:
        parts.append(f"behind by {words.count(len(standing.waiting), 'backup')}")
    if line.problem and line.failed_at is not None:
        parts.append(_failing(line.failing_since or line.failed_at, line.failed_at, line.failures, zone))
    return f"{', '.join(filter(None, parts))}."


def waits(standing: Standing, now: datetime, schedule: Schedule | None, zone: tzinfo | None = None) -> str:
    """Say why nothing is sent at present although all is well; empty when nothing keeps it from that."""
    if not standing.waiting or standing.line.problem or standing.remote is None:
        return ""
    if schedule is not None:
        sent = standing.line.last_sent
        due = schedule.coming(sent, now, 1)
        return f"Sent {schedule.words}, next {words.moment(due[0], zone)[:16]}." if due else f"Sent {schedule.words}."
    address = standing.remote.address
    if not address.open_at(now.hour):
        return f"Sent at the hours {address.options['hours']} of this server's day only."
    return ""


def read_back(when: datetime | None, now: datetime, zone: tzinfo | None = None) -> str:
    """Say on which day that was: ``today``, ``yesterday``, ``3 days ago``, ``never``."""
    if when is None:
        return "never"
    days = (now.astimezone(zone).date() - when.astimezone(zone).date()).days
    return "today" if days <= 0 else "yesterday" if days == 1 else f"{days} days ago"


def old(age: timedelta) -> str:
    """Put an age in words: ``just made``, ``12 min old``."""
    return "just made" if age < timedelta(minutes=1) else f"{words.lasting(age)} old"


def _failing(since: datetime, last: datetime, times: int, zone: tzinfo | None) -> str:
    begun, latest = words.moment(since, zone)[:16], words.moment(last, zone)[:16]
    if times <= 1 or begun == latest:
        return f"failed {latest}"
    return f"failing since {begun}, last {latest} after {times:,} tries"
