"""What an election can take back, and what it cannot.

A primary that is cut off goes on answering for some seconds, and what only it had is gone when another is elected. So a
look at the server counts when a majority has acknowledged a write after it and the primary was the same before and
after. ``electionId`` of ``hello`` names a term of office; every database user may ask for it (``replSetGetStatus``
is refused to a user with ``readWrite``).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from pymongo.database import Database

from backup_engine.errors import DatabaseUnreachable, NoMajority
from backup_engine.mongo.capabilities import database_errors
from backup_engine.records import raw

__all__ = ["command", "election_id", "lasting"]

Seen = TypeVar("Seen")
_PAUSE = 0.5


def election_id(database: Database[dict[str, Any]]) -> str:
    """Name the present primary's term of office; empty where there are no elections, or a router hides them."""
    with database_errors(database):
        return str(database.command("hello").get("electionId", ""))


def lasting(
    database: Database[dict[str, Any]], look: Callable[[], Seen], write: Callable[[], object], seconds: float
) -> Seen:
    """Look until what was seen can no longer be taken back; ``write`` waits for a majority.

    Raises ``DatabaseUnreachable`` when there was no such look for so many seconds, ``NoMajority`` once a write has
    waited in vain.
    """
    deadline = time.monotonic() + seconds
    while True:
        try:
            before = election_id(database)
            seen = look()
            write()
            if election_id(database) == before:
                return seen
            problem = DatabaseUnreachable("the primary of the replica set keeps changing", hint="Try again later.")
        except NoMajority:  # whose wait was long enough
            raise
        except DatabaseUnreachable as no_answer:
            problem = no_answer
        if time.monotonic() > deadline:
            raise problem
        time.sleep(_PAUSE)


def command(database: Database[dict[str, Any]], words: Mapping[str, Any]) -> None:
    """Run a command that writes. Raises what pymongo raises, and ``NoMajority``, which its ``command`` lets pass."""
    # with options that read anything: a refusal shows the values it is about
    answer = database.command(dict(words), codec_options=raw.FORGIVING)
    if unmet := answer.get("writeConcernError"):
        raise NoMajority(f"too few members of the replica set have what was written: {unmet.get('errmsg', '')}",
                         hint="Start the members that are down, or wait until they have caught up.")
