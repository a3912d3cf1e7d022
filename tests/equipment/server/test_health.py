"""How it is, in one sentence for a service manager, and never with a user name or a password."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pymongo.database import Database

from backup_engine.errors import BadInput
from equipment import settings
from equipment.server import database as server, health
from equipment.settings import Settings
from tests.mongod import Mongod


@pytest.fixture(autouse=True)
def closed() -> Iterator[None]:
    yield
    server.close()


def said(folder: Path, **options: Any) -> str:
    """What is said under these options."""
    chosen = Settings(data_folder=folder / "data", backup_folder=folder / "sets", embedded_database=False, **options)
    with settings.use(chosen):
        return health.in_words()


def test_a_database_that_answers_is_named(tmp_path: Path, shared_mongod: Mongod, database: Database[Any]) -> None:
    words = said(tmp_path, mongodb_uri=shared_mongod.uri, mongodb_database=database.name)

    assert words.startswith("Using ") and words.endswith(f"database {database.name}")


def test_one_that_does_not_is_named_without_the_login(tmp_path: Path) -> None:
    words = said(tmp_path, mongodb_uri="mongodb://ada:hunter2@127.0.0.1:1/")

    assert words.startswith("Database connection failed: 127.0.0.1:1")
    assert "ada" not in words and "hunter2" not in words


def test_no_database_at_all_is_said(tmp_path: Path) -> None:
    assert said(tmp_path).startswith("There is no MongoDB")


def test_options_that_cannot_be_used_are_said(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse() -> Settings:
        raise BadInput("BACKUP_INTERVAL_HOURS: too small")

    monkeypatch.setattr(health, "get_settings", refuse)

    assert health.in_words().startswith("The options cannot be used")
