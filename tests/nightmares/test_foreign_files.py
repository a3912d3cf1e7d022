"""Files of others in the backup folder: not listed, not touched, in nobody's way."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from pymongo.database import Database

from backup_engine import prune, verify
from backup_engine.create import create
from backup_engine.errors import BackupError
from backup_engine.model import DAYS
from tests.backup_engine.engine import StillClock, fill, workspace
from tests.backup_engine.stored import folder, store

FOREIGN = (
    "notes.txt", "equipment.csv", "equipment_backup.csv", "Equipment_backup_20250604_120000.csv", ".DS_Store",
    "backup_metadata_20250604_120000.json.bak", "backup_metadata_.json", "backup_metadata_2025.json", "desktop.ini",
    "equipment_backup_20250604_120000.csv~", "equipment_backup_20250604_120000.xlsx", "~$equipment.xlsx", "Thumbs.db",
    "spares_backup_20250604_120000.csv", "ünïcode ☃.txt", "-rf", "a\nb", ".hidden", "conflict 2025.json",
    "equipment_backup_20250604_120000 (1).csv", "x" * 250, ".tmp-someone-else", "lost+found.txt",
    "backup_metadata_20250604_120000 (1).json", ".gitkeep",
)


def sprinkle(path: Path) -> dict[str, bytes]:
    """Put foreign files and folders into every folder; their contents by relative path."""
    made = {}
    for where in ("", *DAYS, ".state", "photos", "Monday", "monday/inner"):
        (path / where).mkdir(parents=True, exist_ok=True)
        for name in FOREIGN:
            file = path / where / name
            file.write_bytes(f"{where} {name}".encode())
            made[str(file.relative_to(path))] = file.read_bytes()
    odd = os.fsencode(path / "friday") + b"/\xff\xfe.csv"
    with open(odd, "wb") as file:  # noqa: PTH123 - a name that is no text
        file.write(b"odd")
    return made


def test_foreign_files_are_neither_listed_nor_touched(tmp_path: Path, database: Database) -> None:
    fill(database)
    foreign = sprinkle(tmp_path)
    clock = StillClock()
    ws = workspace(tmp_path, database, clock=clock)
    for _ in range(12):
        create(ws, force=True)
        clock.pass_by(days=1)
    listed = [backup for backup in ws.catalog.sets() if backup.state != "orphan"]

    assert prune.prune(ws).halted == "" and all(backup.state == "complete" for backup in listed)
    assert len([backup for backup in ws.catalog.sets() if backup.state == "complete"]) == 8
    assert verify.verify(ws, ws.catalog.sets()[-1], 2).ok
    assert {name: (tmp_path / name).read_bytes() for name in foreign} == foreign
    assert (os.fsencode(tmp_path / "friday") + b"/\xff\xfe.csv") in [
        entry.path for entry in os.scandir(os.fsencode(tmp_path / "friday"))]


@pytest.mark.parametrize("mode", [0o000, 0o200, 0o444])
def test_unreadable_foreign_files_do_no_harm(tmp_path: Path, mode: int) -> None:
    ws, _ = folder(tmp_path)
    for path in (tmp_path / name for name in sprinkle(tmp_path)):
        path.chmod(mode)

    backup = store(ws)

    assert verify.verify(ws, backup, 2).ok


def a_file(path: Path) -> None:
    """A file where the day's folder should be."""
    path.write_bytes(b"not a folder")


def a_link(path: Path) -> None:
    """A link to some other folder."""
    path.with_name("elsewhere").mkdir()
    path.symlink_to(path.with_name("elsewhere"), target_is_directory=True)


def a_dangling_link(path: Path) -> None:
    """A link to nothing."""
    path.symlink_to(path.with_name("nowhere"), target_is_directory=True)


@pytest.mark.parametrize("make", [a_file, a_link, a_dangling_link])
def test_something_else_in_the_place_of_the_day_folder(tmp_path: Path, make: Callable[[Path], None]) -> None:
    ws, clock = folder(tmp_path)
    day = tmp_path / DAYS[clock().weekday()]
    make(day)
    kept = day.read_bytes() if day.is_file() else None

    with pytest.raises(BackupError) as refused:
        store(ws)

    assert day.name in str(refused.value)
    assert ws.catalog.sets() == []
    assert not list(tmp_path.glob("elsewhere/*")) and not (tmp_path / "nowhere").exists()
    assert kept is None or day.read_bytes() == kept
    clock.pass_by(days=1)
    assert verify.verify(ws, store(ws), 2).ok


def test_missing_day_folder_is_created_for_its_owner_alone(tmp_path: Path) -> None:
    ws, _ = folder(tmp_path / "not" / "there" / "yet")

    backup = store(ws)

    day = tmp_path / "not" / "there" / "yet" / backup.day
    assert day.stat().st_mode & 0o777 == 0o700
    assert {path.stat().st_mode & 0o777 for path in day.iterdir()} == {0o600}
