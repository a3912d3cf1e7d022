"""Where the socket of the embedded MongoDB is put."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from equipment.server import runtime_folder


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty data folder; the temporary folder is one of the test's."""
    (tmp_path / "t").mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "t"))
    monkeypatch.setattr(runtime_folder, "LONGEST", 1000)
    monkeypatch.delenv("RUNTIME_DIRECTORY", raising=False)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    (tmp_path / "data").mkdir()
    return tmp_path / "data"


def test_the_setting_comes_first_then_systemd_then_the_last_then_a_random_one(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    random = runtime_folder.socket_for(data, None)
    assert random.parent.parent == tmp_path / "t" and stat.S_IMODE(random.parent.stat().st_mode) == 0o700
    random.parent.rmdir()
    assert runtime_folder.socket_for(data, None) == random == runtime_folder.recorded(data)
    assert random.parent.is_dir()

    monkeypatch.setenv("RUNTIME_DIRECTORY", f"{tmp_path}/run:{tmp_path}/second")
    assert runtime_folder.socket_for(data, None).parent == tmp_path / "run"

    assert runtime_folder.socket_for(data, tmp_path / "set").parent == tmp_path / "set"
    assert runtime_folder.recorded(data).parent == tmp_path / "set"


def test_a_last_place_that_somebody_else_prepared_is_not_used(data: Path, tmp_path: Path) -> None:
    last = runtime_folder.socket_for(data, None)
    last.parent.rmdir()
    last.parent.symlink_to(tmp_path)

    assert runtime_folder.socket_for(data, None).parent != last.parent


def test_a_chosen_folder_that_others_may_write_to_is_refused(data: Path, tmp_path: Path) -> None:
    (tmp_path / "open").mkdir()
    (tmp_path / "open").chmod(0o777)

    with pytest.raises(OSError, match="others may write"):
        runtime_folder.socket_for(data, tmp_path / "open")


@pytest.mark.parametrize("name", ["Capital", "l" * 100])
def test_a_chosen_folder_no_socket_can_be_in_is_refused(
    name: str, data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runtime_folder, "LONGEST", len(str(tmp_path)) + 50)
    with pytest.raises(OSError, match=r"capital letters|too long"):
        runtime_folder.socket_for(data, tmp_path / name)
