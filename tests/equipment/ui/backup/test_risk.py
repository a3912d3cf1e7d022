"""What the badge says, how serious it is, and what comes first."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from backup_engine.api import Loss
from equipment.ui.backup.risk import MANY, Facts, Slow, judge

NOW = datetime(2026, 3, 29, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
NOTHING = Loss(0)
WELL = Slow(NOTHING, away=NOW, is_away=True)
OFF = "Automatic backups are off since 2026-03-01 10:00, by ada"


def facts(age: timedelta | None = timedelta(minutes=12), slow: Slow | None = WELL, **others: Any) -> Facts:
    return Facts(None if age is None else NOW - age, NOW, others.pop("interval", HOUR), slow=slow, **others)


def said(given: Facts) -> tuple[str, str]:
    badge = judge(given)
    return badge.level, badge.text


@pytest.mark.parametrize(("age", "hours", "level", "text"), [
    (timedelta(seconds=20), 1, "ok", "Backup just now, nothing changed since"),
    (timedelta(minutes=12), 1, "ok", "Backup 12 min ago, nothing changed since"),
    (timedelta(minutes=75), 1, "due", "Backup 75 min ago: the next one is late"),
    (timedelta(hours=26), 1, "alarm", "No verified backup for 26 h"),
    (timedelta(hours=26), 24, "due", "Backup 26 h ago: the next one is late"),
    (timedelta(hours=60), 24, "alarm", "No verified backup for 2 days"),
    (timedelta(hours=60), 168, "ok", "Backup 2 days ago, nothing changed since"),
    (timedelta(hours=-3), 1, "ok", "Backup just now, nothing changed since"),
])
def test_by_age_and_interval(age: timedelta, hours: float, level: str, text: str) -> None:
    assert said(facts(age, interval=timedelta(hours=hours))) == (level, text)


@pytest.mark.parametrize(("loss", "level", "text"), [
    (Loss(3, 600), "ok", "Backup 12 min ago, 3 changes since"),
    (Loss(1, 3600), "ok", "Backup 12 min ago, 1 change since"),
    (Loss(MANY - 1, 1), "ok", f"Backup 12 min ago, {MANY - 1} changes since"),
    (Loss(MANY, 1), "due", f"{MANY} changes not backed up"),
    (Loss(2000, None), "due", "2,000 changes not backed up"),
    (Loss(1, 3700), "due", "1 change not backed up"),
    (None, "note", "Backup 12 min ago, what changed since is not known"),
])
def test_changes_that_wait_for_longer_than_agreed_or_are_many(loss: Loss | None, level: str, text: str) -> None:
    assert said(facts(slow=replace(WELL, loss=loss))) == (level, text)


@pytest.mark.parametrize(("loss", "level", "text"), [
    (Loss(3, 20), "ok", "3 changes in the last 20 s not backed up"),
    (Loss(1, 0), "ok", "1 change in the last 1 s not backed up"),
    (Loss(1200, 20), "ok", "1,200 changes in the last 20 s not backed up"),
    (Loss(1200, 90), "due", "1,200 changes in the last 90 s not backed up"),
    (Loss(2, 1200), "alarm", "2 changes in the last 20 min not backed up"),
    (Loss(2, None), "ok", "2 changes not backed up"),
])
def test_with_continuous_protection_a_minute_is_agreed(loss: Loss, level: str, text: str) -> None:
    assert said(facts(slow=replace(WELL, loss=loss), protected=True)) == (level, text)


@pytest.mark.parametrize(("changes", "slow", "level", "text"), [
    ({"off": OFF}, {}, "due", OFF),
    ({"off": OFF, "age": timedelta(hours=30)}, {}, "alarm", OFF),
    ({"off": OFF}, {"loss": Loss(3, 10)}, "due", OFF),
    ({"failed": True, "age": timedelta(minutes=75)}, {}, "due", "The last automatic backup failed"),
    ({"failed": True}, {}, "ok", "Backup 12 min ago, nothing changed since"),
    ({"age": None}, {}, "due", "No backup yet"),
    ({"age": None, "failed": True}, {}, "alarm", "No good backup"),
    ({"age": None}, {"damaged": 1}, "alarm", "No good backup"),
    ({}, {"damaged": 1, "newest_damaged": True}, "alarm", "The newest backup is damaged"),
    ({}, {"damaged": 2}, "due", "2 older backups damaged"),
    ({}, {"empty": "list not"}, "alarm", "The newest backup is empty, and the list is not"),
    ({}, {"empty": "was not"}, "due", "The newest backup is empty"),
    ({}, {"empty": "list too"}, "note", "Backup 12 min ago, the newest backup is empty"),
    ({"application_safe": False}, {}, "alarm", "Accounts and trash are not safely backed up"),
    ({}, {"is_away": False, "away": None}, "note", "Backup 12 min ago, only on this machine"),
    ({}, {"is_away": False, "away": None, "unreached": ("cloud",)}, "due", "Remote cloud is in trouble"),
    ({}, {"unreached": ("cloud",)}, "due", "Remote cloud is in trouble"),
    ({}, {"away": NOW - timedelta(days=3)}, "due", "The newest copy elsewhere is 3 days old"),
    ({}, {"away": NOW - timedelta(hours=20)}, "ok", "Backup 12 min ago, nothing changed since"),
])
def test_nothing_that_speaks_against_it_is_green(
    changes: dict[str, Any], slow: dict[str, Any], level: str, text: str
) -> None:
    assert said(facts(slow=replace(WELL, **slow), **changes)) == (level, text)


def test_the_worst_comes_first_and_the_others_are_in_the_help() -> None:
    many = replace(WELL, loss=Loss(470, 60), is_away=False, away=None, damaged=1, newest_damaged=True)

    badge = judge(facts(off=OFF, slow=many, verified="every row"))

    assert (badge.level, badge.text) == ("alarm", "The newest backup is damaged")
    assert badge.more == (
        f"{OFF}.", "470 changes not backed up.", "Only on this machine.", "Backup 12 min ago, 470 changes since.",
        "Verified: every row.")


def test_green_says_how_deep_it_was_verified() -> None:
    assert judge(facts(verified="restored")).more == ("Verified: restored.",)


def test_before_the_first_look_it_is_not_green() -> None:
    assert said(facts(slow=None))[0] != "ok"
