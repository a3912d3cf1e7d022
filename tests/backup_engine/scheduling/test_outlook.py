"""When next, for everything that is done by itself: over changes of the clock, and with what is switched off."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from pymongo.database import Database

from backup_engine.scheduling import rounds
from backup_engine.scheduling.outlook import outlook
from backup_engine.scheduling.preferences import Preferences
from backup_engine.workspace import Workspace
from tests.backup_engine.engine import StillClock, back_up, workspace

Db = Database[dict[str, Any]]
SATURDAY = datetime(2026, 3, 28, 12, tzinfo=UTC)
"""In Berlin clocks go from 2:00 to 3:00 in the night that follows."""


@pytest.fixture
def ws(tmp_path: Path, database: Db) -> Workspace:
    made = workspace(tmp_path, database, clock=StillClock(SATURDAY))
    return replace(made, remotes={"nas": "file:///nowhere"})


def times(ws: Workspace, database: Db, wanted: Preferences) -> dict[str, list[str]]:
    return {each.what: [f"{moment.astimezone(UTC):%m-%d %H:%M}" for moment in each.times]
            for each in outlook(ws, database, wanted)}


def test_everything_has_its_times_and_clocks_may_change(ws: Workspace, database: Db) -> None:
    back_up(ws)
    for what in ("verify", "remote nas"):
        rounds.done(ws.storage, what, SATURDAY)
    wanted = Preferences(backup_cron="30 2 * * *", verify_cron="0 4 * * *", remote_crons={"nas": "0 5 * * *"},
                         drill_cron="0 6 * * 1", time_zone="Europe/Berlin")

    assert times(ws, database, wanted) == {
        # 2:30 does not exist on the 29th: it comes at 3:00, which is 1:00 UTC
        "backups": ["03-29 01:00", "03-30 00:30", "03-31 00:30"],
        "remote nas": ["03-29 03:00", "03-30 03:00", "03-31 03:00"],
        "verification": ["03-29 02:00", "03-30 02:00", "03-31 02:00"],
        "restore drill": ["03-28 12:00", "03-30 04:00", "04-06 04:00"],
    }


def test_what_is_off_or_follows_something_else_has_none(ws: Workspace, database: Db) -> None:
    found = {each.what: each for each in outlook(ws, database, Preferences(automatic=False, drill_every_days=0))}

    assert (found["backups"].words, found["backups"].times) == ("every hour", ())
    assert (found["remote nas"].words, found["remote nas"].times) == ("after every backup", ())
    assert (found["restore drill"].words, found["restore drill"].times) == ("off", ())
    assert found["verification"].times[0] == SATURDAY, "never done, so due now"


def test_without_cron_text_the_interval_decides(ws: Workspace, database: Db) -> None:
    back_up(ws)

    found = {each.what: each for each in outlook(ws, database, Preferences(interval_hours=6, drill_every_days=1))}

    assert [moment.hour for moment in found["backups"].times] == [18, 0, 6]
    assert (found["backups"].preference, found["restore drill"].words) == ("interval_hours", "every day")
