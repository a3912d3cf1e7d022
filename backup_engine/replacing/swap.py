"""Which collections can be replaced, and the rename that replaces one.

The rename puts the staging collection in the place of the live one in a single step: readers see the old or the new.
It waits for a majority and for the journal. With ``w: 1`` a server killed right after its answer lost the rename
(2 of 2), with ``j: true`` never.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pymongo.database import Database
from pymongo.errors import AutoReconnect, ConnectionFailure, ExecutionTimeout, PyMongoError, WriteConcernError

from backup_engine.errors import BackupError, BadInput, DatabaseUnreachable, NoMajority, RestoreStopped
from backup_engine.mongo import elections, kinds
from backup_engine.mongo.capabilities import Capabilities, answers_commands, database_errors, named
from backup_engine.mongo.sharding import is_sharded
from backup_engine.records.raw import PYTHON
from backup_engine.replacing import journal
from backup_engine.replacing.journal import Swap

__all__ = ["Live", "happened", "in_place", "look", "refuse_unsupported", "rename", "uuid_of"]

MAX_TIME_MS = 10_000
"""Others wait while the rename waits for its lock (an open transaction can hold it up); then rather give up."""
WRITE_CONCERN = {"w": "majority", "j": True, "wtimeout": MAX_TIME_MS}
SETTLE_SECONDS = 20.0
"""How long to wait for a server that went away during the rename, or for an election to be over, before leaving the
question to recovery."""
Doc = dict[str, Any]


@dataclass(frozen=True)
class Live:
    """A collection as the server lists it; ``uuid`` None when it does not exist."""

    name: str
    uuid: bytes | None = None
    kind: str = "collection"
    options: Mapping[str, Any] = field(default_factory=dict)


def look(database: Database[Doc], name: str) -> Live:
    """Ask the server for a collection. On a stand-in in memory only the name is known."""
    if not answers_commands(database):
        return Live(name)
    with database_errors(database):
        # with options that read any date: one may stand in a validator
        readable = database.with_options(codec_options=PYTHON)
        listed = next(iter(readable.list_collections(filter={"name": name})), None)
    if listed is None:
        return Live(name)
    uuid = listed.get("info", {}).get("uuid")
    return Live(name, bytes(uuid) if uuid is not None else None, listed["type"], listed.get("options", {}))


def uuid_of(database: Database[Doc], name: str) -> bytes | None:
    """Give the UUID of a collection, None when it does not exist."""
    return look(database, name).uuid


def refuse_unsupported(database: Database[Doc], capabilities: Capabilities, name: str) -> Live:
    """Raise ``BadInput`` where a collection cannot be replaced by a rename; gives the live one otherwise."""
    live = look(database, name)
    kinds.refuse(name, live.options)
    if capabilities.sharded and is_sharded(database, name):
        raise BadInput(f"{name} is a sharded collection: it cannot be replaced as a whole. Use Merge instead.",
                       hint="Compare names what only the list has, which Merge keeps.")
    return live


def rename(database: Database[Doc], swap: Swap, entry_id: str = "") -> None:
    """R7: put staging in the place of live. Returns when no election can take that back.

    Raises ``RestoreStopped`` when it did not happen, ``DatabaseUnreachable`` when nobody can say yet.
    """
    command = {"renameCollection": f"{database.name}.{swap.staging}", "to": f"{database.name}.{swap.live}",
               "dropTarget": True, "writeConcern": WRITE_CONCERN, "maxTimeMS": MAX_TIME_MS}
    asked = time.monotonic()
    try:
        elections.command(database.client.admin, command)
    except (AutoReconnect, ConnectionFailure, ExecutionTimeout, WriteConcernError, NoMajority) as problem:
        # it may have happened all the same, and only the UUIDs tell
        pending = isinstance(problem, ConnectionFailure)
        if not _settled(database, swap, entry_id, asked + MAX_TIME_MS / 1000 if pending else asked):
            raise RestoreStopped(f"the server did not put the new {swap.live} in place: {problem}") from problem
    except PyMongoError as problem:
        why = named(problem, database)  # without a name of its own it is a refusal of this very step
        raise why if type(why) is not BackupError else RestoreStopped(why.detail) from problem


def happened(database: Database[Doc], swap: Swap) -> bool:
    """Whether the live collection is now the one that was staged; an election may still take that back."""
    return swap.staging_uuid is not None and uuid_of(database, swap.live) == swap.staging_uuid


def in_place(database: Database[Doc], swaps: Sequence[Swap], entry_id: str) -> list[bool]:
    """Whether each live collection is the one that was staged, for good.

    Raises ``DatabaseUnreachable`` when elections leave that open for too long.
    """
    return elections.lasting(database, lambda: [happened(database, swap) for swap in swaps],
                             lambda: journal.beat(database, entry_id), SETTLE_SECONDS)


def _settled(database: Database[Doc], swap: Swap, entry_id: str, pending_until: float) -> bool:
    """After an answer was lost: wait for the server and compare UUIDs.

    A server whose answer got lost may still be waiting for its lock, so that "no" counts only after that.
    """
    try:
        while not in_place(database, [swap], entry_id)[0]:
            if time.monotonic() > pending_until:
                return False
            time.sleep(0.5)
        return True
    except DatabaseUnreachable as problem:
        raise type(problem)(
            f"the answer to putting {swap.live} in place was lost",
            hint="The next start finds out whether it happened and finishes or clears up.") from problem
