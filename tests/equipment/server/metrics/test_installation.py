"""Disks, and what only the database knows."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pymongo.database import Database

from backup_engine.errors import DatabaseUnreachable
from equipment.server import database as connections
from equipment.server.metrics import installation
from equipment.settings import Settings
from tests.equipment.store.people import signed_in
from tests.mongod import Mongod


@pytest.fixture(autouse=True)
def _closed() -> Iterator[None]:
    yield
    connections.close()


def told(samples: Any) -> dict[tuple[str, ...], Any]:
    return {(sample.name, *sample.labels): sample.value for sample in samples}


def test_a_database_elsewhere_tells_of_sessions_and_its_disk(
    shared_mongod: Mongod, database: Database[dict[str, Any]], tmp_path: Path
) -> None:
    settings = Settings(mongodb_uri=shared_mongod.uri, mongodb_database=database.name, backup_folder=tmp_path)
    with pytest.raises(DatabaseUnreachable):
        list(installation.accounts(settings))
    assert told(installation.up(settings)) == {("database_up",): False}, "a scrape is not the first to connect"
    connections.connect(settings)
    signed_in(database, "admin", "ada")
    signed_in(database, "user", "bob")

    values = told(installation.accounts(settings))

    assert told(installation.up(settings)) == {("database_up",): True}
    assert {key[1]: value for key, value in values.items() if key[0] == "signed_in_sessions"} == {
        "user": 1, "technician": 0, "manager": 0, "admin": 1}
    assert 0 < values["disk_free_bytes", "database"] < values["disk_total_bytes", "database"]
    assert told(installation.disks(settings)).keys() == {
        ("list_read_only",), *((f"disk_{what}_bytes", "backups") for what in ("free", "total", "min_free"))}


def test_the_disk_under_an_embedded_database_is_asked_here(tmp_path: Path) -> None:
    settings = Settings(data_folder=tmp_path / "not" / "yet", backup_folder=tmp_path, min_free_mb=10**6)

    values = told(installation.disks(settings))

    assert values["list_read_only",] is (values["disk_free_bytes", "database"] < 10**12)
    assert values["disk_min_free_bytes", "database"] == 10**12
    assert values["disk_free_bytes", "database"] == pytest.approx(values["disk_free_bytes", "backups"], rel=0.1)
