"""The words and the colour of the backup badge."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from backup_engine.api import Loss
from equipment.ui.backup.badge import Badge, at_risk, judge

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


@pytest.mark.parametrize(("loss", "expected"), [
    (Loss(3, 20), Badge("3 changes in the last 20 s not backed up", "ok")),
    (Loss(1, 0), Badge("1 change in the last 1 s not backed up", "ok")),
    (Loss(1200, 90), Badge("1,200 changes in the last 90 s not backed up", "due")),
    (Loss(2, 1200), Badge("2 changes in the last 20 min not backed up", "alarm")),
    (Loss(2, None), Badge("2 changes not backed up", "ok")),
    (Loss(0, None), Badge("fine", "ok")), (None, Badge("fine", "ok")),
])
def test_what_is_at_risk_is_said_in_numbers(loss: Loss | None, expected: Badge) -> None:
    assert at_risk(Badge("fine", "ok"), loss) == expected
    assert at_risk(Badge("No verified backup", "alarm"), loss).text == "No verified backup"
