"""The mount of a path, as the system's table has it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from backup_engine.storage import mounts
from backup_engine.storage.mounts import Mount, mount_of, readable

TABLE = """\
/dev/sda1 / ext4 rw,relatime 0 0
//nas/lab /mnt/lab\\040backups cifs rw,vers=3.0 0 0
//old/x /mnt/nas nfs4 rw 0 0
//nas/x /mnt/nas cifs ro,nosuid 0 0
rclone: /mnt/nas/deep fuse.rclone rw,user_id=0 0 0
"""


@pytest.fixture(autouse=True)
def table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mounts, "TABLE", tmp_path / "mounts")
    (tmp_path / "mounts").write_text(TABLE)


@pytest.mark.parametrize(("path", "mount", "words"), [
    ("/home/me", Mount("/", "ext4"), "mount /, ext4"),
    ("/mnt/lab backups/x/y", Mount("/mnt/lab backups", "cifs"), "mount /mnt/lab backups, cifs"),
    ("/mnt/nas", Mount("/mnt/nas", "cifs", read_only=True), "mount /mnt/nas, cifs, read-only"),
    ("/mnt/nas/deep/er", Mount("/mnt/nas/deep", "fuse.rclone"), "mount /mnt/nas/deep, fuse.rclone"),
    ("/mnt/nasty", Mount("/", "ext4"), "mount /, ext4"),
])
def test_the_nearest_mount_counts_and_of_two_on_one_point_the_last(path: str, mount: Mount, words: str) -> None:
    assert mount_of(path) == mount
    assert str(mount_of(path)) == words


def test_a_link_is_followed_to_its_mount(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("/mnt/nas/deep/backups")

    assert mount_of(tmp_path / "link").point == "/mnt/nas/deep"


@pytest.mark.parametrize(("kind", "shared"), [
    ("ext4", False), ("xfs", False), ("tmpfs", False), ("vfat", False), ("overlay", False),
    ("nfs", True), ("nfs4", True), ("cifs", True), ("smb3", True), ("fuse.sshfs", True), ("9p", True),
    ("virtiofs", True), ("ceph", True),
])
def test_which_mounts_others_may_have_as_well(kind: str, shared: bool) -> None:
    assert Mount("/x", kind).may_be_shared is shared


def test_without_a_table_the_mount_point_is_known(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mounts, "TABLE", tmp_path / "none")

    mount = mount_of(tmp_path / "not" / "there")

    assert mount.kind == ""
    assert tmp_path.is_relative_to(mount.point)


def test_a_name_that_is_no_utf_8_can_be_written_anywhere() -> None:
    assert readable("/mnt/café") == "/mnt/café"
    assert readable(os.fsdecode(b"/mnt/caf\xe9")) == "/mnt/caf\\xe9"
