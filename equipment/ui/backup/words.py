"""Times, sizes and sets in words."""

from __future__ import annotations

import re
from datetime import datetime, timedelta, tzinfo
from typing import Any

from backup_engine.api import BackupSet, Loss
from equipment.domain.counting import number_of, size_of
from equipment.ui import time_zone

TRIGGERS = {
    "manual": "by hand", "auto": "automatic", "scheduled": "scheduled", "continuous": "continuous",
    "pre_restore": "safety copy before a restore", "imported": "taken in", "proof": "verification or restore drill",
    "": "older system",
}
STATES = {
    "complete": "Complete", "legacy": "Legacy, unverifiable", "damaged": "Damaged", "newer": "Newer version",
    "orphan": "Without metadata",
}
COLLECTIONS = {"equipment": "Equipment", "select_options": "Select Options"}


count = number_of
size = size_of
LEVELS = {1: "stored bytes", 2: "every row", 3: "restored"}


_KEY = re.compile(r"\bselect_options\b")
_LABEL = re.compile(r"\b(\d{4})(\d\d)(\d\d)_(\d\d)(\d\d)(\d\d)\b")


def said(sentence: str) -> str:
    """Give a note or warning of the engine as people say it: a backup by its time, the other collection by its name.

    In metadata and files it stays as it is. The time is that in the backup's name.
    """
    return _LABEL.sub(r"\1-\2-\3 \4:\5:\6", _KEY.sub(COLLECTIONS["select_options"], sentence))


def level(check: Any) -> str:
    """Say how deep the last check of a set looked; one that was never checked was read back when it was made."""
    return LEVELS.get(check.level, "listing") if check is not None and check.ok else "read back"


def state(backup: BackupSet, check: Any) -> str:
    """Say how far a set can be relied on; ``check`` is the last one of it, None for one that was never checked."""
    if backup.state != "complete":
        return STATES[backup.state]
    if backup.warnings:
        return "Unusual"
    return "Damaged" if check is not None and not check.ok else f"Verified: {level(check)}"


def ago(span: timedelta) -> str:
    """Say how long something is past: ``just now``, ``12 min ago``."""
    return "just now" if span < timedelta(minutes=1) else f"{lasting(span)} ago"


def lasting(span: timedelta) -> str:
    """Put a time span in words: ``under a minute``, ``12 min``, ``3 h``, ``2 days``."""
    minutes = int(span.total_seconds() // 60)
    if minutes < 1:
        return "under a minute"
    if minutes < 120:
        return f"{minutes} min"
    if minutes < 48 * 60:
        return f"{minutes // 60} h"
    return f"{minutes // 1440} days"  # two and more


def at_risk(loss: Loss) -> str:
    """Say what is not backed up: ``3 changes in the last 20 s``."""
    if not loss.changes:
        return "Nothing"
    when = "" if loss.seconds is None else f" in the last {_short(max(1, loss.seconds))}"
    return f"{count(loss.changes, 'change')}{when}"


def _short(seconds: int) -> str:
    return f"{seconds} s" if seconds < 120 else f"{seconds // 60} min"


def hours(count: float) -> str:
    """Put an interval in words: ``hour``, ``6 hours``."""
    return "hour" if count == 1 else f"{count:g} hours"


def moment(when: datetime, zone: tzinfo | None = None) -> str:
    """Put an aware moment in words, to the second, by the reader's clock or that of a ``zone``."""
    return f"{when.astimezone(zone or time_zone.of_reader()):%Y-%m-%d %H:%M:%S}"


def last(number: int, noun: str) -> str:
    """Name the last ones: ``The last check``, ``The last 12 checks``."""
    return f"The last {noun}" if number == 1 else f"The last {count(number, noun)}"


def records(backup: BackupSet) -> str:
    """Say what a set holds: ``430 equipment, 40 select options``."""
    return ", ".join(f"{number:,} {COLLECTIONS.get(key, key).lower()}" for key, number in backup.counts.items())


def title(backup: BackupSet) -> str:
    """Name a set in one line for a list to choose from."""
    trigger = TRIGGERS.get(backup.trigger, backup.trigger)
    mark = "" if backup.state == "complete" else f" · {STATES[backup.state]}"
    return f"{moment(backup.started)} · {records(backup)} · {trigger}{mark}"


def stored_bytes(backup: BackupSet) -> int:
    """Plain size of a set's files in bytes, as far as its metadata tells."""
    return sum(part.plain_bytes for part in backup.parts.values())
