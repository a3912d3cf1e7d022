"""File names in metadata that lead elsewhere: refused, and nothing outside the set's own folder is ever opened."""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from backup_engine.api import DatabaseBackupRestore
from backup_engine.errors import BackupError
from backup_engine.repository import contents, manifest
from backup_engine.verify import require, verify
from backup_engine.workspace import Workspace
from tests.backup_engine.stored import file_of, folder, no_database, store

SECRET = "_id,password\r\n1,s3cret\r\n"
OTHER = "20250101_000000"


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every path and name that is opened for reading or writing while a test runs."""
    seen: list[str] = []
    real = os.open

    def watched(path: object, *rest: object, **more: object) -> int:
        seen.append(os.fspath(path) if isinstance(path, (str, os.PathLike)) else str(path))  # type: ignore[arg-type]
        return real(path, *rest, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(os, "open", watched)
    return seen


def names(place: Path) -> Iterator[str]:
    """Names an attacker may write into metadata."""
    yield from (
        "../../etc/passwd", "/etc/passwd", "..\\..\\windows\\system.ini", "C:\\secret.csv", "file:///etc/passwd",
        "equipment_backup_20250604_120000.csv\0.txt", "equipment_backup_20250604_120000.csv/../../../etc/passwd",
        "../friday/equipment_backup_20250604_120000.csv", "./equipment_backup_20250604_120000.csv",
        f"equipment_backup_{OTHER}.csv", "select_options_backup_20250604_120000.csv", "equipment_backup_latest.csv",
        "equipment_backup_20250604_120000.csv.exe", "equipment_backup_20250604_120000.csv.gz.gz", "", ".", "..", "~",
        "equipment_backup_20250604_120000.csv\n", "equipment_backup_２０２５0604_120000.csv", "-rf", "*",
        str(place / "secret.csv"), "\\\\server\\share\\x.csv", "equipment_backup_20250604_120000.csv:stream",
    )


def use(ws: Workspace, path: Path, label: str) -> None:
    """Everything that could open the named file; the face answers, it does not raise."""
    face = DatabaseBackupRestore(backup_folder=str(path), connect=no_database)
    for backup in ws.catalog.sets():
        for level in (0, 1, 2):
            verify(ws, backup, level, remember=False)
    for answer in (face.preview_backup({"label": label}), face.verify_backup({"label": label}),
                   face.restore_from_backup({"label": label}, "equipment", "replace")):
        assert answer[0] is False and "s3cret" not in str(answer) and "unexpected fault" not in str(answer)
    assert face.get_available_backups()


@pytest.mark.parametrize("number", range(25))
@pytest.mark.parametrize("legacy", [False, True])
def test_names_that_lead_elsewhere(tmp_path: Path, opened: list[str], number: int, legacy: bool) -> None:
    ws, _ = folder(tmp_path / "sets")
    backup = store(ws)
    (tmp_path / "secret.csv").write_text(SECRET)
    name = list(names(tmp_path))[number]
    path = file_of(ws, backup, "metadata")
    metadata = json.loads(path.read_text())
    metadata["equipment_file"] = name
    if legacy:
        wanted = ("backup_timestamp", "backup_hash", "equipment_", "select_options_", "day_of_week")
        metadata = {key: value for key, value in metadata.items() if key.startswith(wanted)}
        path.write_text(json.dumps(metadata))
    else:
        metadata["collections"]["equipment"]["file"] = name
        path.write_bytes(manifest.encode(metadata))
    opened.clear()

    listed = ws.catalog.find(backup.label)
    use(ws, tmp_path / "sets", backup.label)

    assert listed.state == "damaged"
    assert not [file for file in opened
                if "passwd" in file or "secret" in file or "system.ini" in file or OTHER in file]


def replace_by_link(path: Path, outside: Path) -> None:
    """A symbolic link to something outside."""
    path.symlink_to(outside)


def replace_by_hard_looking_link(path: Path, outside: Path) -> None:
    """A relative link."""
    path.symlink_to(os.path.relpath(outside, path.parent))


def replace_by_dangling_link(path: Path, outside: Path) -> None:
    """A link to nothing."""
    path.symlink_to(outside.with_name("nothing"))


def replace_by_fifo(path: Path, _: Path) -> None:
    """A pipe nobody writes to: opening it would block for ever."""
    os.mkfifo(path)


def replace_by_socket(path: Path, _: Path) -> None:
    """A socket."""
    here = Path.cwd()
    os.chdir(path.parent)
    try:
        with socket.socket(socket.AF_UNIX) as server:
            server.bind(path.name)
    finally:
        os.chdir(here)


def replace_by_device(path: Path, _: Path) -> None:
    """A device that never ends; where it cannot be made a link to one does."""
    try:
        os.mknod(path, 0o20666, os.makedev(1, 5))
    except PermissionError:
        path.symlink_to("/dev/zero")


def replace_by_folder(path: Path, _: Path) -> None:
    """A folder."""
    path.mkdir()


@pytest.mark.parametrize("replace", [
    replace_by_link, replace_by_hard_looking_link, replace_by_dangling_link, replace_by_fifo, replace_by_socket,
    replace_by_device, replace_by_folder,
])
@pytest.mark.parametrize("key", ["equipment", "metadata"])
def test_things_that_are_no_files(tmp_path: Path, replace: object, key: str) -> None:
    ws, _ = folder(tmp_path / "sets")
    backup = store(ws)
    outside = tmp_path / "outside.csv"
    path = file_of(ws, backup, key)
    outside.write_bytes(path.read_bytes())
    path.unlink()
    replace(path, outside)  # type: ignore[operator]

    for listed in ws.catalog.sets():
        assert not listed.usable
        with pytest.raises(BackupError):
            require(ws, listed, 2)
        with pytest.raises(BackupError):
            list(contents.documents(ws, backup, "equipment")) if key == "equipment" else require(ws, listed)
    face = DatabaseBackupRestore(backup_folder=str(tmp_path / "sets"), connect=no_database)
    assert face.preview_backup({"label": backup.label})[0] is False
    assert face.restore_from_backup({"label": backup.label})[0] is False


def test_replaced_between_listing_and_opening(tmp_path: Path) -> None:
    """The set was fine when it was listed; the file is a link to its own bytes when it is opened."""
    ws, _ = folder(tmp_path / "sets")
    backup = store(ws)
    path = file_of(ws, backup)
    path.rename(tmp_path / "moved.csv")
    path.symlink_to(tmp_path / "moved.csv")

    with pytest.raises(BackupError):
        list(contents.documents(ws, backup, "equipment"))
    assert not verify(ws, backup, 1).ok


def test_day_folder_that_is_a_link(tmp_path: Path) -> None:
    ws, _ = folder(tmp_path / "sets")
    backup = store(ws)
    day = tmp_path / "sets" / backup.day
    day.rename(tmp_path / "elsewhere")
    day.symlink_to(tmp_path / "elsewhere", target_is_directory=True)

    assert ws.catalog.sets() == [] and backup.day in ws.catalog.unreadable
    with pytest.raises(BackupError):
        list(contents.documents(ws, backup, "equipment"))
