"""Which right a database user lacks, from what the server says when it refuses (code 13, Unauthorized).

The server names the database and the command, not the action. The actions are those of
https://www.mongodb.com/docs/manual/reference/privilege-actions/. Everything on collections without a validator is in
the role ``readWrite``; ``bypassDocumentValidation`` is not, and only ``dbAdmin`` and roles above it have it.
"""

from __future__ import annotations

import re
from typing import Any

from pymongo.collection import Collection
from pymongo.database import Database
from pymongo.errors import OperationFailure

from backup_engine.errors import PermissionDenied, RestoreStopped

__all__ = ["BYPASS", "UNAUTHORIZED", "LacksBypass", "denied", "lacking_on", "lacks_bypass", "no_bypass"]

UNAUTHORIZED = 13
BYPASS = "bypassDocumentValidation"
_BEYOND_READ_WRITE = (BYPASS, "collMod")
_ACTIONS = {
    "aggregate": "find", "collMod": "collMod", "count": "find", "create": "createCollection",
    "createIndexes": "createIndex", "delete": "remove", "drop": "dropCollection", "find": "find",
    "findAndModify": "update", "findandmodify": "update", "insert": "insert", "listCollections": "listCollections",
    "listIndexes": "listIndexes", "renameCollection": "renameCollectionSameDB", "update": "update",
}
"""The action a command needs, by the name of the command."""
_SAID = re.compile(r'not authorized on (\S+) to execute command \{ (\w+): (?:"([^"]*)")?')
_OF_A_RESTORE = re.compile(r"__(?:restore|drill)_\w{1,64}+$")


class LacksBypass(RestoreStopped):
    """The validator refuses a record, and the user may not pass it by. Says nothing against the set."""


def denied(problem: OperationFailure, where: str) -> PermissionDenied:
    """Name the missing action and what it is missing on; ``where`` follows, as " at host"."""
    said = _SAID.search(str(problem))
    if said is None:
        return PermissionDenied(f"the database user may not do this{where}")
    database, command, name = said[1], said[2], said[3] or ""
    text = str(problem)
    action = (BYPASS if f"{BYPASS}: true" in text else
              "changeStream" if "$changeStream" in text else
              "collStats" if "$collStats" in text else _ACTIONS.get(command, command))
    if command == "renameCollection":  # asked of the database admin, with the full name
        database, _, name = name.partition(".")
    # a staging collection is called otherwise each time: a right on one name does not help
    on = (f"every collection of {database}" if _OF_A_RESTORE.search(name) or action in ("changeStream", BYPASS) else
          f"{database}.{name}" if name else f"the database {database}")
    role = "dbAdmin" if action in _BEYOND_READ_WRITE else "readWrite"
    return PermissionDenied(f"the database user lacks the action {action} on {on}{where}",
                            hint=f"Grant it the role {role} on {database}, or a role with that action.")


def lacks_bypass(problem: BaseException) -> bool:
    """Whether the server refused a write because it was to pass the validator by."""
    # AtlasError: a free cluster has no such option, whoever the user is
    return isinstance(problem, OperationFailure) and problem.code in (UNAUTHORIZED, 8000) and BYPASS in str(problem)


def lacking_on(collection: Collection[Any]) -> str:
    """Say that the right to pass the validator by is missing, for one record that needed it."""
    return (f"the database user lacks the action {BYPASS} on {collection.full_name}: grant it the role dbAdmin, or a "
            "role with that action, and merge again")


def no_bypass(database: Database[Any], collection: str, refused: str) -> LacksBypass:
    """Say what is missing where ``refused`` (in words) cannot be restored as it is."""
    return LacksBypass(
        f"the validation rules of {collection} refuse {refused}, and the database user lacks the action {BYPASS} on "
        f"{database.name}.{collection}",
        # not on that collection alone: what is restored is loaded beside it, under another name
        hint=f"Grant it the role dbAdmin on {database.name}, or a role with that action on every collection of "
             f"{database.name}. A free cluster of Atlas lets nobody do it.")
