"""When the next backup is due, as the page says it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from equipment import schedules
from equipment.backups import NOBODY, Backups
from equipment.ui import time_zone
from equipment.ui.backup.auto.checks import _coming
from tests.equipment.ui.backup.place import opened, press, said

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


@pytest.mark.parametrize(("zone", "form"), [("Asia/Tokyo", "21:30"), ("America/New_York", "08:30")])
def test_a_moment_is_told_by_the_clock_of_whoever_reads_it(zone: str, form: str) -> None:
    noon = datetime(2026, 6, 3, 12, tzinfo=UTC)

    assert _coming(noon + timedelta(minutes=30), noon, ZoneInfo(zone)) == form
    assert _coming(noon + timedelta(hours=4), noon, ZoneInfo("Asia/Tokyo")) == "Thu 01:00"


def test_a_check_now_makes_the_backup_that_is_due_and_says_it_by_the_readers_clock(
    place: Backups, monkeypatch: pytest.MonkeyPatch
) -> None:
    tokyo = ZoneInfo("Asia/Tokyo")
    monkeypatch.setattr(time_zone, "of_reader", lambda: tokyo)

    test = press(opened("auto.checks"), "Run Auto Backup Check Now")

    assert "Backup created successfully" in said(test)
    (made,) = [backup for backup in place.sets(NOBODY) if backup.usable]
    assert "Backup not needed" in said(press(opened("auto.checks"), "Run Auto Backup Check Now"))
    test = opened("auto.checks")
    due = test.metric[0]
    assert due.value.endswith(f"{(made.started + timedelta(hours=1)).astimezone(tokyo):%H:%M}")
    assert "Asia/Tokyo" in due.help.replace("\\", "")
    assert {metric.label: metric.value for metric in test.metric[1:]} == {
        "Created, 7 days": "1", "Not needed": "1", "Failed": "0"}
    newest = place.scheduler.checks()[0]
    assert f"Last check {newest.last.astimezone(tokyo):%Y-%m-%d %H:%M:%S}: Backup not needed" in said(test)


def test_the_last_checks_are_told_newest_first(place: Backups, monkeypatch: pytest.MonkeyPatch) -> None:
    tokyo = ZoneInfo("Asia/Tokyo")
    monkeypatch.setattr(time_zone, "of_reader", lambda: tokyo)
    made = place.check_now(NOBODY)
    for _ in range(3):
        place.check_now(NOBODY)

    (table,) = opened("auto.screen").dataframe

    rows = table.value.to_dict("records")
    assert [(row["Result"], row["Times"], row["Started by"]) for row in rows] == [
        ("Not needed", 3, "by hand"), ("Created", 1, "by hand")]
    assert rows[1]["When"] == f"{made.last.astimezone(tokyo):%Y-%m-%d %H:%M:%S}"
    assert rows[1]["What it said"] == made.message
