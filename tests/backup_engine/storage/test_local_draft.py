"""A file gets its name whole and synced, and never another's name, on mounts of every kind."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from backup_engine.errors import BackupError, NoSpace, PermissionDenied
from backup_engine.storage import LocalStorage
from tests import odd_mount


@pytest.fixture
def local(tmp_path: Path) -> LocalStorage:
    return LocalStorage(tmp_path / "backups")


def names(local: LocalStorage) -> list[str]:
    return [entry.name for entry in local.entries("monday")]


@pytest.mark.parametrize("code", odd_mount.LINK, ids=errno.errorcode.get)
def test_without_hard_links_a_file_is_published_whole_and_over_nobody(
    local: LocalStorage, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    odd_mount.no_links(monkeypatch, code)
    first, late = local.draft("monday", "x"), local.draft("monday", "y")
    for draft in (first, late):
        draft.write(b"x" * 3_000_000)
        draft.sync()
    first.publish("final")

    with pytest.raises(FileExistsError):
        late.publish("final")
    late.discard()

    assert [(entry.name, entry.size) for entry in local.entries("monday")] == [("final", 3_000_000)]


@pytest.mark.parametrize(("code", "error"), [
    (errno.EIO, BackupError), (errno.EROFS, PermissionDenied), (errno.ENOSPC, NoSpace),
])
def test_a_real_fault_of_link_is_one(
    local: LocalStorage, monkeypatch: pytest.MonkeyPatch, code: int, error: type[BackupError]
) -> None:
    odd_mount.no_links(monkeypatch, code)
    draft = local.draft("monday", "x")

    with pytest.raises(error):
        draft.publish("final")
    draft.discard()

    assert names(local) == []


def test_a_rename_that_fails_leaves_no_placeholder(local: LocalStorage, monkeypatch: pytest.MonkeyPatch) -> None:
    odd_mount.no_links(monkeypatch, errno.EPERM)
    monkeypatch.setattr(os, "rename", odd_mount.answer(errno.EIO))
    draft = local.draft("monday", "x")

    with pytest.raises(BackupError, match="disk reports a fault"):
        draft.publish("final")
    draft.discard()

    assert names(local) == []


def test_a_link_whose_answer_was_lost_has_been_made(local: LocalStorage, monkeypatch: pytest.MonkeyPatch) -> None:
    real = os.link

    def twice(*arguments: str, **more: int) -> None:
        real(*arguments, **more)  # type: ignore[arg-type]
        real(*arguments, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(os, "link", twice)
    draft = local.draft("monday", "x")
    draft.write(b"1")
    draft.publish("final")

    assert [(entry.name, entry.size) for entry in local.entries("monday")] == [("final", 1)]


@pytest.mark.parametrize("code", odd_mount.FLUSH, ids=errno.errorcode.get)
def test_a_folder_that_cannot_be_flushed_stops_nothing(
    local: LocalStorage, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    odd_mount.no_flush(monkeypatch, code)

    local.put("monday", "note", b"1")
    local.sync("monday")

    assert names(local) == ["note"]


@pytest.mark.parametrize("code", [errno.EIO, errno.ENOSPC, errno.EROFS], ids=errno.errorcode.get)
def test_a_folder_whose_flush_fails_is_an_error(
    local: LocalStorage, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    odd_mount.no_flush(monkeypatch, code)

    with pytest.raises(BackupError):
        local.put("monday", "note", b"1")


@pytest.mark.parametrize("code", [errno.EINVAL, errno.EIO], ids=errno.errorcode.get)
def test_a_file_that_cannot_be_flushed_is_an_error_in_any_case(
    local: LocalStorage, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    monkeypatch.setattr(os, "fsync", odd_mount.answer(code))

    with pytest.raises(BackupError, match="disk reports a fault"):
        local.put("monday", "note", b"1")
    assert names(local) == []
