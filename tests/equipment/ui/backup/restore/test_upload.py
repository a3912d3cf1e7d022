"""A backup from elsewhere is taken in when an administrator presses the button, and by nobody else."""

from __future__ import annotations

import io
import shutil
from pathlib import Path
from typing import Any

import pytest
from pymongo.database import Database

from backup_csv_for_db_restore import DatabaseBackupRestore
from equipment.backups import NOBODY, WRITING, Backups
from equipment.ui.backup.restore import upload
from tests.equipment.ui.backup.place import opened, press, said

Db = Database[dict[str, Any]]
TAKE_IN = "Verify and take in"


@pytest.fixture
def given(place: Backups, database: Db, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The zip of a backup that another installation has made, as it was dropped on the page."""
    elsewhere = DatabaseBackupRestore(connect=lambda: database, backup_folder=str(tmp_path / "elsewhere"))
    assert elsewhere.create(force=True).set is not None
    (day,) = (tmp_path / "elsewhere").glob("*day")
    whole = Path(shutil.make_archive(str(tmp_path / "taken"), "zip", day)).read_bytes()
    monkeypatch.setattr(upload.st, "file_uploader", lambda *_, **__: io.BytesIO(whole))


def test_without_a_file_there_is_nothing_to_press(place: Backups) -> None:
    test = opened("restore.upload")

    assert "Upload the zip of a backup" in said(test)
    assert TAKE_IN not in [button.label for button in test.button]


@pytest.mark.usefixtures("given")
def test_it_is_taken_in(place: Backups) -> None:
    assert not place.sets(NOBODY)

    press(opened("restore.upload"), TAKE_IN)

    job = place.jobs.latest(WRITING)
    assert job is not None and job.done.wait(60) and job.error is None
    (taken,) = place.sets(NOBODY)
    assert taken.counts["equipment"] == 3


@pytest.mark.usefixtures("given")
def test_nobody_else_may(place: Backups) -> None:
    assert "Admin only" in said(press(opened("restore.upload", role="manager"), TAKE_IN))

    assert place.jobs.latest(WRITING) is None and not place.sets(NOBODY)
