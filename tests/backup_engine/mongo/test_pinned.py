"""A handle carries the engine's concerns; a client that cannot is replaced by a twin, or refused in words."""

from __future__ import annotations

from typing import Any

import mongomock
import pymongo
import pytest
from bson.codec_options import CodecOptions
from pymongo import ReadPreference
from pymongo.read_concern import ReadConcern

from backup_engine.errors import DatabaseUnreachable
from backup_engine.mongo import pinned

ODD = "mongodb://h/?readPreference=nearest&readPreferenceTags=dc:x&w=0&readConcernLevel=linearizable"
LIMITS = "timeoutMS=400&socketTimeoutMS=100&maxPoolSize=1&minPoolSize=1&waitQueueTimeoutMS=9&retryWrites=false"


def test_a_handle_carries_the_concerns_whatever_the_client_says() -> None:
    with pymongo.MongoClient(ODD, connect=False, tz_aware=True) as client:
        database = pinned.database(client, "lab")

    assert database.read_preference == ReadPreference.PRIMARY
    assert database.write_concern == pinned.DURABLE
    assert database.read_concern == ReadConcern()
    assert database.codec_options == CodecOptions()


def test_limits_of_the_connection_string_do_not_count() -> None:
    with pinned.open_client(f"mongodb://h/?{LIMITS}", connect=False) as client:
        options = client.options

    assert (options.timeout, options.retry_writes) == (None, True)
    assert (options.pool_options.max_pool_size, options.pool_options.wait_queue_timeout) == (100, None)
    assert options.pool_options.socket_timeout is None


@pytest.mark.parametrize("limit", [option for option in LIMITS.split("&") if not option.startswith("minPool")])
def test_a_callers_client_with_a_limit_gets_a_twin_with_the_same_way_in(limit: str) -> None:
    with pymongo.MongoClient(f"mongodb://ada:s3cr3t@h/?authSource=x&{limit}", connect=False) as client:
        twin = pinned.suitable(client)

    assert twin is not client
    assert twin.options.timeout is None
    assert twin.options.pool_options._credentials.username == "ada"  # type: ignore[union-attr]
    assert pinned.suitable(twin) is twin


def test_where_no_twin_can_be_made_the_options_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(pymongo.MongoClient, "_duplicate")
    with (
        pymongo.MongoClient("mongodb://h/?socketTimeoutMS=100&retryWrites=false", connect=False) as client,
        pytest.raises(DatabaseUnreachable, match="cannot be used with socketTimeoutMS, retryWrites"),
    ):
        pinned.suitable(client)


def test_the_stand_in_in_memory_is_handed_out_as_it_is() -> None:
    client: Any = mongomock.MongoClient()

    assert pinned.suitable(client) is client
    assert pinned.database(client, "lab").things.insert_one({"n": 1}).inserted_id
