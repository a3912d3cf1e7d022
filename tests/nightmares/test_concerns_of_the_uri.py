"""Whatever the connection string or the caller's client says, every verb works and is exact; one member lags behind."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import bson
import pymongo
import pytest
from bson.codec_options import DatetimeConversion
from bson.raw_bson import RawBSONDocument
from pymongo.database import Database
from pymongo.write_concern import WriteConcern

from backup_engine.api import DatabaseBackupRestore
from backup_engine.mongo import guarded
from backup_engine.records.changes import Change
from equipment.server import database as application
from equipment.settings import Settings
from equipment.store.access import Account
from equipment.store.accounts import sessions
from tests.replica_set import ReplicaSet

Doc = dict[str, Any]
NAME = "concerns"
URIS = [
    "readPreference=secondaryPreferred&readConcernLevel=linearizable&w=0",
    "readPreference=nearest&readPreferenceTags=dc:x&readConcernLevel=majority&w=3&wtimeoutMS=300",
    "w=1&journal=false&retryWrites=false&timeoutMS=100",
    "socketTimeoutMS=30&maxPoolSize=1&waitQueueTimeoutMS=20",
]
CLIENTS: list[Doc] = [
    {"tz_aware": True, "document_class": bson.SON, "w": 3, "wtimeoutMS": 300, "journal": False},
    {"document_class": RawBSONDocument, "timeoutMS": 100},
    {"datetime_conversion": DatetimeConversion.DATETIME_MS, "uuidRepresentation": "pythonLegacy",
     "retryWrites": False, "readPreference": "nearest"},
]


@pytest.fixture(scope="module")
def members() -> Iterator[ReplicaSet]:
    members = ReplicaSet()
    with members.lagging(members.secondaries()[0]):
        yield members
    members.stop()


@pytest.fixture
def truth(members: ReplicaSet) -> Iterator[Database[Doc]]:
    """The list as it is, 3,000 records that are all well."""
    with members.client() as client:
        client.drop_database(NAME)
        database = client.get_database(NAME, write_concern=WriteConcern("majority"))
        database.Equipment.insert_many([{"_id": number, "v": "well", "day": bson.datetime.datetime(2025, 1, 1),
                                         "text": "x" * 800} for number in range(3_000)])
        # Not for every member: the one that lags behind never says that it has the index.
        database.command({"createIndexes": "Equipment", "indexes": [{"key": {"v": 1}, "name": "v_1"}],
                          "commitQuorum": "majority"})
        yield database


def _every_verb(backups: DatabaseBackupRestore, truth: Database[Doc]) -> None:
    created, _, said = backups.create_backup(force=True)
    assert created, said
    backup = next(found for day in backups.get_available_backups().values() for found in day)
    truth.Equipment.update_many({"_id": {"$lt": 1_000}}, {"$set": {"v": "spoilt"}})
    compared, difference, said = backups.compare_backup(backup)
    assert compared, said
    assert difference is not None
    assert difference.counts["different"] == 1_000

    merged = backups.restore_from_backup(backup, "equipment", "merge")
    assert (merged[0], truth.Equipment.distinct("v")) == (True, ["well"]), merged
    undone = backups.undo_restore()
    assert (undone[0], truth.Equipment.count_documents({"v": "spoilt"})) == (True, 1_000), undone
    replaced = backups.restore_from_backup(backup)
    assert (replaced[0], truth.Equipment.distinct("v")) == (True, ["well"]), replaced
    assert truth.Equipment.count_documents({}) == 3_000
    rehearsed = backups.drill(backup)
    assert rehearsed[0], rehearsed


@pytest.mark.parametrize("options", URIS)
def test_every_verb(members: ReplicaSet, truth: Database[Doc], tmp_path: Path, options: str) -> None:
    _every_verb(DatabaseBackupRestore(f"{members.uri}&{options}", database=NAME, backup_folder=str(tmp_path)), truth)


@pytest.mark.parametrize("options", CLIENTS, ids=lambda options: "-".join(options))
def test_every_verb_with_a_client_of_the_callers(
    members: ReplicaSet, truth: Database[Doc], tmp_path: Path, options: Doc
) -> None:
    with pymongo.MongoClient(members.uri, **options) as client:
        _every_verb(DatabaseBackupRestore(client=client, database=NAME, backup_folder=str(tmp_path)), truth)


@pytest.mark.parametrize("options", URIS)
def test_a_save_and_a_session_of_the_application(members: ReplicaSet, truth: Database[Doc], options: str) -> None:
    database = application.connect(Settings(mongodb_uri=f"{members.uri}&{options}", mongodb_database=NAME))
    account = Account("ada", "Ada", "admin")
    try:
        before = bson.encode({"_id": "new", "v": "old"})
        truth.Equipment.insert_one({"_id": "new", "v": "old"})

        saved = guarded.apply(database.Equipment, [Change(before, bson.encode({"_id": "new", "v": "saved"}))])
        session = sessions.open_session(database, account, 1, address="", agent="", lifetimes=sessions.USUAL)

        assert [applied.status for applied in saved] == ["updated"]
        assert truth.Equipment.find_one({"_id": "new"}) == {"_id": "new", "v": "saved"}
        assert [found.id for found in sessions.of_user(database, "ada")] == [session]
        sessions.end(database, session)
        assert sessions.of_user(database, "ada") == []
    finally:
        application.close()


def test_a_direct_connection_to_a_secondary_is_refused_before_anything(members: ReplicaSet, tmp_path: Path) -> None:
    member = members.secondaries()[0]
    backups = DatabaseBackupRestore(member.uri, database=NAME, backup_folder=str(tmp_path / "none"))

    created, _, said = backups.create_backup()

    assert not created
    assert said.startswith(f"Database connection failed: {member.host}, database {NAME}: this member is a secondary")
    assert "Take directConnection out of the connection string" in said
    assert not (tmp_path / "none").exists()
    with pytest.raises(Exception, match="this member is a secondary of replica set tests"):
        application.connect(Settings(mongodb_uri=member.uri, mongodb_database=NAME))
    application.close()
