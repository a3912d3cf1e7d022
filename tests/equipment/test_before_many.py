"""Many changes at once: a backup of what is there comes first, or nothing is changed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pymongo.database import Database

from backup_engine import api
from backup_engine.errors import BackupError
from backup_engine.model import SILENT
from equipment import backups as processes, before_many
from equipment.backups import NOBODY, Backups
from equipment.settings import Settings
from tests.mongod import Mongod

Db = Database[dict[str, Any]]


@pytest.fixture
def here(tmp_path: Path, shared_mongod: Mongod, database: Db) -> Iterator[Backups]:
    database["Equipment"].insert_many([{"_id": number, "ID": number} for number in range(3)])
    settings = Settings(data_folder=tmp_path, backup_folder=tmp_path / "backups", embedded_database=False,
                        mongodb_uri=shared_mongod.uri, mongodb_database=database.name)
    yield processes.of(settings, lambda: database)
    processes.stop()


def test_few_changes_have_none(here: Backups) -> None:
    before_many.back_up(here, before_many.MANY, SILENT)

    assert here.sets(NOBODY) == []
    assert before_many.promise(before_many.MANY) == ""


def test_many_changes_have_an_automatic_one_once_while_nothing_changes(here: Backups, database: Db) -> None:
    for _ in range(2):
        before_many.back_up(here, before_many.MANY + 1, SILENT)
    assert [backup.trigger for backup in here.sets(NOBODY)] == ["auto"]

    database["Equipment"].insert_one({"_id": 9, "ID": 9})
    before_many.back_up(here, before_many.MANY + 1, SILENT)
    assert [backup.counts["equipment"] for backup in here.sets(NOBODY)] == [4, 3]


def test_where_it_fails_that_is_said_and_nothing_goes_on(here: Backups, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: Any, **__: Any) -> None:
        raise BackupError("the disk is full", hint="Make room.")

    monkeypatch.setattr(api, "create", fails)

    with pytest.raises(BackupError, match="so nothing was changed: the disk is full") as caught:
        before_many.back_up(here, before_many.MANY + 1, SILENT)
    assert caught.value.hint == "Make room."
