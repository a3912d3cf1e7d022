"""Where the socket of the embedded MongoDB is put."""

from __future__ import annotations

import os
import re
import stat
from pathlib import Path

import pytest

from backup_engine.errors import DatabaseUnreachable
from equipment.server import runtime_folder

STRANGER = 54_321
"""A user id that no account has."""


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


def occupied(place: Path, how: str) -> None:
    """Put there what somebody else on this machine could."""
    if how == "link":
        (place.parent / "theirs").mkdir(mode=0o700)
        place.symlink_to(place.parent / "theirs")
    elif how == "file":
        place.write_text("")
    elif how == "fifo":
        os.mkfifo(place)
    else:
        place.mkdir(mode=0o700)
        if how == "another's":
            os.chown(place, STRANGER, STRANGER)
        elif how == "open":
            place.chmod(0o777)
        elif how == "of a group":
            place.chmod(0o770)
        else:
            place.parent.chmod(0o777)


OCCUPIED = {
    "link": "it is a link; name the folder itself", "file": "it is no folder", "fifo": "it is no folder",
    "another's": f"it belongs to the user {STRANGER}", "open": "others may write to it; chmod 700 ",
    "of a group": "others may write to it; chmod 700 ", "above": "others may put another in its place; chmod o-w ",
}
"""What is in the place of the folder, and what is said of it."""


@pytest.fixture(params=OCCUPIED)
def how(request: pytest.FixtureRequest) -> str:
    if request.param == "another's" and os.geteuid():
        pytest.skip("only root gives a folder to somebody else")
    return str(request.param)


def test_a_chosen_folder_that_is_somebody_else_s_is_refused_with_the_reason(
    how: str, data: Path, tmp_path: Path
) -> None:
    (tmp_path / "run").mkdir()
    occupied(tmp_path / "run" / "socket", how)

    with pytest.raises(OSError, match=re.escape(OCCUPIED[how])):
        runtime_folder.socket_for(data, tmp_path / "run" / "socket")


def test_a_last_place_that_is_somebody_else_s_is_left_to_them(how: str, data: Path, tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    last = runtime_folder.socket_for(data, tmp_path / "run" / "socket")
    last.parent.rmdir()
    occupied(last.parent, how)

    assert runtime_folder.socket_for(data, None).parent.parent == tmp_path / "t"


def test_nobody_speaks_to_a_socket_that_is_somebody_else_s(how: str, data: Path, tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    socket = runtime_folder.socket_for(data, tmp_path / "run" / "socket")
    runtime_folder.require_own(socket, None)
    socket.parent.rmdir()
    runtime_folder.require_own(socket, None)
    occupied(socket.parent, how)

    with pytest.raises(DatabaseUnreachable, match=re.escape(OCCUPIED[how])) as refused:
        runtime_folder.require_own(socket, 4711)

    assert refused.value.hint.startswith("Nothing was sent there. End MongoDB (process 4711) and start again")
    assert "EQUIPMENT_RUNTIME_FOLDER" in refused.value.hint


def test_in_tmp_where_anybody_may_write_nobody_takes_another_s_folder_away(data: Path, tmp_path: Path) -> None:
    (tmp_path / "t").chmod(0o1777)

    runtime_folder.require_own(runtime_folder.socket_for(data, tmp_path / "t" / "socket"), None)


@pytest.mark.parametrize("name", ["Capital", "l" * 100])
def test_a_chosen_folder_no_socket_can_be_in_is_refused(
    name: str, data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runtime_folder, "LONGEST", len(str(tmp_path)) + 50)
    with pytest.raises(OSError, match=r"capital letters|too long"):
        runtime_folder.socket_for(data, tmp_path / name)
