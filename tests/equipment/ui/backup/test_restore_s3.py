"""From the address typed on Auto Backup to the restore on Restore Data, over a real S3 server."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from equipment import backups, settings
from equipment.settings import Settings
from tests.backup_engine.remotes.servers import ENVIRONMENT, s3, seaweed
from tests.equipment.ui.backup.remote_story import Db, Story, tell
from tests.equipment.ui.backup.test_restore_remote import texts
from tests.mongod import Mongod


@pytest.fixture
def endpoint() -> Iterator[str]:
    with seaweed() as running:
        yield running


@pytest.fixture
def story(
    shared_mongod: Mongod, database: Db, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Story]:
    monkeypatch.setattr("backup_engine.remotes.patient.FIRST_PAUSE", 0)
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    database["Equipment"].insert_many([{"_id": number, "ID": number} for number in range(30)])
    chosen = Settings(mongodb_uri=shared_mongod.uri, mongodb_database=database.name, backup_folder=tmp_path / "sets",
                      data_folder=tmp_path / "data")
    with settings.use(chosen):
        yield Story(backups.of(chosen, lambda: database), database, tmp_path / "sets")
        backups.stop()


def test_over_s3(story: Story, endpoint: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "Remote cloud is added" in story.add("cloud", s3(endpoint).url)
    tell(story, "cloud")

    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "guessed-wrong")
    story.click("Look again")
    test = story.look("cloud")
    assert "Remote storage refused" in texts(test) and "guessed-wrong" not in texts(test) and len(test.error) == 1
    test.button_group(key="restore_place").set_value("This folder")
    assert "Remote storage refused" not in texts(test.run()) and not test.exception
