"""Who decided what counts: an option by its name, a person, the database, or nobody."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from pymongo.database import Database

from backup_engine.api import Preferences
from backup_engine.scheduling.preferences import Changed
from equipment.settings import Settings
from equipment.unattended.in_force import in_force
from tests.backup_engine.engine import workspace

Db = Database[dict[str, Any]]
AT = datetime(2026, 11, 27, 12, tzinfo=UTC)


@pytest.mark.parametrize(("given", "stored", "options", "what", "source"), [
    ({"backup": "0 3 * * *"}, {"backup_cron": "0 3 * * *"}, {}, "backups", "BACKUP_SCHEDULE"),
    ({"continuous": "true"}, {"continuous": True}, {}, "continuous protection", "BACKUP_CONTINUOUS"),
    ({"time_zone": "UTC"}, {"time_zone": "UTC"}, {}, "time zone of cron texts", "BACKUP_TIME_ZONE"),
    ({}, {"interval_hours": 6.0}, {"backup_interval_hours": 6}, "backups", "BACKUP_INTERVAL_HOURS"),
    ({}, {"interval_hours": 6.0}, {"backup_interval_hours": 2}, "backups", "stored in the database"),
    ({}, {}, {}, "backups", "default"),
    ({}, {"automatic": False, "changed": {"automatic": Changed(AT, "ada")}}, {}, "automatic backups", "ada on "),
    ({}, {"verify_cron": "0 3 * * *", "changed": {"verify_cron": Changed(AT, "")}}, {}, "verification",
     "somebody on "),
    ({"drill": "0 4 * * 0"}, {"drill_cron": "0 4 * * 0"}, {}, "restore drill", "BACKUP_DRILL_SCHEDULE"),
])
def test_each_has_its_source(
    given: dict[str, str], stored: dict[str, Any], options: dict[str, Any], what: str, source: str, tmp_path: Path,
    database: Db,
) -> None:
    ws = replace(workspace(tmp_path, database), schedules=given)
    settings = Settings(data_folder=tmp_path / "data", backup_folder=tmp_path / "sets", **options)

    lines = {line.what: line for line in in_force(ws, database, settings, Preferences(**stored))}

    assert lines[what].source.startswith(source) if source.endswith(" ") else lines[what].source == source
    assert list(lines)[:3] == ["automatic backups", "continuous protection", "time zone of cron texts"]
