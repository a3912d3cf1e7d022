"""What a folder cannot promise is said with its mount; what is no folder is named with what it is."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from backup_engine.errors import BackupError, PermissionDenied
from backup_engine.storage import LocalStorage
from backup_engine.storage.mounts import mount_of
from tests import odd_mount

Patch = pytest.MonkeyPatch


def test_an_ordinary_folder_promises_everything_and_keeps_no_trace(tmp_path: Path) -> None:
    local = LocalStorage(tmp_path / "backups")

    assert local.weaknesses() == ()
    assert local.refusal() is None
    assert local.entries("") == []


@pytest.mark.parametrize(("lack", "words"), [
    (lambda patch: odd_mount.no_flush(patch, errno.EINVAL), "cannot flush folders to the disk: after a power cut"),
    (lambda patch: odd_mount.no_links(patch, errno.EPERM), "has no hard links: who looks at it"),
    (odd_mount.no_room_told, "does not tell how much room is left"),
])
def test_what_is_weaker_is_said_with_folder_and_mount(
    tmp_path: Path, monkeypatch: Patch, lack: Callable[[Patch], None], words: str
) -> None:
    local = LocalStorage(tmp_path / "backups")
    lack(monkeypatch)

    [said] = local.weaknesses()

    assert said.startswith(f"the folder {tmp_path}/backups ({mount_of(tmp_path)}) {words}")
    assert local.entries("") == []


def test_a_fault_of_the_disk_is_no_weakness(tmp_path: Path, monkeypatch: Patch) -> None:
    odd_mount.no_flush(monkeypatch, errno.EIO)

    with pytest.raises(BackupError, match="disk reports a fault"):
        LocalStorage(tmp_path / "backups").weaknesses()
    assert list((tmp_path / "backups").iterdir()) == []


def test_zeros_are_no_answer_about_the_room_but_a_full_disk_is_full(tmp_path: Path, monkeypatch: Patch) -> None:
    local = LocalStorage(tmp_path)
    odd_mount.no_room_told(monkeypatch)
    assert local.free_bytes() is None

    monkeypatch.setattr(os, "statvfs", lambda _: os.statvfs_result((4096, 4096, 1000, *[0] * 6, 255)))
    assert local.free_bytes() == 0


@pytest.mark.parametrize(("code", "refused"), [
    (errno.EROFS, True), (errno.EACCES, True), (errno.EPERM, True), (errno.ENOSPC, False), (errno.EIO, False),
])
def test_only_what_can_only_be_read_refuses(tmp_path: Path, monkeypatch: Patch, code: int, refused: bool) -> None:
    (tmp_path / "backups").mkdir()
    odd_mount.read_only(monkeypatch, tmp_path / "backups", code)

    refusal = LocalStorage(tmp_path / "backups").refusal()

    assert (refusal is not None) is refused
    if refusal is not None:
        assert refusal.message.startswith(f"Permission denied: {tmp_path}/backups: {os.strerror(code)}")


@pytest.mark.parametrize("below", ["", "deep/er"])
def test_a_link_to_nowhere_is_named_with_its_target(tmp_path: Path, below: str) -> None:
    (tmp_path / "link").symlink_to("nas/backups")
    local = LocalStorage(tmp_path / "link" / below)
    said = f"Permission denied: {tmp_path}/link is a link to {tmp_path}/nas/backups, which is not there"

    for attempt in (local.lock_file, local.check_writable, lambda: local.entries("monday"),
                    lambda: local.put("monday", "x", b""), lambda: local.open("monday", "x")):
        with pytest.raises(PermissionDenied) as refused:
            attempt()
        assert refused.value.message.startswith(said)
        assert str(mount_of(tmp_path)) in refused.value.message
    assert list(tmp_path.iterdir()) == [tmp_path / "link"]

    (tmp_path / "nas" / "backups").mkdir(parents=True)
    local.put("monday", "x", b"")
    assert [entry.name for entry in local.entries("monday")] == ["x"]


def test_a_file_in_the_place_of_the_folder_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    for path in (tmp_path / "file", tmp_path / "file" / "below"):
        with pytest.raises(PermissionDenied, match="file"):
            LocalStorage(path).check_writable()
