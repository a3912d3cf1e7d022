"""How the command line writes sets, times and sizes, for people and for ``--json``."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from backup_engine.model import BackupSet
from backup_engine.ownership.standby import Standby
from backup_engine.verify import Damage, Verification

__all__ = ["age", "as_data", "check_data", "size", "standby_data", "table", "when"]


def as_data(backup: BackupSet) -> dict[str, Any]:
    """Describe a set for ``--json``."""
    return {
        "backup_id": backup.backup_id, "label": backup.label, "day": backup.day, "state": backup.state,
        "kind": backup.kind, "base": backup.base, "trigger": backup.trigger, "seq": backup.seq,
        "started": backup.started.isoformat(), "records": backup.counts, "pinned": backup.pinned,
        "comment": backup.comment,
        "problem": backup.problem, "warnings": list(backup.warnings),
        "database": backup.database, "database_id": backup.database_id,
        "files": {key: part.file for key, part in backup.parts.items()}, "metadata_file": backup.metadata_file,
    }


def check_data(verification: Verification) -> dict[str, Any]:
    """Describe a verification for ``--json``."""
    return {
        "backup_id": verification.backup.backup_id, "label": verification.backup.label, "level": verification.level,
        "ok": verification.ok, "message": verification.message, "notes": list(verification.notes),
        "problems": [_damage(damage) for damage in verification.problems],
        "application": [_damage(damage) for damage in verification.beside],
    }


def standby_data(copy: Standby) -> dict[str, str]:
    """Describe for ``--json`` whose copy this is."""
    return {"database": copy.database, "database_id": copy.database_id, "backup": copy.label, "source": copy.source,
            "since": copy.since.isoformat()}


def _damage(damage: Damage) -> dict[str, Any]:
    return {"collection": damage.key, "file": damage.file, "kind": damage.kind, "message": damage.message,
            "rows": [list(span) for span in damage.rows], "readable": damage.readable}


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> tuple[str, ...]:
    """Set rows in columns."""
    everything = [list(header), *(list(row) for row in rows)]
    widths = [max(len(row[column]) for row in everything) for column in range(len(header))]
    return tuple("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
                 for row in everything)


def when(moment: datetime, now: datetime) -> str:
    """Write a moment in local time."""
    return moment.astimezone(now.tzinfo).strftime("%a %Y-%m-%d %H:%M:%S")


def age(span: timedelta | None) -> str:
    """Write a span in its largest unit."""
    if span is None:
        return "never"
    seconds = span.total_seconds()
    sign, seconds = ("in " if seconds < 0 else ""), abs(seconds)
    for length, unit in ((86400.0, "d"), (3600.0, "h"), (60.0, "min")):
        if seconds >= length:
            return f"{sign}{seconds / length:.0f} {unit}"
    return f"{sign}{seconds:.0f} s"


def size(count: int | None) -> str:
    """Write bytes for people."""
    if count is None:
        return "unknown"
    value = float(count)
    for unit in ("B", "KB", "MB", "GB"):
        if value < 1000:
            return f"{value:.0f} {unit}" if unit == "B" else f"{value:.1f} {unit}"
        value /= 1000
    return f"{value:.1f} TB"
