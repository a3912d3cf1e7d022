"""What was verified and drilled when: a rebuildable note in the state folder.

Losing it costs only time: sets then count as not verified yet. A damaged ledger reads as an empty one.
"""

from __future__ import annotations

import threading
from collections.abc import Collection, Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta

from backup_engine.model import BackupSet
from backup_engine.repository.notes import Note
from backup_engine.storage.base import Storage
from backup_engine.workspace import Workspace

__all__ = ["DUE_AFTER", "Check", "bad", "is_due", "last_drill", "last_proven", "last_sound", "last_verified", "read",
           "remember", "remember_all"]

DUE_AFTER = timedelta(days=7)
DRILL = 3

_writing = threading.Lock()  # verifying waits for no lock, so two threads may come to write at once


@dataclass(frozen=True)
class Check:
    """The last verification of a set: how deep, when (UTC), and whether it was found sound."""

    level: int
    ok: bool
    when: datetime
    proven: datetime | None = None
    """When a drill last restored it."""


def read(storage: Storage) -> dict[str, Check]:
    """Give the last check of each set by ``backup_id``; what cannot be read counts as never checked."""
    return _note.read_anyway(storage)


def remember(
    storage: Storage, backup: BackupSet, level: int, ok: bool, when: datetime, known: Collection[str] | None = None
) -> None:
    """Note a verification (level 1, 2) or a drill (3); ``known`` limits the ledger to these ``backup_id``."""
    remember_all(storage, [(backup, level, ok)], when, known)


def remember_all(
    storage: Storage, outcomes: Iterable[tuple[BackupSet, int, bool]], when: datetime,
    known: Collection[str] | None = None,
) -> None:
    """Note several outcomes ``(set, level, sound)`` in one step."""
    with _writing:
        checks = read(storage)
        for backup, level, ok in outcomes:
            checks[backup.backup_id] = _after(checks.get(backup.backup_id), level, ok, when)
        kept = {name: asdict(check) for name, check in checks.items() if known is None or name in known}
        _note.write(storage, kept)


def _after(before: Check | None, level: int, ok: bool, when: datetime) -> Check:
    """A sound look at the surface does not replace a fresh deeper one."""
    if ok and before and before.ok and before.level > level and not _old(before, when):
        return before
    proven = when if level >= DRILL and ok else before.proven if before else None
    return Check(level, ok, when, proven)


def is_due(check: Check | None, now: datetime) -> bool:
    """Whether a set should be verified again: never, unsoundly, or more than 7 days ago."""
    return check is None or not check.ok or _old(check, now)


def bad(checks: Mapping[str, Check]) -> set[str]:
    """Give the ``backup_id`` of the sets whose last verification failed."""
    return {name for name, check in checks.items() if not check.ok}


def last_proven(checks: Mapping[str, Check]) -> datetime | None:
    """Give the moment at which a drill last proved any set restorable."""
    return max((check.proven for check in checks.values() if check.proven), default=None)


def last_verified(ws: Workspace, backup: BackupSet) -> datetime | None:
    """Give the moment at which that set was last found sound."""
    check = last_sound(ws, backup)
    return check.when if check else None


def last_sound(ws: Workspace, backup: BackupSet) -> Check | None:
    """Give the check that last found that set sound: what "verified" means for it stands in its level."""
    check = read(ws.storage).get(backup.backup_id)
    return check if check and check.ok else None


def last_drill(ws: Workspace) -> datetime | None:
    """Give the moment at which a drill last proved a set restorable."""
    return last_proven(read(ws.storage))


def _old(check: Check, now: datetime) -> bool:
    # a check of the future comes from a clock that was wrong
    return not timedelta(0) <= now - check.when <= DUE_AFTER


def _checks(entries: Mapping[str, Mapping[str, object]]) -> dict[str, Check]:
    return {name: _check(entry) for name, entry in entries.items()}


def _check(entry: Mapping[str, object]) -> Check:
    proven = entry.get("proven")
    return Check(int(str(entry["level"])), entry["ok"] is True, _moment(entry["when"]),
                 _moment(proven) if proven else None)


def _moment(value: object) -> datetime:
    return datetime.fromisoformat(str(value)).astimezone(UTC)


_note: Note[dict[str, Check]] = Note("verified.json", _checks, dict)
