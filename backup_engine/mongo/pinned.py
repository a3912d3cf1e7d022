"""Clients and handles whose concerns are the engine's, whatever the connection string or the caller's client says.

What decides is read from the primary, and what is acknowledged is on the disk of a majority: a handle says so with
every command. Some options belong to the client and no handle overrides them (a pool of one connection, a time limit
over everything, no retries); then the engine uses a client of its own with the same way in.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pymongo
from bson.codec_options import CodecOptions
from pymongo import ReadPreference, WriteConcern
from pymongo.database import Database
from pymongo.read_concern import ReadConcern

from backup_engine.errors import DatabaseUnreachable

__all__ = ["DURABLE", "database", "open_client", "require_primary", "suitable"]

Client = pymongo.MongoClient[dict[str, Any]]

DURABLE = WriteConcern("majority", j=True, wtimeout=10_000)
"""A write that no majority has by then is reported: nobody shall wait longer than half a minute for the news."""
# A time limit of the driver's cuts off whole restores. A change stream, a heartbeat and two inserts share the pool.
_CLIENT_OPTIONS: Mapping[str, Any] = {
    "retryWrites": True, "retryReads": True, "timeoutMS": None, "socketTimeoutMS": None, "maxPoolSize": 100,
    "minPoolSize": 0, "waitQueueTimeoutMS": None,
}
_CONNECTIONS = 10


def open_client(uri: str, **options: Any) -> Client:
    """Open a client; what its options say goes before the connection string. Raises what pymongo raises."""
    return pymongo.MongoClient(uri, **{**options, **_CLIENT_OPTIONS})


def suitable(client: Client) -> Client:
    """Give a caller's client, or a twin of it where its own options would stop long work half-way.

    Raises ``DatabaseUnreachable`` naming the options where no twin can be made.
    """
    hampering = _hampering(client)
    if not hampering:
        return client
    duplicate = getattr(client, "_duplicate", None)  # the driver's own way, as its encryption uses it
    if duplicate is None:
        raise DatabaseUnreachable(
            f"the given client cannot be used with {', '.join(hampering)}", hint="Give a client without these options.")
    twin: Client = duplicate(**_CLIENT_OPTIONS)
    return twin


def database(client: Client, name: str) -> Database[dict[str, Any]]:
    """Give a handle that reads from the primary, waits for a majority and decodes as the driver does by itself."""
    if not isinstance(client, pymongo.MongoClient):
        return client[name]  # the stand-in in memory has no concerns
    # No level for reads: a change stream refuses "local", and where a level matters it is named there.
    return client.get_database(name, codec_options=CodecOptions(), read_preference=ReadPreference.PRIMARY,
                               write_concern=DURABLE, read_concern=ReadConcern())


def require_primary(client: Client, where: str) -> None:
    """Ask the server who it is, which is also the ping. Raises ``DatabaseUnreachable`` unless it is a primary.

    Only a direct connection can end at another member: else the driver waits for the primary.
    """
    hello = client.admin.command("hello")
    if hello.get("isWritablePrimary", True):
        return
    office = "a secondary" if hello.get("secondary") else "a member without data" if hello.get("arbiterOnly") else (
        "not the primary")
    raise DatabaseUnreachable(
        f"{where}: this member is {office} of replica set {hello.get('setName', '?')}, and everything here needs the "
        "primary",
        hint="Take directConnection out of the connection string and name all members with replicaSet=…, or wait for "
             "the election if this member is to be the primary.")


def _hampering(client: Client) -> list[str]:
    if not isinstance(client, pymongo.MongoClient):
        return []
    options = client.options
    pool = options.pool_options
    said = {
        "timeoutMS": options.timeout is not None, "socketTimeoutMS": pool.socket_timeout is not None,
        "maxPoolSize": pool.max_pool_size is not None and pool.max_pool_size < _CONNECTIONS,
        "waitQueueTimeoutMS": pool.wait_queue_timeout is not None, "retryWrites": not options.retry_writes,
        "retryReads": not options.retry_reads,
    }
    return [name for name, hampers in said.items() if hampers]
