"""Primary and arbiter without the other data member: backups go on and show the present, restores refuse and wait."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import bson
import pytest
from pymongo.database import Database
from pymongo.write_concern import WriteConcern

from backup_engine import compare, create, failpoints, merge, restore, verify
from backup_engine.errors import DatabaseUnreachable, NoMajority
from backup_engine.locking import lease
from backup_engine.locking.locks import hold
from backup_engine.mongo import guarded, guarded_ways, pinned, snapshot
from backup_engine.records.changes import Change
from backup_engine.replacing import staging
from backup_engine.repository import contents
from backup_engine.workspace import Workspace
from equipment.store.access import Account
from equipment.store.accounts import sessions
from equipment.ui import boundary
from tests.backup_engine.engine import workspace
from tests.replica_set import ReplicaSet

Doc = dict[str, Any]


@pytest.fixture(scope="module")
def members() -> Iterator[ReplicaSet]:
    members = ReplicaSet(arbiters=1)
    yield members
    members.stop()


@pytest.fixture(scope="module")
def ws(members: ReplicaSet, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    """A backup of 300 records; then the other data member is gone, and 100 records are as well."""
    with members.client() as client:
        database = pinned.database(client, "lab")
        database.Equipment.insert_many([{"_id": number} for number in range(300)])
        ws = workspace(tmp_path_factory.mktemp("backups"), database)
        create.create(ws, force=True)
        members.secondaries()[0].kill()
        client.get_database("lab", write_concern=WriteConcern(1)).Equipment.delete_many(
            {"_id": {"$gte": 200}})
        yield ws


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wait a second where the engine waits five or ten."""
    monkeypatch.setattr(lease, "_MAJORITY", WriteConcern("majority", wtimeout=1_000))
    monkeypatch.setattr(snapshot, "MAJORITY_SECONDS", 1.0)


@pytest.fixture
def database(ws: Workspace) -> Database[Doc]:
    return ws.connect()


def test_a_backup_is_made_of_what_is_there_now(ws: Workspace) -> None:
    created = create.create(ws, force=True)

    assert created.set is not None
    assert created.set.parts["equipment"].records == 200
    assert created.set.metadata["source"]["consistency"] == "none"
    assert "too few members of the replica set answer: locked by the folder's file lock alone" in " ".join(
        created.warnings)


def test_looking_works_as_ever(ws: Workspace) -> None:
    backup = ws.catalog.sets()[0]

    assert verify.verify(ws, backup, 2).ok
    assert contents.preview(ws, backup, "equipment", 10, 0, "")[1] == 300
    assert compare.compare(ws, backup, "current", "equipment").counts["only_left"] == 100


@pytest.mark.parametrize("verb", ["replace", "merge"])
def test_a_restore_says_why_not_and_frees_the_locks(ws: Workspace, database: Database[Doc], verb: str) -> None:
    backup = ws.catalog.sets()[0]

    with pytest.raises(NoMajority) as refused:
        if verb == "replace":
            restore.replace(ws, restore.plan_replace(ws, backup, ["equipment"]))
        else:
            merge.merge(ws, merge.plan(ws, backup, "equipment"))

    assert refused.value.message.startswith("Database connection failed: too few members of the replica set")
    assert "Start the members that are down" in refused.value.hint
    assert database.backup_restore_state.find_one({"_id": "lease"}, {"_id": 0, "until": 1}) == {"until": None}
    assert database.Equipment.count_documents({}) == 200
    assert [name for name in database.list_collection_names() if "__" in name] == []


def test_a_save_of_the_application_says_so_too(database: Database[Doc], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guarded_ways, "COMMIT_MS", 500)
    change = Change(bson.encode({"_id": 1}), bson.encode({"_id": 1, "v": "new"}))

    with pytest.raises(DatabaseUnreachable, match="too few members of the replica set"):
        guarded.apply(database.Equipment, [change])


def test_a_page_can_be_looked_at_and_a_save_outside_of_transactions_is_explained(
    database: Database[Doc], monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[str] = []
    monkeypatch.setattr(boundary.st, "error", lambda words, **_: said.append(words))
    impatient = database.with_options(write_concern=WriteConcern("majority", j=True, wtimeout=300))
    account = Account("ada", "Ada", "user")
    with boundary.guard("Sign-in"):
        sessions.open_session(impatient, account, 1, address="", agent="", lifetimes=sessions.USUAL)
    session = sessions.of_user(database, "ada")[0]

    sessions.touch(impatient, session.id, sessions.USUAL, now=session.seen + timedelta(minutes=5))

    assert len(said) == 1
    assert said[0].startswith("Database connection failed: too few members of the replica set answer")
    assert sessions.of_user(database, "ada")[0].seen > session.seen


def test_when_the_member_is_back_everything_is(members: ReplicaSet, ws: Workspace, database: Database[Doc]) -> None:
    backup = ws.catalog.sets()[0]
    members.heal()

    with hold(ws, "backup", wait=1.0) as held:
        assert held.warnings == ()
    done = restore.replace(ws, restore.plan_replace(ws, backup, ["equipment"]))

    assert done.counts == {"equipment": 300}
    assert database.Equipment.count_documents({}) == 300


def test_a_majority_that_goes_away_during_a_restore(
    members: ReplicaSet, ws: Workspace, database: Database[Doc], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What it leaves behind, the next run clears up."""
    backup = ws.catalog.sets()[0]
    monkeypatch.setattr(staging, "PIECE", WriteConcern("majority", j=True, wtimeout=1_000))
    with monkeypatch.context() as patched:
        patched.setitem(failpoints.hooks, "R3", members.secondaries()[0].kill)
        with pytest.raises(NoMajority):
            restore.replace(ws, restore.plan_replace(ws, backup, ["equipment"]))
    assert database.Equipment.count_documents({}) == 300

    created = create.create(ws, force=True)
    assert created.set is not None
    members.heal()
    assert restore.replace(ws, restore.plan_replace(ws, backup, ["equipment"])).counts == {"equipment": 300}
    assert [name for name in database.list_collection_names() if "__" in name] == []
