"""A second folder as a remote."""

from __future__ import annotations

from pathlib import Path

import pytest

from backup_engine.errors import RemoteFailed, RemoteRefused
from backup_engine.remotes.address import parse
from backup_engine.remotes.base import Store
from backup_engine.remotes.folder import FolderStore
from tests.backup_engine.remotes.conformance import Conformance


@pytest.fixture
def store(tmp_path: Path) -> Store:
    (tmp_path / "disk").mkdir()
    return FolderStore(parse(f"file://{tmp_path}/disk"))


@pytest.fixture
def nobody(tmp_path: Path) -> Store:
    return FolderStore(parse(f"file://{tmp_path}/missing"))


class TestFolder(Conformance):
    pass


def test_a_folder_that_is_not_mounted_is_not_made(nobody: Store, tmp_path: Path) -> None:
    with pytest.raises(RemoteFailed, match="is not there"):
        nobody.put("data/x", b"x")

    assert not (tmp_path / "missing").exists()


def test_links_lead_nowhere(store: Store, tmp_path: Path) -> None:
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "secret").write_text("x")
    (tmp_path / "disk" / "data").symlink_to(tmp_path / "outside")

    assert list(store.list("")) == []
    for work in (lambda: list(store.list("data")), lambda: store.read("data/secret"),
                 lambda: store.put("data/new", b"x"), lambda: store.delete("data/secret")):
        with pytest.raises(RemoteRefused):
            work()
    assert (tmp_path / "outside" / "secret").exists()


def test_files_are_for_the_owner_only(store: Store, tmp_path: Path) -> None:
    store.put("data/x", b"x", create=True)

    assert (tmp_path / "disk" / "data").stat().st_mode & 0o777 == 0o700
    assert (tmp_path / "disk" / "data" / "x").stat().st_mode & 0o777 == 0o600
