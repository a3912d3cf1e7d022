"""What the database server at the other end can do, and its errors in the engine's words.

mongomock answers no commands: everything is off, and the engine falls back to plain reads and local locks.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from pymongo.database import Database
from pymongo.errors import (
    AutoReconnect,
    BulkWriteError,
    ConfigurationError,
    ConnectionFailure,
    ExecutionTimeout,
    InvalidURI,
    NotPrimaryError,
    OperationFailure,
    PyMongoError,
    WriteConcernError,
)

from backup_engine.errors import BackupError, DatabaseUnreachable, NoMajority
from backup_engine.mongo.rights import UNAUTHORIZED, denied

_LOGIN_FAILED = 18
"""AuthenticationFailed."""
_ATLAS = 8000
"""AtlasError: a refused login ("bad auth"), or a command or an option that this tier of Atlas does not have."""
_NO_SUCH_COMMAND = frozenset({
    59,  # CommandNotFound
    115,  # CommandNotSupported
    238,  # NotImplemented
    _ATLAS,
})
_NO_SNAPSHOT_READS = frozenset({
    *_NO_SUCH_COMMAND,
    20,  # IllegalOperation
    72,  # InvalidOptions: the read concern is not supported for this command
    123,  # NotAReplicaSet
})
_NOT_PRIMARY = frozenset({
    10107,  # NotWritablePrimary
    13435,  # NotPrimaryNoSecondaryOk
    11602,  # InterruptedDueToReplStateChange
    189,  # PrimarySteppedDown
    91,  # ShutdownInProgress
    11600,  # InterruptedAtShutdown
})
_NOT_ON_A_MAJORITY = frozenset({
    64,  # WriteConcernFailed: wtimeout has passed
    100,  # UnsatisfiableWriteConcern
})


@dataclass(frozen=True)
class Capabilities:
    """Facts about a server and this user on it."""

    commands: bool = False
    replica_set: bool = False
    sharded: bool = False
    snapshot_reads: bool = False
    transactions: bool = False
    change_streams: bool = False
    rename: bool = False
    can_write: bool = True
    version: str = ""
    """For the metadata only, and empty where the server does not tell: what it can do is tried, one by one."""
    set_name: str = ""
    """Of the replica set."""

    @property
    def captures(self) -> bool:
        """Whether what others write during a restore can be followed, and read as of an instant in it (not on 4.4)."""
        return self.change_streams and self.snapshot_reads

    @property
    def topology(self) -> str:
        """One word for the metadata."""
        if not self.commands:
            return "in-memory"
        if self.sharded:
            return "sharded"
        return "replica set" if self.replica_set else "standalone"

    @classmethod
    def of(cls, database: Database[dict[str, Any]]) -> Capabilities:
        """Ask the server. Raises ``DatabaseUnreachable``."""
        if not answers_commands(database):
            return cls()
        with database_errors(database):
            hello = database.command("hello")
            replica_set, sharded = "setName" in hello, hello.get("msg") == "isdbgrid"
            clustered = replica_set or sharded
            return cls(
                commands=True, replica_set=replica_set, sharded=sharded,
                snapshot_reads=clustered and _reads_snapshots(database), transactions=clustered,
                change_streams=clustered, rename=not sharded, can_write=_can_write(database),
                version=_version(database), set_name=str(hello.get("setName", "")),
            )


def answers_commands(database: Database[dict[str, Any]]) -> bool:
    """Whether this is a server rather than a stand-in in memory."""
    return type(database).__module__.partition(".")[0] == "pymongo"


@contextmanager
def database_errors(database: Database[dict[str, Any]] | None = None) -> Iterator[None]:
    """Raise the engine's error for any of pymongo's. Messages name host and database, never a password."""
    try:
        yield
    except PyMongoError as problem:
        raise named(problem, database) from problem


def named(problem: PyMongoError, database: Database[dict[str, Any]] | None = None) -> BackupError:
    """Put what pymongo says into the engine's words."""
    where = f" at {address(database)}" if database is not None else ""
    code = problem.code if isinstance(problem, OperationFailure) else None
    # Before ConnectionFailure below, which a NotPrimaryError is as well.
    if isinstance(problem, NotPrimaryError) or code in _NOT_PRIMARY:
        return DatabaseUnreachable(f"the server{where} is not the primary", hint="Try again when one is elected.")
    if isinstance(problem, WriteConcernError) or code in _NOT_ON_A_MAJORITY or _waited_in_vain(problem):
        return NoMajority(f"too few members of the replica set{where} answer, so that what is written could be lost",
                          hint="Start the members that are down, or wait until they have caught up.")
    if code == _LOGIN_FAILED or (code == _ATLAS and "auth" in str(problem).lower()):
        return DatabaseUnreachable(f"the server{where} refuses the user name or password")
    if isinstance(problem, OperationFailure) and code == UNAUTHORIZED:
        return denied(problem, where)
    if isinstance(problem, (InvalidURI, ConfigurationError)):
        return DatabaseUnreachable("the connection string cannot be used", hint="Check MONGODB_URI.")
    if isinstance(problem, (ConnectionFailure, AutoReconnect)):
        return DatabaseUnreachable(f"no answer{where}", hint="Is MongoDB running, and is the address right?")
    reason = problem.details.get("errmsg", "") if isinstance(problem, OperationFailure) and problem.details else ""
    hint = "docs/deployment.md says what a MongoDB must have." if code in _NO_SUCH_COMMAND else ""
    return BackupError(f"MongoDB refused{where}: {reason or problem}", hint=hint)


def _waited_in_vain(problem: PyMongoError) -> bool:
    """Whether writes were made, and only their way to a majority was not seen in time."""
    if isinstance(problem, BulkWriteError):
        return bool(problem.details.get("writeConcernErrors")) and not problem.details.get("writeErrors")
    # A commit that runs into its time limit: it may have been made, and no majority has said so.
    return isinstance(problem, ExecutionTimeout) and problem.has_error_label("UnknownTransactionCommitResult")


def address(database: Database[dict[str, Any]]) -> str:
    """Host and port as configured, without credentials."""
    # The driver's public address waits for a server, and this is asked when none answers.
    seeds = getattr(database.client, "_topology_settings", None)
    hosts = sorted(getattr(seeds, "seeds", ())) if seeds else []
    return ",".join(host if port is None else f"{host}:{port}" for host, port in hosts) or "the database"


def _reads_snapshots(database: Database[dict[str, Any]]) -> bool:
    """Try to read one instant outside a transaction; the driver itself refuses where it knows better (MongoDB 4.4)."""
    try:
        with database.client.start_session(snapshot=True) as session:
            database["backup_restore_state"].find_one({}, {"_id": 1}, session=session)
    except ConfigurationError:
        return False
    except OperationFailure as refusal:
        # Anything else, a user's missing right or a collection made just now, says that there are such reads.
        return refusal.code not in _NO_SNAPSHOT_READS
    return True


def _version(database: Database[dict[str, Any]]) -> str:
    try:
        return str(database.client.server_info()["version"])
    except OperationFailure as refusal:
        if refusal.code not in _NO_SUCH_COMMAND:
            raise
        return ""


def _can_write(database: Database[dict[str, Any]]) -> bool:
    try:
        status = database.command("connectionStatus", showPrivileges=True)["authInfo"]
    except OperationFailure as refusal:
        if refusal.code not in _NO_SUCH_COMMAND:
            raise
        return True  # the first write will say so
    if not status["authenticatedUsers"]:
        return True  # no access control
    return any(_allows_insert(privilege, database.name) for privilege in status["authenticatedUserPrivileges"])


def _allows_insert(privilege: Mapping[str, Any], database_name: str) -> bool:
    resource = privilege["resource"]
    covered = resource.get("anyResource") or resource.get("db") in ("", database_name)  # "" is every database
    return bool(covered) and "insert" in privilege["actions"]
