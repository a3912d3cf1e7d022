"""/healthz tells a monitor what the page would show."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from tests.mongod import Mongod
from tests.server.running_app import RunningApp, wait_for

PASSWORD = "hunter2-hunter2"


@pytest.fixture(scope="module")
def server() -> Iterator[Mongod]:
    mongod = Mongod()
    yield mongod
    mongod.stop()


def health(app: RunningApp) -> tuple[int, dict[str, str]]:
    status, _, body = app.get("/healthz")
    return status, json.loads(body)


def test_it_follows_the_database_down_and_up_again(server: Mongod) -> None:
    with RunningApp(MONGODB_URI=server.uri) as app:
        assert health(app) == (200, {"status": "ok", "database": "connected"})

        server.kill()
        wait_for(lambda: health(app) == (503, {"status": "degraded", "database": "unreachable"}), "the bad news")

        server.start()
        wait_for(lambda: health(app)[0] == 200, "the good news")


def test_it_says_when_there_is_no_database_and_the_server_still_starts() -> None:
    with RunningApp(EQUIPMENT_EMBEDDED_DATABASE="false") as app:
        assert health(app) == (503, {"status": "degraded", "database": "none"})
        assert "there is no MongoDB" in app.console()
        assert app.get("/")[0] == 200


def test_an_unreachable_database_does_not_stop_the_start_nor_print_its_password() -> None:
    with RunningApp(MONGODB_URI=f"mongodb://ada:{PASSWORD}@127.0.0.1:1/") as app:
        assert health(app) == (503, {"status": "degraded", "database": "unreachable"})
        assert "Database connection failed: 127.0.0.1:1" in app.console()
        assert PASSWORD not in app.console()


def test_wrong_settings_do_not_stop_the_start_and_are_named_on_the_console() -> None:
    with RunningApp(BACKUP_INTERVAL_HOURS="0", EQUIPMENT_DATA_FODLER="x") as app:
        assert health(app)[0] == 503
        assert "BACKUP_INTERVAL_HOURS" in app.console()
        assert "EQUIPMENT_DATA_FODLER" in app.console()
