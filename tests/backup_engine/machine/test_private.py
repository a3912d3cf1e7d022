"""Folders and files for one user, whatever the umask and whatever a folder hands on."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from backup_engine.machine import private


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.fixture(params=[0o000, 0o022, 0o077])
def umask(request: pytest.FixtureRequest) -> Iterator[int]:
    before = os.umask(request.param)
    yield request.param
    os.umask(before)


def test_a_folder_and_all_above_it_are_ours_alone(umask: int, tmp_path: Path) -> None:
    private.make_folder(tmp_path / "a" / "b" / "c")

    assert [mode(tmp_path / place) for place in ("a", "a/b", "a/b/c")] == [0o700] * 3


def test_a_folder_that_is_there_is_left_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "shared").mkdir()
    (tmp_path / "shared").chmod(0o750)

    private.make_folder(tmp_path / "shared")
    private.make_folder(tmp_path / "shared" / "new")

    assert (mode(tmp_path / "shared"), mode(tmp_path / "shared" / "new")) == (0o750, 0o700)


def test_a_file_in_the_place_of_a_folder_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    with pytest.raises(FileExistsError):
        private.make_folder(tmp_path / "file")
    with pytest.raises(NotADirectoryError):
        private.make_folder(tmp_path / "file" / "below")


@pytest.mark.parametrize("how", ["w", "ab", "xb"])
def test_a_file_is_ours_alone(how: str, umask: int, tmp_path: Path) -> None:
    with private.open_file(tmp_path / "file", how) as file:
        file.write("text" if how == "w" else b"text")
        assert not os.get_inheritable(file.fileno())

    assert (mode(tmp_path / "file"), (tmp_path / "file").read_text()) == (0o600, "text")


def test_a_file_that_is_there_keeps_its_mode(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("old")
    (tmp_path / "file").chmod(0o640)

    with private.open_file(tmp_path / "file", "w", encoding="utf-8") as file:
        file.write("new")

    assert (mode(tmp_path / "file"), (tmp_path / "file").read_text()) == (0o640, "new")


@pytest.mark.parametrize("before", [0o000, 0o022, 0o777])
def test_the_umask_of_a_program_is_one(before: int, tmp_path: Path) -> None:
    outside = os.umask(before)
    try:
        private.set_umask()
        (tmp_path / "any").mkdir()
        (tmp_path / "any" / "file").write_text("")
    finally:
        os.umask(outside)

    assert (mode(tmp_path / "any"), mode(tmp_path / "any" / "file")) == (0o700, 0o600)
