"""A folder that is only read: what is in it is seen, what a crash left is not, and nothing can be changed."""

from __future__ import annotations

from pathlib import Path

import pytest

from backup_engine.errors import BackupFileNotFound, PermissionDenied
from backup_engine.storage import LocalStorage
from backup_engine.storage.base import STATE
from backup_engine.storage.read_only import ReadOnlyStorage
from tests.backup_engine.stored import snapshot


@pytest.fixture
def storage(tmp_path: Path) -> ReadOnlyStorage:
    local = LocalStorage(tmp_path / "old")
    local.put("monday", "a.csv", b"a")
    local.put("monday", ".tmp-dead-1", b"left over")
    local.put(STATE, "verified.json", b"{}")
    local.inside(".app").put("monday", "b.csv", b"b")
    return ReadOnlyStorage(local)


def test_what_is_there_is_read(storage: ReadOnlyStorage) -> None:
    assert storage.open("monday", "a.csv").read() == b"a"
    assert storage.names("monday") == {"a.csv"}
    assert [entry.name for entry in storage.entries("monday")] == ["a.csv"]
    assert [entry.name for entry in storage.entries_of("monday", ["a.csv", ".tmp-dead-1"])] == ["a.csv"]
    assert storage.inside(".app").open("monday", "b.csv").read() == b"b"


def test_what_it_noted_for_itself_is_not_believed(storage: ReadOnlyStorage) -> None:
    assert storage.names(STATE) == set() and storage.entries(STATE) == []
    with pytest.raises(BackupFileNotFound):
        storage.open(STATE, "verified.json")


def test_nothing_can_be_changed(storage: ReadOnlyStorage, tmp_path: Path) -> None:
    before = snapshot(tmp_path)

    for change in (lambda: storage.put("monday", "x", b""), lambda: storage.delete("monday", "a.csv"),
                   lambda: storage.draft("monday", "x"), lambda: storage.inside(".app").delete("monday", "b.csv"),
                   storage.check_writable):
        with pytest.raises(PermissionDenied):
            change()
    storage.sync("monday")

    assert isinstance(storage.refusal(), PermissionDenied) and storage.lock_file() is None
    assert snapshot(tmp_path) == before
