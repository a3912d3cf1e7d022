"""What a server can do, and its errors in words."""

from __future__ import annotations

from typing import Any

import mongomock
import pymongo
import pytest
from pymongo.database import Database
from pymongo.errors import (
    AutoReconnect,
    ConfigurationError,
    InvalidURI,
    NotPrimaryError,
    OperationFailure,
    PyMongoError,
    ServerSelectionTimeoutError,
)

from backup_engine.errors import BackupError, DatabaseUnreachable, PermissionDenied
from backup_engine.mongo.capabilities import Capabilities, address, database_errors, named


def test_a_replica_set_can_do_everything(database: Database[dict[str, Any]]) -> None:
    server = Capabilities.of(database)

    assert (server.commands, server.replica_set, server.snapshot_reads, server.transactions) == (True,) * 4
    assert (server.change_streams, server.rename, server.can_write, server.sharded) == (True, True, True, False)
    assert server.topology == "replica set"


def test_a_stand_in_can_do_nothing_but_be_read_and_written() -> None:
    stand_in = Capabilities.of(mongomock.MongoClient().db)

    assert stand_in == Capabilities()
    assert (stand_in.can_write, stand_in.topology) == (True, "in-memory")


@pytest.mark.parametrize(
    ("problem", "error", "words"),
    [
        (ServerSelectionTimeoutError("x"), DatabaseUnreachable, "Database connection failed: no answer"),
        (AutoReconnect("x"), DatabaseUnreachable, "Database connection failed: no answer"),
        (NotPrimaryError("x"), DatabaseUnreachable, "not the primary"),
        (OperationFailure("x", 10107), DatabaseUnreachable, "not the primary"),
        (OperationFailure("x", 18), DatabaseUnreachable, "refuses the user name or password"),
        (OperationFailure("x", 13), PermissionDenied, "Permission denied: the database user may not"),
        (InvalidURI("x"), DatabaseUnreachable, "connection string"),
        (ConfigurationError("x"), DatabaseUnreachable, "connection string"),
        (OperationFailure("boom", 99), BackupError, "MongoDB refused"),
    ],
)
def test_errors_in_the_engine_s_words(problem: PyMongoError, error: type[BackupError], words: str) -> None:
    with pytest.raises(error) as raised, database_errors():
        raise problem

    assert type(raised.value) is error
    assert words in raised.value.message


def test_the_address_has_no_secret() -> None:
    client: Any = pymongo.MongoClient("mongodb://me:secret@db1:27017,db2:27018/", connect=False)

    assert address(client.lab) == "db1:27017,db2:27018"
    assert "secret" not in str(named(AutoReconnect("x"), client.lab))
