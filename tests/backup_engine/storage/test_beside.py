"""Fetched sets beside the backup folder."""

from __future__ import annotations

from pathlib import Path

import pytest

from backup_engine.errors import PermissionDenied
from backup_engine.storage import LocalStorage
from backup_engine.storage.beside import BesideStorage
from backup_engine.storage.overlay import OverlayStorage


def test_fetched_files_are_read_first_and_everything_new_goes_into_the_folder(tmp_path: Path) -> None:
    main, fetched = LocalStorage(tmp_path / "main"), LocalStorage(tmp_path / "fetched")
    main.put("monday", "a", b"damaged")
    fetched.put("monday", "a", b"sound")
    storage = BesideStorage(main, fetched)

    storage.put("monday", "b", b"new")
    draft = storage.draft("monday", "c")
    draft.publish("c")

    assert storage.open("monday", "a").read() == b"sound"
    assert (main.names("monday"), fetched.names("monday")) == ({"a", "b", "c"}, {"a"})
    assert storage.refusal() is None and storage.aside == ""


def test_where_the_folder_can_only_be_read_its_own_work_folder_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    inner = OverlayStorage(LocalStorage(tmp_path / "main"), LocalStorage(tmp_path / "work"))
    denied = PermissionDenied("read-only")
    monkeypatch.setattr(inner.main, "refusal", lambda: denied)
    storage = BesideStorage(inner, LocalStorage(tmp_path / "fetched"))
    assert storage.refusal() is denied  # asked at the start of every run

    storage.put("monday", "safety", b"x")

    assert LocalStorage(tmp_path / "work").names("monday") == {"safety"}
    assert LocalStorage(tmp_path / "fetched").names("monday") == set()
    assert storage.aside == str(tmp_path / "work")
