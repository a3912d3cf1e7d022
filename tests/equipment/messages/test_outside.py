"""A backup by the command line, without a server: the dead-man URL hears of it, and a failure is told."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pymongo.database import Database

from backup_engine import api
from backup_engine.errors import Busy, Cancelled, NoSpace
from backup_engine.ownership import lookup
from equipment.messages.outside import reported
from equipment.settings import Settings
from tests.equipment.messages.servers import Asked, http_server
from tests.mongod import Mongod

Db = Database[dict[str, Any]]
ROOT = Path(__file__).parents[3]


@pytest.fixture
def web() -> Iterator[tuple[int, Asked]]:
    with http_server() as server:
        yield server


@pytest.fixture
def settings(web: tuple[int, Asked], tmp_path: Path) -> Settings:
    return Settings(
        data_folder=tmp_path / "data", backup_folder=tmp_path / "sets", min_free_mb=0,
        notify=f"ops=json://127.0.0.1:{web[0]}/hook", dead_man_plain_http=True,  # type: ignore[arg-type]
        dead_man_url=f"http://127.0.0.1:{web[0]}/KEY")  # type: ignore[arg-type]


@pytest.fixture
def workspace(database: Db, settings: Settings) -> api.Workspace:
    database["Equipment"].insert_one({"_id": 1})
    return api.DatabaseBackupRestore(connect=lambda: database, backup_folder=str(settings.backup_folder)).workspace


def paths(web: tuple[int, Asked]) -> list[str]:
    return [path for _, path, _ in web[1].requests]


def test_success(settings: Settings, workspace: api.Workspace, web: tuple[int, Asked]) -> None:
    with reported(settings, workspace):
        api.create(workspace)
    assert paths(web) == ["/KEY/start", "/KEY"]
    assert (settings.data_folder / "messages.json").exists()


@pytest.mark.parametrize(("error", "pings"), [
    (NoSpace("x"), ["/KEY/start", "/KEY/fail"]), (RuntimeError("x"), ["/KEY/start", "/KEY/fail"]),
    (Busy("x"), ["/KEY/start"]), (Cancelled("x"), ["/KEY/start"]), (KeyboardInterrupt(), ["/KEY/start"]),
])
def test_what_fails_goes_on_as_it_is(
    settings: Settings, workspace: api.Workspace, web: tuple[int, Asked], error: BaseException, pings: list[str]
) -> None:
    with pytest.raises(type(error)), reported(settings, workspace):
        raise error
    assert paths(web) == pings


def test_a_copy_that_stands_by_says_nothing(
    settings: Settings, workspace: api.Workspace, web: tuple[int, Asked], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(api.Scheduler, "standby", property(lambda scheduler: lookup))
    with reported(settings, workspace):
        pass
    assert paths(web) == []


def test_servers_that_are_away_fail_no_backup(workspace: api.Workspace, settings: Settings, web: Any) -> None:
    web[1].status = 500
    with reported(settings, workspace):
        made = api.create(workspace)
    assert made.set is not None


def test_the_command_line_tells(shared_mongod: Mongod, database: Db, tmp_path: Path, web: tuple[int, Asked]) -> None:
    (tmp_path / "sets").write_text("no folder")
    options = {
        "MONGODB_URI": shared_mongod.uri, "MONGODB_DATABASE": database.name, "BACKUP_FOLDER": str(tmp_path / "sets"),
        "EQUIPMENT_DATA_FOLDER": str(tmp_path / "data"), "EQUIPMENT_NOTIFY": f"ops=json://127.0.0.1:{web[0]}/hook",
        "EQUIPMENT_DEAD_MAN_URL": f"http://127.0.0.1:{web[0]}/KEY", "EQUIPMENT_DEAD_MAN_PLAIN_HTTP": "true",
        "PATH": "", "PYTEST_VERSION": "no installation's secrets",
    }
    done = subprocess.run([sys.executable, "backup_csv_for_db_restore.py", "backup"], cwd=ROOT, env=options, text=True,
                          capture_output=True, check=False)
    assert done.returncode not in (0, 2), done.stderr
    assert paths(web) == ["/KEY/start", "/KEY/fail", "/hook"]
    told = json.loads(web[1].requests[-1][2])
    assert "A backup failed" in told["title"]
    assert "KEY" not in done.stderr


def test_the_command_line_can_afford_it() -> None:
    """It is loaded around a backup by cron: it must not load the pages, the tables or every service there is."""
    code = ("import sys, equipment.messages.outside; print([name for name in sys.modules "
            "if name in ('streamlit', 'pyarrow', 'pandas', 'apprise', 'requests')])")
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, text=True, capture_output=True, check=True)
    assert done.stdout.strip() == "[]"
