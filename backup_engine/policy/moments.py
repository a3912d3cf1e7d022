"""The backup of a moment that a person names: the newest good one at it or before. Pure.

A moment without a zone is local time by the rules of this machine for that very date, summer time included. In the hour
that comes twice when clocks are set back it is the first one; an offset behind it (``+01:00``) says which is meant.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, time, timezone

from backup_engine.errors import BadInput, NoBackupsFound
from backup_engine.model import BackupSet
from backup_engine.policy.retention import good_sets

__all__ = ["moment_of", "newest_at"]

_LABEL = re.compile(r"\d{8}_\d{6}")
_ID = re.compile(r"[0-9a-f]{32}")
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")


def moment_of(text: str, now: datetime) -> datetime | str:
    """Understand a moment: ISO 8601, local time where it names no zone, a date alone for its end; or a backup's label
    or id, which is given back. Raises ``BadInput``."""
    said = text.strip()
    if _LABEL.fullmatch(said) or _ID.fullmatch(said):
        return said
    try:
        moment = datetime.fromisoformat(said)
        if _DATE.fullmatch(said):
            moment = datetime.combine(moment.date(), time.max)
        return moment if moment.tzinfo else _local(moment, now)
    except (ValueError, OverflowError, OSError):  # the last two: beside the years this machine can turn
        raise BadInput(f"{text!r:.40} is no moment.",
                       hint="Write 2026-03-31, 2026-03-31T14:00, or the label or id of a backup.") from None


def newest_at(sets: Iterable[BackupSet], moment: datetime, bad: Collection[str] = ()) -> BackupSet:
    """Give the newest good set that was started at that moment or before, by what its clock said.

    Raises ``NoBackupsFound``, naming the oldest one there is.
    """
    good = good_sets(sets, bad)
    before = [backup for backup in good if backup.started <= moment]
    if not before:
        said = f"{moment:%Y-%m-%d %H:%M:%S %z}"
        raise NoBackupsFound(f"no good backup was made at {said} or before{_oldest(good, moment)}",
                             hint="Name a later moment.")
    return max(before, key=lambda backup: (backup.started, backup.rank))


def _local(moment: datetime, now: datetime) -> datetime:
    # a clock that knows its offset alone, not the rules, knows that of today: in July it is another one than in January
    if isinstance(now.tzinfo, timezone) and now.utcoffset() == now.astimezone().utcoffset():
        return moment.astimezone()
    return moment.replace(tzinfo=now.tzinfo)


def _oldest(good: Sequence[BackupSet], moment: datetime) -> str:
    if not good:
        return ""
    oldest = min(backup.started for backup in good).astimezone(moment.tzinfo)
    return f"; the oldest is of {oldest:%Y-%m-%d %H:%M:%S %z}"
