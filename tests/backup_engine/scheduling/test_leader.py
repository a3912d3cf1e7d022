"""One process per database keeps the schedule, and never nobody."""

from __future__ import annotations

import os
import socket
from typing import Any

import mongomock
import pytest
from pymongo.database import Database

from backup_engine.errors import NoMajority, PermissionDenied
from backup_engine.locking.lease import COLLECTION, LEASE_ID, Lease, Terms
from backup_engine.scheduling.leader import DOCUMENT, Leader
from tests.server.running_app import wait_for

Live = Database[dict[str, Any]]
SHORT = Terms(lasts=0.4, renewed_every=0.1)


def dies(leader: Leader) -> None:
    """Nothing renews its lease any more, and it tells nobody."""
    assert leader._lease is not None
    leader._lease._ended.set()
    leader._lease._thread.join()


def test_the_first_to_ask_leads_and_the_others_know_who_does(database: Live) -> None:
    first, second = Leader("/backups"), Leader("/backups")
    try:
        assert first.ask(database)
        assert not second.ask(database)
        assert first.ask(database)

        assert first.words == "This server keeps the schedule"
        assert second.words == f"{socket.gethostname()} (process {os.getpid()}) keeps the schedule"
    finally:
        first.give_back()


def test_before_the_first_word_nobody_leads(database: Live) -> None:
    leader = Leader("/backups")

    assert (leader.leads, leader.words) == (False, "")


def test_the_schedule_is_no_lock(database: Live) -> None:
    leader = Leader("/backups")
    leader.ask(database)
    try:
        document = database[COLLECTION].find_one({"_id": DOCUMENT})
        assert document is not None and document["place"] == "/backups"
        assert database[COLLECTION].find_one({"_id": LEASE_ID}) is None
    finally:
        leader.give_back()


def test_who_gives_it_back_is_succeeded_at_once(database: Live) -> None:
    first, second = Leader("/backups"), Leader("/backups")
    first.ask(database)
    first.give_back()

    assert second.ask(database)
    assert not first.leads
    second.give_back()


def test_a_dead_leader_is_succeeded_when_its_lease_lapses_and_hears_of_it(database: Live) -> None:
    late, next_one = Leader("/backups", SHORT), Leader("/backups", SHORT)
    late.ask(database)
    assert not next_one.ask(database)
    dies(late)

    wait_for(lambda: next_one.ask(database), "the lease to lapse")

    assert not late.ask(database)
    assert next_one.ask(database)
    next_one.give_back()


def test_a_leader_at_work_for_longer_than_its_lease_lasts_is_not_succeeded(database: Live) -> None:
    busy, other = Leader("/backups", SHORT), Leader("/backups", SHORT)
    busy.ask(database)
    try:
        first = Lease.look(database, DOCUMENT)["until"]
        wait_for(lambda: (Lease.look(database, DOCUMENT)["until"] - first).total_seconds() > 2 * SHORT.lasts,
                 "the lease to be renewed without a tick")

        assert not other.ask(database)
    finally:
        busy.give_back()


def test_in_a_database_that_was_dropped_it_is_taken_anew(database: Live) -> None:
    leader = Leader("/backups")
    leader.ask(database)
    database.drop_collection(COLLECTION)

    assert leader.ask(database)
    assert database[COLLECTION].find_one({"_id": DOCUMENT}) is not None
    leader.give_back()


@pytest.mark.parametrize(
    ("trouble", "words"), [(PermissionDenied("no"), "may only read"), (NoMajority("no"), "members")]
)
def test_who_cannot_write_the_database_leads_by_itself(
    database: Live, monkeypatch: pytest.MonkeyPatch, trouble: Exception, words: str
) -> None:
    def refuses(*_: object, **__: object) -> Any:
        raise trouble

    monkeypatch.setattr(Lease, "take", refuses)
    leader = Leader("/backups")

    assert leader.ask(database)
    assert words in leader.words
    monkeypatch.undo()
    assert leader.ask(database)
    assert leader.words == "This server keeps the schedule"
    leader.give_back()


def test_a_database_in_memory_leads_by_itself() -> None:
    leader = Leader("/backups")

    assert leader.ask(mongomock.MongoClient()["demo"])
    assert "memory" in leader.words


def test_with_the_database_away_what_was_heard_counts_and_who_heard_nothing_leads(database: Live) -> None:
    first, second, deaf = Leader("/backups"), Leader("/backups"), Leader("/backups")
    first.ask(database)
    second.ask(database)
    try:
        for leader in (first, second, deaf):
            leader.unheard()

        assert [leader.leads for leader in (first, second, deaf)] == [True, False, True]
        assert not deaf.ask(database)
    finally:
        first.give_back()


def test_who_keeps_the_schedule_is_in_the_log_when_it_changes(
    database: Database[dict[str, Any]], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", logger="backup_engine.scheduling.leader")
    first, second = Leader("a"), Leader("b")
    for _ in range(3):
        first.ask(database)
        second.ask(database)
    first.give_back()
    second.ask(database)
    second.give_back()

    other = f"{socket.gethostname()} (process {os.getpid()}) keeps the schedule"
    assert [record.getMessage() for record in caplog.records] == [
        "This server keeps the schedule", other, "This server keeps the schedule"]
