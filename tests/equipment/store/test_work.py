"""What one server tells of its work, others find, may stop, and forget when it is over or its server died."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from pymongo.database import Database

from backup_engine.errors import Cancelled, DatabaseUnreachable, PermissionDenied
from backup_engine.model import Watch
from equipment.jobs import Job, Jobs
from equipment.store import access, moments, work
from equipment.store.work import LIST, WORK, Told, ask_to_stop, elsewhere, may_stop
from tests.equipment.store.people import signed_in

Db = Database[dict[str, Any]]
PATIENCE = 60


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(work, "EVERY_SECONDS", 0.0)


class Server:
    """A server whose work goes one step at each ``step``, until it is told to stop or to end."""

    def __init__(self, connect: Callable[[], Db], kind: str = "backup", by: str = "") -> None:
        self._go, self._went, self._end = threading.Semaphore(0), threading.Semaphore(0), False
        self.told = Told(connect, kind, "backup.create", by)
        self.job: Job = Jobs().start("backup", "Create backup", "ada", self._work, hear=self.told)

    def _work(self, watch: Watch) -> str:
        for done in range(1, 100):
            self._go.acquire(timeout=PATIENCE)
            if self._end:
                break
            try:
                watch.step("Reading", done * 10, 1_000)
            finally:
                self._went.release()
        return "done"

    def step(self) -> None:
        self._go.release()
        assert self._went.acquire(timeout=PATIENCE)

    def end(self) -> None:
        self._end = True
        self._go.release()
        assert self.job.done.wait(PATIENCE)


def gone(db: Db) -> bool:
    """Wait until nothing is told any more: the job is done a moment before."""
    for _ in range(1_000):
        if db[WORK].count_documents({}) == 0:
            return True
        threading.Event().wait(0.01)
    return False


def test_others_see_how_far_it_is_until_it_ends(database: Db) -> None:
    server = Server(lambda: database)
    server.step()
    server.step()

    [found] = elsewhere(database, "backup")

    assert (found.title, found.owner, found.phase, found.done, found.total) == (
        "Create backup", "ada", "Reading", 20, 1_000)
    assert not elsewhere(database, "backup", [server.told.number]), "its own server shows it by itself"
    assert not elsewhere(database, "another")
    server.end()
    assert gone(database) and not elsewhere(database, "backup")


def test_another_server_stops_it(database: Db) -> None:
    server = Server(lambda: database)
    server.step()
    [found] = elsewhere(database, "backup")
    with pytest.raises(PermissionDenied):
        ask_to_stop(database, signed_in(database, "manager"), found)
    server.step()
    assert not server.job.stop.is_set()

    ask_to_stop(database, signed_in(database, "admin"), found)
    server.step()  # this word hears of it
    server.step()

    assert server.job.done.wait(PATIENCE)
    assert isinstance(server.job.error, Cancelled)
    assert gone(database)


def test_what_a_dead_server_left_counts_no_more_and_goes(database: Db) -> None:
    server = Server(lambda: database)
    server.step()
    database[WORK].insert_one({"_id": 1, "kind": "backup", "at": moments.now() - 2 * work.LOST})
    assert not elsewhere(database, "backup", [server.told.number])
    server.end()

    other = Server(lambda: database)
    other.step()

    assert [each["_id"] for each in database[WORK].find()] == [other.told.number]
    other.end()


def test_work_goes_on_where_it_cannot_be_told(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def away() -> Db:
        asked.append(1)
        raise DatabaseUnreachable("away", hint="wait")

    server = Server(away)
    server.step()
    server.step()
    assert len(asked) == 1, "asking again would hold the work up"
    server.end()

    assert (server.job.result, server.job.error) == ("done", None)


def test_work_on_the_list_is_stopped_by_its_owner_and_by_whoever_may_do_bulk_edits(database: Db) -> None:
    owner, other = signed_in(database, "technician", "tess"), signed_in(database, "technician", "tom")
    server = Server(lambda: database, LIST, access.require(database, owner, "records.import").key)
    server.step()
    [found] = elsewhere(database, LIST)
    for who, sees in ((owner, True), (other, False), (signed_in(database, "manager"), True)):
        assert may_stop(access.require(database, who, "records.read"), found) is sees

    with pytest.raises(PermissionDenied):
        ask_to_stop(database, other, found)
    with pytest.raises(PermissionDenied):
        ask_to_stop(database, other, replace(found, by=access.require(database, other, "records.read").key))
    assert not elsewhere(database, LIST)[0].stops
    ask_to_stop(database, owner, found)
    assert elsewhere(database, LIST)[0].stops
    server.step()
    server.step()

    assert isinstance(server.job.error, Cancelled)


def test_who_may_stop_work_on_the_list_may_not_stop_a_backup_by_that(database: Db) -> None:
    server = Server(lambda: database)
    server.step()
    [found] = elsewhere(database, "backup")
    manager = signed_in(database, "manager")

    assert not may_stop(access.require(database, manager, "records.read"), found)
    ask_to_stop(database, manager, replace(found, kind=LIST))  # a page that says it is another kind stops nothing
    assert not elsewhere(database, "backup")[0].stops
    server.end()
