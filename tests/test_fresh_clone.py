"""What a fresh clone looks like, and that a backup made in one neither shows in git nor lies open to others."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from pymongo.database import Database

from backup_engine.api import DatabaseBackupRestore
from backup_engine.errors import BadInput
from backup_engine.model import DAYS
from equipment.server import diagnosis
from equipment.server.diagnosis import Installation

ROOT = Path(__file__).resolve().parents[1]
BACKUPS = "restore_data_to_db"

if shutil.which("git") is None or not (ROOT / ".git").exists():
    pytest.skip("no git here, or no clone", allow_module_level=True)


def git(folder: Path, *words: str) -> str:
    # Whoever owns the files: CI often runs as root in somebody else's clone.
    command = ["git", "-c", "safe.directory=*", "-c", "user.name=t", "-c", "user.email=t@example.org", *words]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True, umask=0o022).stdout


def tracked(*paths: str) -> list[str]:
    return git(ROOT, "ls-files", "--", *paths).splitlines()


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A clone of the backup folder and the rules of what is ignored, as they stand here."""
    origin = tmp_path / "origin"
    for name in tracked(".gitignore", BACKUPS):
        (origin / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, origin / name)
    git(origin, "init", "-q")
    git(origin, "add", "-A")
    git(origin, "commit", "-q", "-m", "As it is")
    git(tmp_path, "clone", "-q", str(origin), "clone")
    return tmp_path / "clone"


def test_a_clone_has_the_seven_days_and_they_are_empty() -> None:
    assert set(tracked(BACKUPS)) == {f"{BACKUPS}/README.txt", *(f"{BACKUPS}/{day}/.gitkeep" for day in DAYS)}
    assert all((ROOT / BACKUPS / day / ".gitkeep").stat().st_size == 0 for day in DAYS)


def test_nothing_of_an_installation_is_tracked() -> None:
    assert [name for name in tracked() if name.startswith((".data/", "build/", "dist/")) or "secrets" in name] == []


def test_a_backup_in_a_clone_does_not_show_in_git_and_is_private(
    clone: Path, database: Database[dict[str, Any]]
) -> None:
    database["Equipment"].insert_one({"Serial": "007"})
    engine = DatabaseBackupRestore(connect=lambda: database, backup_folder=str(clone / BACKUPS))
    installation = Installation("the test server", lambda: database, clone / BACKUPS, engine)

    made, file, message = engine.create_backup(force=True)

    assert made, message
    assert Path(file).parent.stat().st_mode & 0o077 == 0
    assert {(clone / BACKUPS / day / ".gitkeep").exists() for day in DAYS} == {True}
    assert git(clone, "status", "--porcelain", "--untracked-files=all") == ""
    assert diagnosis.folder_is_private(installation) == "Only this user can read the backups."


def test_a_day_with_backups_that_others_may_read_is_still_reported(
    clone: Path, database: Database[dict[str, Any]]
) -> None:
    engine = DatabaseBackupRestore(connect=lambda: database, backup_folder=str(clone / BACKUPS))
    database["Equipment"].insert_one({"Serial": "007"})
    day = Path(engine.create_backup(force=True)[1]).parent
    day.chmod(0o755)
    engine.create_backup(force=True)  # rights that somebody chose stay as they are

    with pytest.raises(BadInput, match=f"may read {day.name}"):
        diagnosis.folder_is_private(Installation("the test server", lambda: database, clone / BACKUPS, engine))
