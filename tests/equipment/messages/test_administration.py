"""Messages for the screens: roles, what an option decides, what Activity says, and a test that is really sent."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from pymongo.database import Database

from backup_engine.errors import AdminOnly, BadInput, StandingBy
from backup_engine.ownership import lookup
from backup_engine.ownership.standby import Standby
from equipment import backups as processes
from equipment.backups import Backups
from equipment.messages import administration, channels
from equipment.messages.choices import Choices
from equipment.messages.wording import Message
from equipment.settings import Settings
from equipment.store import activity
from tests.equipment.messages.servers import Asked, http_server
from tests.equipment.test_backups import caller
from tests.equipment.test_sealing import installation
from tests.mongod import Mongod
from tests.ports import free_port

Db = Database[dict[str, Any]]
SECRET = "KEY-OF-THE-HOOK"


@pytest.fixture(scope="module")
def hook() -> Iterator[tuple[int, Asked]]:
    with http_server() as server:
        yield server


@pytest.fixture
def settings(database: Db, shared_mongod: Mongod, tmp_path: Path, hook: tuple[int, Asked]) -> Settings:
    options = {"smtp_url": f"smtp://127.0.0.1:{free_port()}", "mail_from": "lab@example.org",
               "notify": f"ops=json://127.0.0.1:{hook[0]}/{SECRET}",
               "dead_man_url": f"http://127.0.0.1:{hook[0]}/{SECRET}", "dead_man_plain_http": True}
    return Settings(**{**installation(database, shared_mongod, tmp_path).model_dump(), **options,
                       "data_folder": tmp_path / "data"})


@pytest.fixture
def backups(database: Db, settings: Settings) -> Iterator[Backups]:
    yield processes.of(settings, lambda: database)
    processes.stop()


def test_only_administrators(backups: Backups, settings: Settings, database: Db) -> None:
    by = caller(database, "manager")
    for verb in (lambda: administration.shown(backups, by, settings),
                 lambda: administration.test(backups, by, settings),
                 lambda: administration.change(backups, by, settings, 0, summary=False)):
        with pytest.raises(AdminOnly):
            verb()


def test_a_change_stands_in_activity_and_two_do_not_undo_each_other(
    backups: Backups, settings: Settings, database: Db
) -> None:
    by = caller(database, "admin")
    assert administration.change(backups, by, settings, 0, mail_to="ada@example.org").version == 1
    with pytest.raises(BadInput, match="changed meanwhile"):
        administration.change(backups, by, settings, 0, summary=False)
    with pytest.raises(BadInput, match="changed meanwhile"):  # although it wants what is stored
        administration.change(backups, by, settings, 0, mail_to="ada@example.org")
    assert administration.change(backups, by, settings, 1, summary=True).version == 1  # nothing changed
    assert administration.change(backups, by, settings, 1, summary=False).version == 2

    logged = activity.find(database, activity.Filter(actions=("settings.messages",)))
    assert [(entry["who"], entry["note"]) for entry in logged] == [
        (by.name, "weekly summary: on → off"), (by.name, "recipients: nobody → ada@example.org")]
    shown = administration.shown(backups, by, settings)
    assert (shown.recipients, shown.given) == (("ada@example.org",), False)


def test_recipients_of_an_option_are_not_changed(backups: Backups, settings: Settings, database: Db) -> None:
    given = settings.model_copy(update={"mail_to": "lab@example.org"})
    by = caller(database, "admin")
    with pytest.raises(BadInput, match="EQUIPMENT_MAIL_TO of this installation names the recipients"):
        administration.change(backups, by, given, 0, mail_to="ada@example.org")
    assert administration.shown(backups, by, given).recipients == ("lab@example.org",)


def test_what_is_shown_has_no_secrets(backups: Backups, settings: Settings, database: Db) -> None:
    shown = administration.shown(backups, caller(database, "admin"), settings)
    assert [(channel.name, channel.words, channel.least) for channel in shown.channels.values()] == [
        ("mail", f"{settings.smtp_url.removeprefix('smtp://')} (STARTTLS)", "info"), ("ops", "json", "warning")]
    assert shown.dead_man == "127.0.0.1 (http)"
    assert SECRET not in repr(shown)


def test_a_test_says_what_came_of_each(
    backups: Backups, settings: Settings, database: Db, hook: tuple[int, Asked]
) -> None:
    by = caller(database, "admin")
    administration.change(backups, by, settings, 0, mail_to="ada@example.org")
    job = administration.test(backups, by, settings)
    assert job.done.wait(20)
    assert job.result == {"mail": "the connection failed: Connection refused", "ops": "", "dead-man": ""}
    requests = sorted((method, path) for method, path, _ in hook[1].requests)
    assert requests == [("HEAD", "/"), ("POST", f"/{SECRET}")]

    hook[1].status = 403
    job = administration.test(backups, by, settings)
    assert job.done.wait(20)
    assert job.result["ops"].startswith("json did not take it: ")
    assert SECRET not in str(job.result)


def test_what_a_service_repeats_of_its_key_is_left_out(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(channels.services, "send", lambda url, message: f"404 for {url.rpartition('/')[2]}")
    monkeypatch.setattr(channels.mail, "send", lambda *arguments: f"refused {SECRET}")
    for way in channels.channels(settings, Choices()).values():
        assert way.send(Message("", "")).endswith(" ***")


def test_a_copy_that_stands_by_sends_no_test(
    backups: Backups, settings: Settings, database: Db, monkeypatch: pytest.MonkeyPatch
) -> None:
    owner = replace(lookup.of(backups.engine.workspace), standby=Standby("x", "db", "l", "s", datetime.now(UTC)))
    monkeypatch.setattr(backups, "owner", lambda: owner)
    with pytest.raises(StandingBy):
        administration.test(backups, caller(database, "admin"), settings)
