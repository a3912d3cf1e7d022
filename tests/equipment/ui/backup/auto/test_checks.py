"""When the next backup is due, as the page says it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from equipment import schedules
from equipment.backups import NOBODY, Backups
from equipment.ui.backup.auto.checks import _coming
from tests.equipment.ui.backup.place import opened

NOW = datetime(2026, 6, 3, 12, tzinfo=UTC).astimezone()


def test_the_next_backup_is_off_when_automatic_backups_are(place: Backups) -> None:
    due = opened("auto.checks").metric[0]
    assert (due.label, due.value) == ("Next backup due", "now")

    schedules.change(place, NOBODY, automatic=False)

    assert opened("auto.checks").metric[0].value == "off"


@pytest.mark.parametrize(("hours", "form"), [(1, "%H:%M"), (30, "%a %H:%M"), (24 * 20, "%Y-%m-%d")])
def test_a_moment_of_another_day_says_which(hours: int, form: str) -> None:
    moment = NOW + timedelta(hours=hours)

    assert _coming(moment, NOW) == moment.strftime(form)
