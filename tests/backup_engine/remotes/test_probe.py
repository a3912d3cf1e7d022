"""Trying out a remote: stores that do less than they say. Real ones are tried in ``test_objects…``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from backup_engine.errors import RemoteFailed, RemoteRefused
from backup_engine.remotes.address import parse
from backup_engine.remotes.folder import FolderStore
from backup_engine.remotes.patient import Patient
from backup_engine.remotes.probe import NO_LOCK, probe


@pytest.fixture
def store(tmp_path: Path) -> FolderStore:
    return FolderStore(parse(f"file://{tmp_path}"))


ADDRESS = parse("file:///x")


def test_a_folder(store: FolderStore, tmp_path: Path) -> None:
    proven = probe(Patient(store), ADDRESS)

    assert proven.cannot == ("keeps no checksums: what was written is read back", NO_LOCK)
    assert proven.lock == "" and list(tmp_path.iterdir()) == []


def test_one_that_does_not_list(store: FolderStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "list", lambda folder: iter(()))

    with pytest.raises(RemoteFailed, match="does not list"):
        probe(Patient(store), ADDRESS)


def test_one_that_gives_parts_wrongly(store: FolderStore, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = store.read
    monkeypatch.setattr(store, "read", lambda key, start=0, length=None: whole(key)[:length])

    with pytest.raises(RemoteFailed, match="of a part"):
        probe(Patient(store), ADDRESS)


def test_one_that_does_not_let_delete(store: FolderStore, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(key: str) -> Any:
        raise RemoteRefused("403")

    monkeypatch.setattr(store, "delete", refused)

    assert any("does not let this login delete" in words for words in probe(Patient(store), ADDRESS).cannot)


def test_one_that_only_says_it_deleted(store: FolderStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "delete", lambda key: None)

    assert any("still there" in words for words in probe(Patient(store), ADDRESS).cannot)


def test_one_that_cannot_be_written(tmp_path: Path) -> None:
    with pytest.raises(RemoteFailed):
        probe(Patient(FolderStore(parse(f"file://{tmp_path}/missing")), attempts=1), ADDRESS)
