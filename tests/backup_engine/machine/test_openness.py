"""What others may read of a folder of ours."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from backup_engine.machine import openness


def made(folder: Path, **modes: int) -> Path:
    """Make folders of these modes with a file in each, and the folder that holds them open."""
    folder.mkdir()
    folder.chmod(0o755)
    for name, mode in modes.items():
        (folder / name).mkdir()
        (folder / name / "set.csv").write_text("")
        (folder / name).chmod(mode)
    return folder


def test_it_names_the_folders_that_group_or_others_may_enter_or_read(tmp_path: Path) -> None:
    found = openness.look(made(tmp_path / "sets", monday=0o700, tuesday=0o750, friday=0o701))

    assert found == "friday, tuesday"
    assert found.hint == f"chmod -R go= {tmp_path / 'sets'}"


def test_a_closed_folder_closes_what_is_in_it(tmp_path: Path) -> None:
    folder = made(tmp_path / "sets", monday=0o755)
    folder.chmod(0o700)

    assert openness.look(folder) is None


def test_files_count_and_what_a_checkout_brings_does_not(tmp_path: Path) -> None:
    folder = made(tmp_path / "sets")
    (folder / "README.txt").write_text("")
    (folder / "monday").mkdir()
    (folder / "monday" / ".gitkeep").write_text("")
    assert openness.look(folder) is None
    (folder / "mongod.log").touch(0o644)
    (folder / "mongod.log").chmod(0o644)

    assert openness.look(folder) == "mongod.log"


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    folder = made(tmp_path / "sets")
    (folder / "elsewhere").symlink_to("/usr")

    assert openness.look(folder) is None


def test_a_year_of_open_days_is_one_line(tmp_path: Path) -> None:
    found = openness.look(made(tmp_path / "sets", **{f"day{number}": 0o755 for number in range(6)}))

    assert found == "day0, day1, day2 and 3 more"


def test_nothing_is_said_of_what_is_not_there_or_has_no_modes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert openness.look(tmp_path / "none") is None
    folder = made(tmp_path / "sets", monday=0o755)
    monkeypatch.setattr(os, "name", "nt")

    assert openness.look(folder) is None
