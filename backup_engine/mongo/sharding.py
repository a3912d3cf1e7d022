"""Whether a collection behind a ``mongos`` is sharded.

``collStats`` through a ``mongos`` says so in ``sharded``, and the role ``read`` may ask it. ``config.collections``
takes rights of its own, and ``$collStats`` gives one document for a sharded collection with all its chunks on one
shard, too. An unsharded collection lies on its database's primary shard with every other one, so that a rename within
the database replaces it as on a replica set, and the UUID moves with it (MongoDB manual, ``renameCollection``).
"""

from __future__ import annotations

from typing import Any

from pymongo.database import Database
from pymongo.errors import OperationFailure

from backup_engine.mongo.capabilities import database_errors

__all__ = ["is_sharded"]

NAMESPACE_NOT_FOUND = 26


def is_sharded(database: Database[dict[str, Any]], name: str) -> bool:
    """Ask a ``mongos``; an answer that does not say counts as yes. Raises ``PermissionDenied`` and its like."""
    with database_errors(database):
        try:
            return bool(database.command("collStats", name).get("sharded", True))
        except OperationFailure as error:
            if error.code == NAMESPACE_NOT_FOUND:  # before MongoDB 6.2; later ones answer with zeros
                return False
            raise
