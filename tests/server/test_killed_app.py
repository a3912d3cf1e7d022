"""kill -9 of the app, of its MongoDB, and of both: everything is found again and there is no second server."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pymongo
import pytest

from equipment.server.embedded import Embedded
from tests.server.running_app import RunningApp, mongods, wait_for

RECORDS = 500


def things(folder: Path) -> pymongo.collection.Collection[dict[str, object]]:
    """The collection under the running server of this folder."""
    client: pymongo.MongoClient[dict[str, object]] = pymongo.MongoClient(
        Embedded(folder / "data", Path("mongod")).uri, serverSelectionTimeoutMS=10_000
    )
    return client["Equipment_DB"].get_collection("Equipment", write_concern=pymongo.WriteConcern("majority", j=True))


@pytest.mark.parametrize("victim", ["app", "both"])
def test_nothing_is_lost_and_one_server_serves_after_the_next_start(tmp_path: Path, victim: str) -> None:
    with RunningApp(folder=tmp_path) as app:
        things(tmp_path).insert_many([{"n": n} for n in range(RECORDS)])
        (server,) = mongods(tmp_path / "data")
        app.kill()
        if victim == "both":
            os.kill(server, signal.SIGKILL)
            wait_for(lambda: server not in mongods(tmp_path / "data"), "the death of the server")

        with RunningApp(folder=tmp_path) as again:
            assert again.get("/healthz")[0] == 200
            assert things(tmp_path).count_documents({}) == RECORDS
            assert len(mongods(tmp_path / "data")) == 1
            again.end()
            assert mongods(tmp_path / "data") == []


def test_a_server_killed_under_a_running_app_is_started_again(tmp_path: Path) -> None:
    with RunningApp(folder=tmp_path) as app:
        things(tmp_path).insert_many([{"n": n} for n in range(RECORDS)])
        (server,) = mongods(tmp_path / "data")
        os.kill(server, signal.SIGKILL)
        wait_for(lambda: server not in mongods(tmp_path / "data"), "the death of the server")

        assert app.get("/healthz")[0] == 200

        assert things(tmp_path).count_documents({}) == RECORDS
        assert len(mongods(tmp_path / "data")) == 1
