"""What was changed, in words."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from backup_engine.scheduling.preferences import Preferences, Version
from backup_engine.scheduling.wording import changes, version

BEFORE = Preferences(remote_crons={"disk": "0 4 * * *"})


@pytest.mark.parametrize(("changed", "words"), [
    ({"automatic": False}, "Automatic backups off"),
    ({"interval_hours": 6.0}, "Schedule: every 6 hours"),
    ({"interval_hours": 6.0, "backup_cron": "30 2 * * *"}, "Schedule: at 02:30 every day"),
    ({"backup_cron": "30 2 * * *", "automatic": False},
     "Automatic backups off; Schedule: at 02:30 every day"),
    ({"verify_cron": "0 3 * * 0"}, "Verification: at 03:00 on Sunday"),
    ({"drill_every_days": 0}, "Restore drill: off"), ({"drill_every_days": 1}, "Restore drill: every day"),
    ({"drill_cron": "0 5 1 * *"}, "Restore drill: at 05:00 on the first day of every month"),
    ({"remote_crons": {"disk": "0 4 * * *", "cloud": "0 5 * * *"}}, "Remote cloud: sent at 05:00 every day"),
    ({"remote_crons": {}}, "Remote disk: sent after every backup"),
    ({}, "Nothing changed"),
])
def test_only_what_is_different_is_said(changed: dict[str, Any], words: str) -> None:
    assert changes(BEFORE, replace(BEFORE, **changed)) == words


def test_a_zone_concerns_every_cron_text() -> None:
    before = replace(BEFORE, backup_cron="30 2 * * *")

    assert changes(before, replace(before, time_zone="Europe/Berlin")) == (
        "Schedule: at 02:30 every day (Europe/Berlin); Remote disk: sent at 04:00 every day (Europe/Berlin)")


@pytest.mark.parametrize(("values", "words"), [
    ({"automatic": False}, "Automatic backups off"),
    ({"backup_cron": "30 2 * * *", "interval_hours": 2.0}, "Schedule: at 02:30 every day"),
    ({"time_zone": "Europe/Berlin"}, "Time zone: Europe/Berlin"), ({"time_zone": ""}, "Time zone: this machine's"),
    ({"remote_crons": {"disk": "0 4 * * *"}}, "Remote disk: sent at 04:00 every day"),
    ({"remote_crons": {}}, "Remotes: sent after every backup"),
    ({"drill_every_days": 0.0, "verify_cron": ""}, "Restore drill: off; Verification: every day"),
])
def test_one_change_of_the_past(values: dict[str, Any], words: str) -> None:
    assert version(Version(1, datetime(2026, 6, 1, tzinfo=UTC), "anna", values)) == words
