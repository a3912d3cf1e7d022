"""Two servers of one installation that is due every minute; the one that keeps the schedule is killed half-way."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from pymongo.database import Database

from backup_engine.api import DatabaseBackupRestore
from backup_engine.locking.lease import Lease
from backup_engine.scheduling.leader import DOCUMENT
from tests.mongod import Mongod
from tests.server.running_app import RunningApp, wait_for

__all__ = ["KILLED_AT", "STARTED_AFTER", "play"]

Doc = dict[str, Any]
NAMES = ("A", "B")
KILLED_AT = 15
"""Seconds of the middle minute at which the leader is killed."""
STARTED_AFTER = 100
"""Seconds until it is started again: by then the other one must have taken over, 60 s and a tick of 30 s later."""
DATABASE = "two_servers"


def play(folder: Path, minutes: int, say: Callable[[Doc], None]) -> None:
    """Let them run for so many whole minutes with an edit a second; tells one line a minute.

    A line has the ``minute`` (UTC), who ``led`` in it and for how many seconds, the ``sets`` that began in it with
    their triggers, how many ``edits`` there were, and what ``happened``.
    """
    with ExitStack() as ends:
        mongod = Mongod()
        ends.callback(mongod.stop)
        database = ends.enter_context(mongod.client())[DATABASE]
        database["Equipment"].insert_many([{"_id": number, "ID": number, "Edit": 0} for number in range(200)])
        with _both(folder, mongod) as servers:
            _Watch(database, folder, servers, minutes, say).run()


@contextmanager
def _both(folder: Path, mongod: Mongod) -> Iterator[_Servers]:
    servers = _Servers(folder, mongod)
    try:
        for name in NAMES:
            servers.start(name)
        yield servers
    finally:
        for app in servers.running.values():
            app.stop()


class _Servers:
    def __init__(self, folder: Path, mongod: Mongod) -> None:
        self._folder, self._mongod = folder, mongod
        self.running: dict[str, RunningApp] = {}
        self.names: dict[int, str] = {}
        """Of every process that there was."""

    def start(self, name: str, *, wait: bool = True) -> None:
        """Start one, over a data folder of its own and the backup folder of both."""
        own = self._folder / name
        own.mkdir(exist_ok=True)
        app = RunningApp(
            folder=own, wait=wait, MONGODB_URI=self._mongod.uri, MONGODB_DATABASE=DATABASE,
            BACKUP_FOLDER=str(self._folder / "backups"), BACKUP_SCHEDULE="*/1 * * * *", BACKUP_TIME_ZONE="UTC")
        self.running[name], self.names[app.process.pid] = app, name


class _Watch:
    def __init__(
        self, database: Database[Doc], folder: Path, servers: _Servers, minutes: int, say: Callable[[Doc], None]
    ) -> None:
        self._database, self._servers, self._minutes, self._say = database, servers, minutes, say
        engine = DatabaseBackupRestore(connect=lambda: database, backup_folder=str(folder / "backups"))
        self._catalog = engine.workspace.catalog
        self._led: dict[datetime, Counter[str]] = {}
        self._edits = Counter[datetime]()
        self._happened: dict[datetime, list[str]] = {}

    def run(self) -> None:
        wait_for(self._leader, "a server that keeps the schedule", 90)
        begin = _minute(datetime.now(UTC)) + timedelta(minutes=1)
        end, told = begin + timedelta(minutes=self._minutes), begin
        kill = begin + timedelta(minutes=self._minutes // 2, seconds=KILLED_AT)
        again, dead = kill + timedelta(seconds=STARTED_AFTER), ""
        # the last minute is told after it is over
        while told < end:
            now = datetime.now(UTC)
            self._second(now)
            if now >= kill and not dead:
                dead = self._kill(now)
            elif dead and now >= again and self._servers.running[dead].process.poll() is not None:
                self._servers.start(dead, wait=False)
                self._happened.setdefault(_minute(now), []).append(f"{dead} started again")
            if now >= told + timedelta(minutes=1):
                self._tell(told)
                told += timedelta(minutes=1)
            time.sleep(1 - datetime.now(UTC).microsecond / 1e6)

    def _second(self, now: datetime) -> None:
        minute = _minute(now)
        self._led.setdefault(minute, Counter())[self._leader() or "nobody"] += 1
        self._database["Equipment"].update_one({"_id": now.second}, {"$inc": {"Edit": 1}})
        self._edits[minute] += 1

    def _leader(self) -> str:
        """Who has the lease; nobody while it has lapsed."""
        lease = Lease.look(self._database, DOCUMENT)
        if not lease.get("until") or lease["until"] < lease["now"]:
            return ""
        return self._servers.names.get(int(lease.get("pid", 0)), "somebody else")

    def _kill(self, now: datetime) -> str:
        leader = self._leader()
        if leader not in NAMES:  # between two leases: at the next second
            return ""
        self._servers.running[leader].kill()
        self._happened.setdefault(_minute(now), []).append(f"{leader} killed")
        return leader

    def _tell(self, minute: datetime) -> None:
        sets = [backup.trigger for backup in self._catalog.sets() if _minute(backup.started.astimezone(UTC)) == minute]
        self._say({"minute": f"{minute:%H:%M}", "led": dict(self._led.get(minute, Counter())), "sets": sets,
                   "edits": self._edits[minute], "happened": ", ".join(self._happened.get(minute, []))})


def _minute(moment: datetime) -> datetime:
    return moment.replace(second=0, microsecond=0)
