"""Where a mount has no file locks the lease alone keeps other runs away, and without it nothing is done."""

from __future__ import annotations

import errno
from collections.abc import Callable
from pathlib import Path
from typing import Any

import mongomock
import pytest
from pymongo.database import Database

from backup_engine.errors import BackupError, Busy, DatabaseUnreachable, PermissionDenied
from backup_engine.locking import file_lock, locks
from backup_engine.locking.locks import hold
from backup_engine.storage import mounts
from tests import odd_mount
from tests.backup_engine.engine import workspace

Live = Database[dict[str, Any]]
Patch = pytest.MonkeyPatch

LACKS: dict[str, Callable[[Patch], None]] = {
    **{errno.errorcode[code]: lambda patch, code=code: odd_mount.no_locks(patch, code)  # type: ignore[misc]
       for code in odd_mount.LOCK},
    "everybody gets it": odd_mount.locks_for_everybody,
}


@pytest.fixture(params=LACKS)
def lack(request: pytest.FixtureRequest, monkeypatch: Patch) -> str:
    LACKS[request.param](monkeypatch)
    return str(request.param)


@pytest.mark.usefixtures("lack")
def test_the_lease_stands_in_and_that_is_said(tmp_path: Path, database: Live) -> None:
    with hold(workspace(tmp_path, database), "backup") as held:
        [said] = held.warnings
        assert said.startswith(f"the folder {tmp_path} ({mounts.mount_of(tmp_path)}) has no file locks")
        assert held.alone is False
        held.check()
        # as another process of this boot and folder would: the mutex is of this process alone
        with pytest.raises(Busy), hold(workspace(tmp_path / ".." / tmp_path.name, database), "restore"):
            pytest.fail("two at once")


@pytest.mark.usefixtures("lack")
def test_without_lease_and_file_lock_nothing_is_done(tmp_path: Path) -> None:
    def down() -> Live:
        raise DatabaseUnreachable("no answer")

    for connect, purpose in ((lambda: mongomock.MongoClient().db, "backup"), (down, "prune"), (down, "repair")):
        with (
            pytest.raises(PermissionDenied, match="has no file locks, and there is no lock in MongoDB"),
            hold(workspace(tmp_path, connect), purpose),  # type: ignore[arg-type]
        ):
            pytest.fail("nobody would know of the other")


def test_who_gets_the_file_lock_does_not_take_a_run_without_one_for_dead(
    tmp_path: Path, database: Live, monkeypatch: Patch
) -> None:
    with monkeypatch.context() as patch:
        odd_mount.no_locks(patch, errno.ENOLCK)
        running = hold(workspace(tmp_path, database), "backup")
        held = running.__enter__()
    try:
        # the lock service is back, and another process of this machine begins
        with pytest.raises(Busy), hold(workspace(tmp_path / ".." / tmp_path.name, database), "backup"):
            pytest.fail("two at once")
        held.check()
    finally:
        running.__exit__(None, None, None)


def test_an_ordinary_mount_has_locks_and_nothing_is_said(tmp_path: Path, database: Live) -> None:
    with hold(workspace(tmp_path, database), "backup") as held:
        assert held.warnings == ()
        assert held.alone is True
        assert held.scope != ""


def test_on_a_mount_that_others_may_have_too_the_file_lock_proves_nothing(
    tmp_path: Path, database: Live, monkeypatch: Patch
) -> None:
    monkeypatch.setattr(locks, "mount_of", lambda _: mounts.Mount("/mnt/nas", "nfs4"))

    with hold(workspace(tmp_path, database), "backup") as held:
        assert held.warnings == ()
        assert held.alone is False


def test_a_fault_that_is_no_lack_of_locks_is_an_error(tmp_path: Path, database: Live, monkeypatch: Patch) -> None:
    odd_mount.no_locks(monkeypatch, errno.EIO)

    with pytest.raises(BackupError, match="disk reports a fault"), hold(workspace(tmp_path, database), "backup"):
        pytest.fail("went on")


def test_a_lock_file_that_is_removed_meanwhile_is_no_lack_of_locks(tmp_path: Path, monkeypatch: Patch) -> None:
    path = tmp_path / ".lock"
    real, removed = file_lock._excludes, []

    def excludes(descriptor: int, where: Path) -> bool:
        if not removed:
            removed.append(where)
            where.unlink()
        return real(descriptor, where)

    monkeypatch.setattr(file_lock, "_excludes", excludes)

    with file_lock.file_lock(path, "backup", 0) as locked:
        assert locked is True
        assert path.exists()
