"""A lease cannot be stuck: an impossible date counts for nothing, a heartbeat between two looks saves its holder."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from pymongo.database import Database

from backup_engine.errors import Busy
from backup_engine.locking.lease import COLLECTION, LEASE_ID, Holder, Lease, Terms
from backup_engine.locking.locks import hold
from tests.backup_engine.engine import workspace
from tests.mongod import Mongod

Live = Database[dict[str, Any]]


def dead_holder(database: Live, ahead: timedelta, **more: Any) -> Lease:
    """Somebody on another host who died while the server's clock was ahead by so much."""
    lease = Lease.take(database, Holder("restore", "elsewhere", boot="another boot"), locked=False, terms=Terms())
    assert isinstance(lease, Lease)
    lease._ended.set()  # no heartbeat any more
    database[COLLECTION].update_one({"_id": LEASE_ID}, [{"$set": {
        "until": {"$add": ["$$NOW", int((ahead + timedelta(seconds=60)).total_seconds() * 1000)]}, **more}}])
    return lease


@pytest.mark.parametrize("ahead", [timedelta(minutes=2), timedelta(hours=1), timedelta(days=3650)], ids=str)
@pytest.mark.parametrize("lasts", [60_000, None], ids=["of this version", "of the version before"])
def test_a_lease_of_a_clock_that_was_ahead_is_free(
    tmp_path: Path, database: Live, ahead: timedelta, lasts: int | None
) -> None:
    dead = dead_holder(database, ahead, lasts=lasts)

    with hold(workspace(tmp_path, database), "backup"), pytest.raises(Busy, match="took over"):
        dead.check()


@pytest.mark.parametrize("ahead", [timedelta(0), timedelta(seconds=-50), timedelta(seconds=5)], ids=str)
def test_a_lease_with_a_possible_date_is_not(tmp_path: Path, database: Live, ahead: timedelta) -> None:
    dead_holder(database, ahead)

    with pytest.raises(Busy), hold(workspace(tmp_path, database), "backup"):
        pytest.fail("two at once")


def test_a_longer_lease_of_others_is_theirs(database: Live) -> None:
    theirs = Lease.take(database, Holder("backup", "a"), locked=False, terms=Terms(lasts=3600, renewed_every=60))
    assert isinstance(theirs, Lease)

    assert isinstance(Lease.take(database, Holder("backup", "b"), locked=False, terms=Terms()), dict)
    theirs.release()


def test_a_lease_keeps_its_scope_whoever_holds_it(database: Live) -> None:
    scopes = set()
    for folder in ("a", "b"):
        lease = Lease.take(database, Holder("backup", folder), locked=False, terms=Terms())
        assert isinstance(lease, Lease)
        scopes.add(lease.scope)
        lease.release()

    assert len(scopes) == 1
    assert "" not in scopes


def test_a_copy_of_a_database_has_another_scope(shared_mongod: Mongod, database: Live) -> None:
    scopes = []
    with shared_mongod.client() as client:
        copy = client[f"{database.name}_copy"]
        for live in (database, copy):
            lease = Lease.take(live, Holder("backup", "a"), locked=False, terms=Terms())
            assert isinstance(lease, Lease)
            lease.release()
            scopes.append(lease.scope)
            if live is database:
                document = database[COLLECTION].find_one({"_id": LEASE_ID})
                assert document is not None
                copy[COLLECTION].insert_one(document)
        client.drop_database(copy.name)

    assert len(set(scopes)) == 2


def test_only_the_lease_that_was_seen_is_freed(database: Live) -> None:
    assert Lease.look(database) == {}
    lease = Lease.take(database, Holder("backup", "a"), locked=False, terms=Terms())
    assert isinstance(lease, Lease)
    seen = Lease.look(database)

    lease.check()  # a heartbeat
    assert Lease.free(database, seen) is False
    assert Lease.free(database, Lease.look(database)) is True
    with pytest.raises(Busy):
        lease.check()
