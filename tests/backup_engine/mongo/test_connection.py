"""A connection is opened late, asked before every use, and never tells the password."""

from __future__ import annotations

import pymongo
import pytest
from pymongo.database import Database

from backup_engine.errors import DatabaseUnreachable
from backup_engine.mongo.connection import Connection
from tests.mongod import Mongod

SECRET = "s3cr3t"


def test_the_database_comes_after_a_ping_and_the_client_is_opened_once(shared_mongod: Mongod) -> None:
    connect = Connection(shared_mongod.uri, "things", short_lived=True)

    first, second = connect(), connect()

    assert first.name == "things"
    assert first.client is second.client
    first.client.close()


@pytest.mark.parametrize(("uri", "why"), [
    (f"mongodb://ada:{SECRET}@127.0.0.1:9/?serverSelectionTimeoutMS=200", "ServerSelectionTimeoutError"),
    (f"mongodb://ada:{SECRET}@127.0.0.1:port/", "this is no connection string"),
    (f"ada:{SECRET}@127.0.0.1", "this is no connection string"),
])
def test_what_does_not_answer_is_named_without_the_password(uri: str, why: str) -> None:
    with pytest.raises(DatabaseUnreachable) as problem:
        Connection(uri, "things")()

    assert why in problem.value.message
    assert "127.0.0.1" in problem.value.message
    assert SECRET not in problem.value.message + problem.value.hint


def test_a_refused_login_is_called_so(shared_mongod: Mongod) -> None:
    with (
        shared_mongod.client(username="ada", password=SECRET, authSource="admin") as client,
        pytest.raises(DatabaseUnreachable, match="login was refused") as problem,
    ):
        Connection("", "things", client=client)()

    assert SECRET not in problem.value.message
    assert "authSource" in problem.value.hint


def test_a_client_that_is_given_is_used(database: Database[dict[str, object]]) -> None:
    client: pymongo.MongoClient[dict[str, object]] = database.client  # type: ignore[assignment]

    assert Connection("mongodb://elsewhere", "things", client=client)().client is client  # type: ignore[arg-type]
