"""An installation whose backups nobody has made yet."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pymongo.database import Database

from equipment import backups as processes, settings
from equipment.backups import Backups
from equipment.settings import Settings
from tests.mongod import Mongod


@pytest.fixture
def options() -> dict[str, Any]:
    """What the environment says."""
    return {}


@pytest.fixture
def place(
    shared_mongod: Mongod, database: Database[dict[str, Any]], tmp_path: Path, options: dict[str, Any]
) -> Iterator[Backups]:
    database["Equipment"].insert_many([{"_id": number, "ID": number} for number in range(3)])
    chosen = Settings(mongodb_uri=shared_mongod.uri, mongodb_database=database.name, backup_folder=tmp_path / "sets",
                      data_folder=tmp_path / "data", **options)
    with settings.use(chosen):
        yield processes.of(chosen, lambda: database)
        processes.stop()
