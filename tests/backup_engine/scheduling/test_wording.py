"""What was changed, in words."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from backup_engine.scheduling.preferences import Preferences
from backup_engine.scheduling.wording import changes

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
