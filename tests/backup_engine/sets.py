"""Backup sets made of nothing but their facts, for the pure rules."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from backup_engine.model import DAYS, BackupSet, Part

NOW = datetime(2026, 3, 31, 12, 0, tzinfo=UTC)


def make_set(seq: int, started: datetime, counts: Mapping[str, int] | None = None, **facts: Any) -> BackupSet:
    """A set that exists only in memory; ``facts`` override its fields."""
    counts = {"equipment": 430, "select_options": 40} if counts is None else counts
    parts = {key: Part(key, key, f"{key}.csv", count) for key, count in counts.items()}
    local = started
    values: dict[str, Any] = {
        "label": local.strftime("%Y%m%d_%H%M%S"), "day": DAYS[local.weekday()], "state": "complete",
        "metadata_file": "", "metadata": {}, "parts": parts, "backup_id": f"set-{seq}", "seq": seq,
        "trigger": "scheduled", "kind": "full", "base": None, "started": started.astimezone(UTC),
    }
    return BackupSet(**{**values, **facts})


def hourly(
    number: int, until: datetime = NOW, *, first_seq: int = 1, step: float = 1.0, **facts: Any
) -> list[BackupSet]:
    """``number`` sets ``step`` hours apart, the last one at ``until``."""
    oldest = until - timedelta(hours=step * (number - 1))
    return [make_set(first_seq + n, oldest + timedelta(hours=step * n), **facts) for n in range(number)]
