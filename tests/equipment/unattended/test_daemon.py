"""The schedule without the app: one process does all of it, ends at a signal, and stands by while another leads."""

from __future__ import annotations

import json
import logging
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pymongo.database import Database

from backup_csv_for_db_restore import DatabaseBackupRestore
from backup_engine import failpoints
from backup_engine.errors import DatabaseUnreachable, NoSpace
from backup_engine.ownership import standby
from backup_engine.repository.ledger import last_drill
from backup_engine.scheduling import rounds
from backup_engine.scheduling.leader import DOCUMENT, Leader
from equipment.server.sd_notify import Manager
from equipment.settings import Settings
from equipment.store.activity import ACTIVITY
from equipment.unattended.daemon import Daemon
from tests.backup_engine.engine import Switched
from tests.backup_engine.sets import NOW, make_set
from tests.equipment.messages.servers import http_server
from tests.mongod import Mongod
from tests.server.running_app import ROOT, wait_for

Db = Database[dict[str, Any]]
STATE = "backup_restore_state"
NOBODY = Manager()
SECRET = "hunter2-Tr0ub4dor"


def is_led(database: Db) -> bool:
    """Whether some process holds the lease of the schedule."""
    lease = database[STATE].find_one({"_id": DOCUMENT})
    assert lease is not None, "nobody has asked for it yet"
    return lease["until"] is not None


class Process:
    """A daemon as systemd starts it: nothing of the environment but the options, its log in a file."""

    def __init__(self, folder: Path, name: str, options: dict[str, str]) -> None:
        self.log = folder / f"{name}.log"
        command = [sys.executable, str(ROOT / "backup_csv_for_db_restore.py"), "daemon"]
        with self.log.open("w") as log:
            self.process = subprocess.Popen(command, cwd="/", env=options, stdin=subprocess.DEVNULL, text=True,
                                            stdout=subprocess.PIPE, stderr=log)

    def said(self) -> str:
        return self.log.read_text()

    def end(self, number: int) -> tuple[int, str]:
        """Send a signal; gives exit code and answer."""
        self.process.send_signal(number)
        answer, _ = self.process.communicate(timeout=60)
        return self.process.returncode, answer


def test_two_daemons_make_one_backup_and_a_signal_gives_the_schedule_back(
    shared_mongod: Mongod, database: Db, tmp_path: Path
) -> None:
    database["Equipment"].insert_one({"_id": 1, "Vendor": "Acme"})
    heard = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    heard.bind(str(tmp_path / "notify"))
    with heard, http_server() as (port, web):
        options = {
            "MONGODB_URI": shared_mongod.uri, "MONGODB_DATABASE": database.name,
            "BACKUP_FOLDER": str(tmp_path / "sets"), "EQUIPMENT_ADMIN_PASSWORD": SECRET,
            "EQUIPMENT_DATA_FOLDER": str(tmp_path / "data"),
            "EQUIPMENT_DEAD_MAN_URL": f"http://127.0.0.1:{port}/{SECRET}", "EQUIPMENT_DEAD_MAN_PLAIN_HTTP": "true"}
        first = Process(tmp_path, "first", {**options, "NOTIFY_SOCKET": str(tmp_path / "notify")})
        daemons = [first]
        try:
            wait_for(lambda: "backup.drill by system" in first.said(), "the backup, and its drill")
            second = Process(tmp_path, "second", options)
            daemons.append(second)
            wait_for(lambda: f"(process {first.process.pid}) keeps the schedule" in second.said(), "it to stand by")
            assert is_led(database)

            code, answer = first.end(signal.SIGTERM)

            assert (code, answer) == (0, "The daemon has ended.\n"), first.said()
            assert not is_led(database), "another one need not wait for it to lapse"
            assert second.end(signal.SIGHUP)[0] == 0
        finally:
            for daemon in daemons:
                daemon.process.kill()
                daemon.process.communicate()
        told = [heard.recv(65536).decode() for _ in range(2)]
        assert [path for _, path, _ in web.requests] == [f"/{SECRET}/start", f"/{SECRET}"]

    assert len(list((tmp_path / "sets").glob("*day/equipment_backup_*.csv"))) == 1
    assert [entry["who"] for entry in database[ACTIVITY].find({"action": "backup.auto.created"})] == ["system"]
    assert database[ACTIVITY].count_documents({"action": "backup.create"}) == 0, "one deed is one entry"
    assert first.said().count("equipment.deeds: backup.auto.created by system") == 1
    assert "created" not in second.said()
    assert SECRET not in first.said() + second.said()
    assert told[0] == "READY=1" and told[1].startswith("STATUS=")


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(data_folder=tmp_path / "data", backup_folder=tmp_path / "sets", min_free_mb=0)


@pytest.fixture
def engine(database: Db, settings: Settings) -> DatabaseBackupRestore:
    database["Equipment"].insert_one({"_id": 1})
    return DatabaseBackupRestore(connect=lambda: database, backup_folder=str(settings.backup_folder))


@contextmanager
def kept(daemon: Daemon, until: Callable[[], bool]) -> Iterator[None]:
    """Let it keep the schedule until something is so; then a signal arrives, and it is not yet stopped."""

    def pause(_: float) -> None:
        wait_for(until, "the daemon to get there")
        raise KeyboardInterrupt

    try:
        with pytest.raises(KeyboardInterrupt):
            daemon.keep(NOBODY, pause)
        yield
    finally:
        daemon.stop()


def lines(caplog: pytest.LogCaptureFixture, name: str = "equipment.unattended.daemon") -> list[str]:
    return [record.getMessage() for record in caplog.records if record.name == name]


def sets(daemon: Daemon) -> int:
    return len(daemon.scheduler.workspace.catalog.sets())


def test_the_end_cancels_the_backup_at_hand_and_leaves_nothing_half_done(
    engine: DatabaseBackupRestore, settings: Settings, database: Db, monkeypatch: pytest.MonkeyPatch
) -> None:
    daemon = Daemon(settings, engine)
    reached = list[str]()

    def hangs() -> None:
        reached.append("W2")
        wait_for(daemon.scheduler._stop.is_set, "the end")

    monkeypatch.setitem(failpoints.hooks, "W2", hangs)
    with kept(daemon, lambda: bool(reached)):
        ended = daemon.stop()

    assert ended and sets(daemon) == 0
    assert [path.name for path in settings.backup_folder.rglob("*.csv*")] == []
    assert not is_led(database)
    failpoints.hooks.pop("W2")
    assert engine.create_backup()[0], "no lock is held"


def test_what_does_not_end_in_time_is_said(
    engine: DatabaseBackupRestore, settings: Settings, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    daemon = Daemon(settings, engine)
    reached, over = list[str](), list[str]()

    def hangs() -> None:
        reached.append("W2")
        wait_for(lambda: bool(over), "the test to be over")

    monkeypatch.setitem(failpoints.hooks, "W2", hangs)
    with kept(daemon, lambda: bool(reached)):
        ended = daemon.stop(0.05)
        over.append("yes")

    assert ended is False
    assert "in the middle of something" in caplog.text


def test_while_automatic_backups_are_off_it_says_so_and_makes_none(
    engine: DatabaseBackupRestore, settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    daemon = Daemon(settings, engine)
    daemon.scheduler.change(by="ada", automatic=False)

    with kept(daemon, lambda: daemon.scheduler.leader.asked > 0):
        pass

    [said] = [line for line in lines(caplog) if "Automatic backups are off" in line]
    assert "by ada: none is made by itself" in said and daemon.condition() == said
    assert sets(daemon) == 0
    again = Daemon(settings, engine)
    assert again.once() == [] and sets(again) == 0 and again.stop()


def test_a_recovered_copy_does_nothing(
    engine: DatabaseBackupRestore, settings: Settings, database: Db, caplog: pytest.LogCaptureFixture
) -> None:
    about = {"database": "Original", "database_id": "0" * 32}
    standby.enter(database, make_set(1, NOW, metadata={"source": about}), "s3://bucket/lab", NOW)
    daemon = Daemon(settings, engine)

    with kept(daemon, lambda: daemon.scheduler.leader.asked > 0):
        pass

    assert len([line for line in lines(caplog) if line.startswith("Nothing is done by itself: this is a copy")]) == 1
    assert sets(daemon) == 0 and last_drill(daemon.scheduler.workspace) is None
    again = Daemon(settings, engine)
    assert again.once() == [] and sets(again) == 0 and again.stop()


def test_a_database_that_is_away_is_said_once_and_once_when_it_is_back(
    engine: DatabaseBackupRestore, settings: Settings, database: Db, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    way = Switched(database)
    way.up = False
    engine.workspace = replace(engine.workspace, connect=way)
    daemon = Daemon(settings, engine, own=False)
    looks = list[str]()

    def pause(_: float) -> None:
        looks.append(daemon.condition())
        wait_for(lambda: bool(daemon.scheduler.checks()), "the first check")
        if len(looks) < 5:
            daemon.scheduler.look()
            return
        way.up = True
        daemon.scheduler.excuse()
        wait_for(lambda: sets(daemon) == 1, "the backup when it is back")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        daemon.keep(NOBODY, pause)
    daemon.stop()

    own = lines(caplog, "equipment.logs.reach")
    assert [line.partition(":")[0] for line in own] == ["the database is lost", "the database is found again"]
    guessed = lines(caplog, "backup_engine.ownership.lookup")
    assert len(guessed) <= 2, "one, and one more where two threads ask at once"
    assert "it goes on trying" in looks[-1] and "it goes on trying" not in daemon.condition()


def test_one_round_does_what_is_due_and_gives_the_schedule_back(
    engine: DatabaseBackupRestore, settings: Settings, database: Db
) -> None:
    daemon = Daemon(settings, engine)
    try:
        checks = daemon.once()
    finally:
        daemon.stop()

    assert [check.result for check in checks] == ["created"]
    assert last_drill(daemon.scheduler.workspace) is not None
    assert rounds.last(daemon.scheduler.workspace.storage, "verify") is not None
    assert not is_led(database)
    again = Daemon(settings, engine)
    assert again.once() == [] and again.stop()


def test_one_round_beside_a_leader_makes_the_due_backup_and_leaves_the_rest_to_it(
    engine: DatabaseBackupRestore, settings: Settings, database: Db
) -> None:
    leader = Leader("elsewhere")
    assert leader.ask(database)
    daemon = Daemon(settings, engine)
    try:
        checks = daemon.once()
    finally:
        daemon.stop()
        leader.give_back()

    assert [check.result for check in checks] == ["created"]
    assert last_drill(daemon.scheduler.workspace) is None


def test_one_round_over_a_database_that_is_away_is_an_error(
    engine: DatabaseBackupRestore, settings: Settings, database: Db
) -> None:
    way = Switched(database)
    way.up = False
    engine.workspace = replace(engine.workspace, connect=way)

    with pytest.raises(DatabaseUnreachable):
        Daemon(settings, engine).once()


def test_one_round_tells_that_a_backup_failed(
    engine: DatabaseBackupRestore, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    with http_server() as (port, web):
        told = settings.model_copy(update={
            "notify": Settings(notify=f"ops=json://127.0.0.1:{port}/hook").notify})  # type: ignore[arg-type]

        def full() -> None:
            raise NoSpace("1 MB is free")

        monkeypatch.setitem(failpoints.hooks, "W3", full)
        daemon = Daemon(told, engine)
        try:
            checks = daemon.once()
        finally:
            daemon.stop()

        assert [check.result for check in checks] == ["failed"]
        [(_, path, body)] = web.requests
        assert path == "/hook" and "A backup failed" in json.dumps(json.loads(body))
