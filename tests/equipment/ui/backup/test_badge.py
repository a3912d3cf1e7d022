"""The words and the colour of the backup badge."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from equipment.ui.backup.badge import Badge, judge

NOW = datetime(2026, 3, 29, 12, tzinfo=UTC)


@pytest.mark.parametrize(("age", "interval", "expected"), [
    (timedelta(seconds=20), 1, Badge("Backup just now, verified: read back", "ok")),
    (timedelta(minutes=12), 1, Badge("Backup 12 min ago, verified: read back", "ok")),
    (timedelta(minutes=75), 1, Badge("Backup 75 min ago, verified: read back", "due")),
    (timedelta(hours=26), 1, Badge("No verified backup for 26 h", "alarm")),
    (timedelta(hours=26), 24, Badge("Backup 26 h ago, verified: read back", "due")),
    (timedelta(hours=60), 24, Badge("No verified backup for 2 days", "alarm")),
    (timedelta(hours=60), 168, Badge("Backup 2 days ago, verified: read back", "ok")),
    (timedelta(hours=-3), 1, Badge("Backup just now, verified: read back", "ok")),
])
def test_the_badge_by_age_and_interval(age: timedelta, interval: float, expected: Badge) -> None:
    assert judge(NOW - age, NOW, timedelta(hours=interval)) == expected


def test_no_backup_at_all_is_due() -> None:
    assert judge(None, NOW, timedelta(hours=1)) == Badge("No backup yet", "due")
