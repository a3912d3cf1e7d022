"""A full, read-only or failing disk: the right words, nothing left behind, older sets untouched, retention not run."""

from __future__ import annotations

import ctypes
import errno
import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from pymongo.database import Database

from backup_engine import prune
from backup_engine.create import create
from backup_engine.errors import BackupError, NoSpace, PermissionDenied
from backup_engine.making import run
from backup_engine.mongo import snapshot
from backup_engine.verify import verify
from backup_engine.workspace import Workspace
from tests.backup_engine.engine import fill, workspace
from tests.small_disk import SmallDisk

Live = Database[dict[str, Any]]
SIZE = 2 << 20


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of two megabytes."""
    with SmallDisk(tmp_path / "disk", SIZE) as disk:
        yield disk.place


@pytest.fixture
def ws(tmp_path: Path, database: Live) -> Workspace:
    fill(database)
    made = workspace(tmp_path / "backups", database)
    create(made)
    return made


def left_over(root: Path) -> set[str]:
    names = {path.name for path in root.rglob("*") if path.is_file()}
    return {name for name in names if name.startswith((".tmp", "intent_"))}


def check_untouched(ws: Workspace, root: Path, sets: int = 1) -> None:
    listed = ws.catalog.sets()
    assert len(listed) == sets
    assert all(verify(ws, backup, level=2).ok for backup in listed)
    assert left_over(root) == set()


def test_the_disk_fills_up_while_writing(small_disk: Path, database: Live, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run, "SPARE_BYTES", 0)  # a disk of 2 MB has no 16 MiB to spare, and nothing would begin
    fill(database)
    ws = workspace(small_disk / "backups", database)
    create(ws)
    database.Equipment.insert_many([{"text": "x" * 10_000} for _ in range(300)])
    monkeypatch.setattr(prune, "prune", lambda *_, **__: pytest.fail("retention ran"))

    with pytest.raises(NoSpace, match="Not enough disk space"):
        create(ws, force=True)

    check_untouched(ws, small_disk)
    monkeypatch.undo()
    monkeypatch.setattr(run, "SPARE_BYTES", 0)
    database.Equipment.delete_many({"text": {"$exists": True}})
    assert create(ws, force=True).warnings == ()


def test_too_little_room_is_known_before_anything_is_read(
    small_disk: Path, database: Live, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(database)
    monkeypatch.setattr(snapshot, "take", lambda *_, **__: pytest.fail("read"))

    with pytest.raises(NoSpace, match="1 MiB left, 16 MiB are needed"):
        create(workspace(small_disk, database))

    assert left_over(small_disk) == set()


def test_a_disk_without_one_free_byte(small_disk: Path, database: Live) -> None:
    fill(database)
    with (small_disk / "filler").open("wb", buffering=0) as filler, pytest.raises(OSError, match="No space"):
        while True:
            filler.write(b"x" * 4096)

    with pytest.raises(NoSpace):
        create(workspace(small_disk, database))

    assert left_over(small_disk) == set()


def test_a_read_only_disk(small_disk: Path, database: Live) -> None:
    fill(database)
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)

    with pytest.raises(PermissionDenied, match="Permission denied"):
        create(workspace(small_disk, database))


FAULTS: dict[str, tuple[int, type[BackupError]]] = {
    "quota": (errno.EDQUOT, NoSpace), "read-only": (errno.EROFS, PermissionDenied),
    "disk fault": (errno.EIO, BackupError),
}


class Failing:
    """The n-th call of one system function fails."""

    def __init__(self, real: Callable[..., Any], number: int, code: int) -> None:
        self.real, self.number, self.code, self.calls = real, number, code, 0

    def __call__(self, *arguments: Any, **more: Any) -> Any:
        self.calls += 1
        if self.calls == self.number:
            raise OSError(self.code, os.strerror(self.code))
        return self.real(*arguments, **more)


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("call", ["fsync", "link", "rename"])
def test_any_sync_or_rename_fails(
    ws: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str, fault: str
) -> None:
    code, error = FAULTS[fault]
    sets = 1
    for number in range(1, 40, 5 if call == "fsync" else 1):
        failing = Failing(getattr(os, call), number, code)
        monkeypatch.setattr(os, call, failing)
        try:
            created = create(ws, force=True)
        except error as problem:
            assert problem.exit_code in (NoSpace.exit_code, PermissionDenied.exit_code, BackupError.exit_code)
        else:
            sets += 1
            assert created.set is not None
        finally:
            monkeypatch.undo()
        check_untouched_after_fault(ws, tmp_path / "backups")
        if failing.calls < number:
            break
    assert sets >= 2


def check_untouched_after_fault(ws: Workspace, root: Path) -> None:
    """What a fault could not remove is named by an intent; the next backup removes it."""
    assert all(backup.state == "complete" and verify(ws, backup, level=2).ok for backup in ws.catalog.sets())
    create(ws, force=True)
    assert left_over(root) == set()
    for backup in ws.catalog.sets()[:-1]:
        ws.catalog.remove(backup)


def test_a_user_without_rights_is_told(tmp_path: Path, database: Live) -> None:
    if os.getuid() != 0:
        pytest.skip("giving up rights needs root")
    fill(database)
    folder = tmp_path / "denied"
    folder.mkdir(mode=0o700)
    tmp_path.chmod(0o755)
    ws = workspace(folder, database)
    assert ws.connect().command("ping")["ok"] == 1
    nobody = 65534
    libc = ctypes.CDLL(None, use_errno=True)

    # Root passes all modes. setfsuid takes that away from this thread alone, and only where files are concerned.
    assert libc.syscall(_SETFSUID, nobody) == 0
    try:
        with pytest.raises(PermissionDenied, match="Permission denied"):
            create(ws)
    finally:
        libc.syscall(_SETFSUID, 0)

    assert list(folder.iterdir()) == []


_SETFSUID = {"x86_64": 122, "aarch64": 151}[os.uname().machine]
