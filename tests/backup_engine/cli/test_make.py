"""Retention in tiers on the command line."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from pymongo.database import Database

from backup_engine.api import DatabaseBackupRestore
from backup_engine.cli.main import main
from tests.backup_engine.engine import StillClock, back_up, fill, workspace
from tests.backup_engine.stored import folder, store
from tests.mongod import Mongod

Run = Callable[..., tuple[int, Any]]


def test_a_dry_run_says_which_rule_keeps_what_and_what_goes_next(
    tmp_path: Path, run: Run, database: Database, shared_mongod: Mongod, capsys: pytest.CaptureFixture[str]
) -> None:
    fill(database)
    clock = StillClock(datetime(2020, 6, 4, 12, tzinfo=UTC))  # a Thursday
    ws = replace(workspace(tmp_path / "sets", database, clock=clock), keep_days=30)
    sets = []
    for _ in range(12):
        sets.append(back_up(ws))
        clock.pass_by(days=1)
    database["backup_restore_state"].insert_one({"_id": "preferences", "tiers": {"daily": 9, "weekly": 3}})

    code, answer = run("prune", "--dry-run")
    with pytest.raises(SystemExit):
        main(["--uri", shared_mongod.uri, "--folder", str(tmp_path / "sets"), "--database", database.name, "prune",
              "--dry-run"])
    lines = capsys.readouterr().out.splitlines()

    assert code == 0 and answer["deleted"] == [backup.backup_id for backup in sets[:3]]
    rows = {row["backup_id"]: row for row in answer["decisions"]}
    assert rows[sets[0].backup_id]["rules"] == [] and rows[sets[0].backup_id]["leaves_after"] is None
    assert rows[sets[3].backup_id]["rules"] == ["daily", "weekly"]
    assert rows[sets[3].backup_id]["reason"] == "the newest of its day (9 of 9) and week (3 of 3)"
    assert rows[sets[5].backup_id]["leaves_after"].startswith("2020-06-18T00:00:00")
    assert answer["next_to_go"] == sets[4].backup_id
    assert ["BACKUP", "OLDER", "BY", "KEPT", "UNTIL", "REASON"] in [line.split() for line in lines]
    assert f"Next to go: {sets[4].label}, with the next good backup." in lines  # its time was in 2020


def test_status_names_the_tiers_that_an_option_decides(
    tmp_path: Path, shared_mongod: Mongod, database: Database, capsys: pytest.CaptureFixture[str]
) -> None:
    store(folder(tmp_path / "sets")[0])
    with pytest.raises(SystemExit):
        main(["--uri", shared_mongod.uri, "--folder", str(tmp_path / "sets"), "--database", database.name, "status"],
             engine=partial(DatabaseBackupRestore, tiers={"weekly": 8, "yearly": 5}))

    assert "retention:      7 days, besides 8 weeks and 5 years" in capsys.readouterr().out
