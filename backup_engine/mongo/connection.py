"""The way to a database: opened when first needed, asked for an answer before every use, its concerns pinned."""

from __future__ import annotations

import threading
from typing import Any

import pymongo
from pymongo.database import Database
from pymongo.errors import OperationFailure, PyMongoError

from backup_engine.errors import DatabaseUnreachable
from backup_engine.mongo import pinned

__all__ = ["LOCAL_URI", "Connection"]

LOCAL_URI = "mongodb://127.0.0.1:27017"
SELECTION_TIMEOUT_MS = 2500
"""A page about an unreachable database must stand within 3 s."""


class Connection:
    """Connect lazily, once, and ask before every use; a call gives the database."""

    def __init__(
        self, uri: str, database: str, *, client: pymongo.MongoClient[dict[str, Any]] | None = None,
        short_lived: bool = False,
    ) -> None:
        """Use ``client`` if there is one, else ``uri``.

        ``short_lived`` is for a command: watching the server by polling saves it half a second at its end.
        """
        self._uri = uri
        self._database = database
        self._given = client
        self._client: pymongo.MongoClient[dict[str, Any]] | None = None
        self._host = _host(uri) if client is None else "the given client"
        self._options: dict[str, Any] = (
            {"serverMonitoringMode": "poll", "appname": "backup command"} if short_lived else {}
        )
        self._lock = threading.Lock()

    @property
    def database(self) -> str:
        """Name of the database."""
        return self._database

    def __call__(self) -> Database[dict[str, Any]]:
        """Give the database once the primary answers.

        Raises ``DatabaseUnreachable`` naming the host, never the password; also when this is a direct connection to a
        secondary, or a given client has options that cannot be used.
        """
        try:
            client = self._opened()
            pinned.require_primary(client, f"{self._host}, database {self._database}")
        except NotImplementedError:
            return pinned.database(client, self._database)  # mongomock has no commands
        except OperationFailure as error:
            raise self._unreachable("the login was refused", "Check user name, password and authSource.") from error
        except PyMongoError as error:
            raise self._unreachable(
                type(error).__name__, "Check that MongoDB runs, the address, the network, and the login."
            ) from error
        # A port that is no number is a plain ValueError of the driver's, not one of its own kind.
        except (ValueError, TypeError) as error:
            raise self._unreachable("this is no connection string", "Check the address.") from error
        return pinned.database(client, self._database)

    def _opened(self) -> pymongo.MongoClient[dict[str, Any]]:
        with self._lock:
            if self._client is None:
                self._client = pinned.suitable(self._given) if self._given is not None else pinned.open_client(
                    self._uri, serverSelectionTimeoutMS=SELECTION_TIMEOUT_MS, connectTimeoutMS=SELECTION_TIMEOUT_MS,
                    **self._options,
                )
            return self._client

    def _unreachable(self, why: str, hint: str) -> DatabaseUnreachable:
        return DatabaseUnreachable(f"{self._host}, database {self._database}: {why}", hint=hint)


def _host(uri: str) -> str:
    """Give what follows user and password, up to the path; works for what is no URI too."""
    rest = uri.partition("://")[2] or uri
    # The last @: what stands before it may be a password with an @ of its own.
    return rest.rpartition("@")[2].partition("/")[0] or "the given address"
