"""``daemon`` and ``schedule`` as they are typed: answers, exit codes, and the files they print."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from pymongo.database import Database

from backup_csv_for_db_restore import DatabaseBackupRestore
from backup_engine import failpoints
from backup_engine.cli.main import main
from backup_engine.errors import NoSpace
from backup_engine.scheduling import preferences
from equipment import settings as sources
from equipment.logs import console
from equipment.server import console_log, database as server
from equipment.server.database import Choice
from equipment.settings import Settings, file_of, is_current
from equipment.unattended import commands, daemon
from equipment.unattended.commands import COMMANDS, KINDS
from equipment.unattended.daemon import Daemon
from equipment.unattended.installed import files
from tests.mongod import Mongod
from tests.server.running_app import ROOT

Db = Database[dict[str, Any]]
Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def chosen(shared_mongod: Mongod, database: Db, tmp_path: Path) -> Iterator[Settings]:
    database["Equipment"].insert_one({"_id": 1})
    chosen = Settings(
        mongodb_uri=shared_mongod.uri, mongodb_database=database.name,  # type: ignore[arg-type]
        backup_folder=tmp_path / "sets", data_folder=tmp_path / "data", backup_schedule="30 2 * * *",
        backup_time_zone="Europe/Berlin")
    with sources.use(chosen):
        yield chosen
        server.close()


@pytest.fixture
def run(chosen: Settings, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run a command in this process: exit code, answer, and what is said besides."""
    monkeypatch.setattr(console_log, "begin_with", lambda *_, **__: console.hide(()))

    def call(*words: str) -> tuple[int, str, str]:
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main(words, engine=DatabaseBackupRestore, further=COMMANDS)
        out, err = capsys.readouterr()
        return int(ended.value.code or 0), out, err

    return call


def test_the_schedule_says_when_who_said_so_and_when_next(run: Run, database: Db) -> None:
    preferences.save(database, by="ada", drill_every_days=3)

    code, out, err = run("schedule")
    answer = json.loads(run("schedule", "--json")[1])

    lines = {line["what"]: line for line in answer["schedule"]}
    assert (code, err) == (0, "")
    assert "at 02:30 every day (Europe/Berlin)  BACKUP_SCHEDULE" in out
    assert lines["backups"]["said_by"] == "BACKUP_SCHEDULE" and len(lines["backups"]["next"]) == 3
    assert lines["time zone of cron texts"]["when"] == "Europe/Berlin"
    assert lines["restore drill"]["when"] == "every 3 days" and lines["restore drill"]["said_by"].startswith("ada on 2")
    assert (lines["verification"]["said_by"], lines["automatic backups"]["when"]) == ("default", "on")


def test_times_have_the_offset_of_their_own_day(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "Europe/Berlin")
    time.tzset()
    try:
        said = [commands._local(datetime(2026, month, 29, 1, tzinfo=UTC)) for month in (1, 3)]
    finally:
        monkeypatch.undo()
        time.tzset()

    assert said == ["Thu 2026-01-29 02:00 +0100", "Sun 2026-03-29 03:00 +0200"]


def test_the_schedule_of_a_database_that_is_away_is_not_guessed(run: Run, chosen: Settings) -> None:
    with sources.use(chosen.model_copy(update={"mongodb_uri": Settings(
            mongodb_uri="mongodb://127.0.0.1:1").mongodb_uri})):  # type: ignore[arg-type]
        code, out, err = run("schedule")
        printed = run("schedule", "--print", "cron")

    assert (code, out) == (14, "") and err.startswith("Database connection failed")
    assert printed[0] == 0 and "*/15 * * * * /" in printed[1], "the files do not need it"


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_printed_is_what_the_page_shows(kind: str, run: Run, chosen: Settings) -> None:
    shown = [text for text in files(chosen, Choice.URI) if text.kind == kind]

    code, out, err = run("schedule", "--print", kind)
    answer = json.loads(run("schedule", "--print", kind, "--json")[1])

    assert code == 0 and "add --write-settings" in err, "they would read a file that is not there"
    assert all(text.content in out for text in shown)
    assert [(file["name"], file["content"]) for file in answer["files"]] == [
        (text.name, text.content + "\n") for text in shown]


def test_the_settings_file_is_written_with_them(run: Run, chosen: Settings, database: Db) -> None:
    preferences.save(database, by="ada", continuous=True)

    code, out, err = run("schedule", "--print", "cron", "--write-settings")

    assert code == 0 and is_current(chosen)
    assert err.splitlines() == [f"Written: {file_of(chosen)}",
                                "Continuous protection takes a process that stays: the daemon, or the app."]
    assert str(file_of(chosen)) in out
    assert run("schedule", "--print", "cron")[2].startswith("Continuous"), "it says what is in force"


def test_a_tighter_schedule_is_asked_for_more_often(run: Run, chosen: Settings) -> None:
    with sources.use(chosen.model_copy(update={"backup_schedule": "*/5 * * * *"})):
        assert "\n* * * * * /" in run("schedule", "--print", "cron")[1]
    assert "\n*/15 * * * * /" in run("schedule", "--print", "cron")[1]


@pytest.mark.parametrize("other", [["--folder", "/elsewhere"], ["--database", "Other"], ["--compression", "gzip"]])
def test_options_that_the_files_would_not_repeat_are_refused(other: list[str], run: Run) -> None:
    code, out, err = run("schedule", "--print", "cron", *other)

    assert (code, out) == (2, "") and "no other option goes with --print" in err


def test_a_cron_text_that_never_comes_is_refused_with_a_hint(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "settings.toml"
    file.write_text('BACKUP_SCHEDULE = "0 0 30 2 *"\n')
    file.chmod(0o600)

    for words in (["schedule"], ["schedule", "--print", "cron"], ["daemon"], ["daemon", "--once"]):
        code, _, err = run(*words, "--settings", str(file))
        assert code == 2 and "BACKUP_SCHEDULE" in err and "never comes" in err and "30 2 * * * is every day" in err


def test_one_round_answers_in_words_and_says_what_went_wrong_where_cron_mails_it_from(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full() -> None:
        raise NoSpace("1 MB is free")

    with monkeypatch.context() as broken:
        broken.setitem(failpoints.hooks, "W3", full)
        failed = run("daemon", "--once")
    made = run("daemon", "--once")
    again = run("daemon", "--once")
    data = json.loads(run("daemon", "--once", "--json")[1])

    assert failed[0] == 3 and failed[2].startswith("Not enough disk space")
    assert made[0] == 0 and made[1].startswith("Backup created successfully") and made[2] == ""
    assert again == (0, "Nothing was due.\n", "")
    assert data["ok"] and (data["done"], data["troubles"], data["remotes"]) == ([], [], [])


def test_one_round_sends_to_the_remotes(run: Run, chosen: Settings, tmp_path: Path) -> None:
    (tmp_path / "nas").mkdir()
    with sources.use(chosen.model_copy(update={"backup_remote": f"nas=file://{tmp_path}/nas"})):
        code, answer, err = run("daemon", "--once")
        again = run("daemon", "--once")

    assert (code, err) == (0, "") and "nas" in answer
    assert list((tmp_path / "nas").rglob("*.csv*")) or list((tmp_path / "nas").rglob("*.json"))
    assert again == (0, "Nothing was due.\n", "")


@pytest.mark.parametrize(("number", "ended", "code"), [
    (signal.SIGTERM, True, 0), (signal.SIGINT, True, 0), (signal.SIGHUP, True, 0),
    (signal.SIGTERM, False, 143), (signal.SIGINT, False, 130),
])
def test_a_signal_ends_the_daemon_and_the_code_says_whether_all_came_to_an_end(
    number: int, ended: bool, code: int, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    stopped = list[str]()

    def keep(*_: Any) -> None:
        os.kill(os.getpid(), number)
        threading.Event().wait(20)

    def stop(*_: Any) -> bool:
        stopped.append("stop")
        return ended

    monkeypatch.setattr(Daemon, "keep", keep)
    monkeypatch.setattr(Daemon, "stop", stop)

    assert run("daemon")[:1] == (code,) and stopped == ["stop"]


def test_a_signal_in_one_round_cancels_what_runs_and_waits_for_its_end(
    run: Run, chosen: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    done, waited, stop = list[threading.Event](), threading.Event(), Daemon.stop

    def told(keeper: Daemon, *more: Any) -> bool:
        wait = keeper._done.wait
        monkeypatch.setattr(keeper._done, "wait", lambda seconds: waited.set() or wait(seconds))
        done.append(keeper._done)
        return stop(keeper, *more)

    def hangs() -> None:
        os.kill(os.getpid(), signal.SIGTERM)
        assert waited.wait(5), "nobody waits for it"

    monkeypatch.setattr(Daemon, "stop", told)
    with monkeypatch.context() as broken:
        broken.setitem(failpoints.hooks, "W2", hangs)
        code, _, err = run("daemon", "--once")

    assert code == 143 and err.strip().startswith("Cancelled")
    assert waited.is_set() and done[0].is_set()
    assert [path.name for path in chosen.backup_folder.rglob("*.csv*")] == []
    assert run("daemon", "--once")[1].startswith("Backup created"), "no lock is held"


def test_a_second_signal_does_not_wait(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def keep(*_: Any) -> None:
        os.kill(os.getpid(), signal.SIGTERM)

    def stop(*_: Any) -> bool:
        os.kill(os.getpid(), signal.SIGINT)
        time.sleep(20)
        return True

    monkeypatch.setattr(Daemon, "keep", keep)
    monkeypatch.setattr(Daemon, "stop", stop)

    assert run("daemon")[0] == 130


def test_no_other_command_waits_for_what_these_need() -> None:
    said = subprocess.run(
        [sys.executable, "-c", "import sys, backup_csv_for_db_restore as door\n"
                               "try: door._main()\nexcept SystemExit: pass\n"
                               "print([name for name in sys.modules if name == 'equipment.unattended.daemon' "
                               "or name == 'streamlit'])", "--help"],
        cwd=ROOT, capture_output=True, text=True, check=True)

    assert said.stdout.splitlines()[-1] == "[]" and "schedule" in said.stdout
    assert daemon.STOP_SECONDS < 90, "systemd would kill it after that"
