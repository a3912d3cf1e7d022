"""Documents of settings that keep their versions: what was in force when, and who wanted it, can still be told.

Each change makes a new version of the document and says whose it is; the last 50 are kept in it. A document without a
version was written by 1.2 or before.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pymongo.database import Database
from pymongo.errors import DuplicateKeyError

from backup_engine.errors import BackupError, BadInput
from backup_engine.mongo.capabilities import database_errors
from backup_engine.mongo.pinned import DURABLE

__all__ = ["COLLECTION", "KEPT", "Changed", "Version", "changes", "history", "store", "stored"]

log = logging.getLogger(__name__)
COLLECTION = "backup_restore_state"
KEPT = 50
"""Versions that are kept: some 300 bytes each, in a document that every tick reads."""
TRIES = 5
"""How often a change that names no version is tried again when others were faster."""


@dataclass(frozen=True)
class Changed:
    """When a setting was last changed, and by whom."""

    at: datetime
    by: str


@dataclass(frozen=True)
class Version:
    """One change: what was set, each by its name."""

    number: int
    at: datetime
    by: str
    values: Mapping[str, Any]


def store(
    database: Database[dict[str, Any]], document: str, values: Mapping[str, Any], *, by: str = "",
    at: datetime | None = None, version: int | None = None,
) -> None:
    """Store values as a new version of the document, made ``by`` somebody ``at`` a moment.

    ``version`` is the one that was looked at. Raises ``BadInput`` when another one came meanwhile, and
    ``DatabaseUnreachable``.
    """
    moment = (at or datetime.now().astimezone()).isoformat()
    for _ in range(TRIES):
        known = stored(database, document)
        number = known.get("version", 0)
        if version is not None and number != version:
            raise _overtaken(known)
        entry = {"version": number + 1, "at": moment, "by": by, "values": dict(values)}
        update = {
            "$set": {**values, "version": number + 1,
                     **{f"changed.{name}": {"at": moment, "by": by} for name in values}},
            "$push": {"history": {"$each": [entry], "$slice": -KEPT}},
        }
        seen = {"_id": document, "version": number if "version" in known else None}  # None finds what has none
        try:
            with database_errors(database):
                database[COLLECTION].with_options(write_concern=DURABLE).update_one(seen, update, upsert=True)
                return
        except BackupError as problem:
            if not isinstance(problem.__cause__, DuplicateKeyError):
                raise
    raise _overtaken(stored(database, document))


def stored(database: Database[dict[str, Any]], document: str, *, history: bool = False) -> dict[str, Any]:
    """Give the document as it is stored, empty where there is none. Raises ``DatabaseUnreachable``."""
    with database_errors(database):
        return database[COLLECTION].find_one({"_id": document}, None if history else {"history": 0}) or {}


def history(
    database: Database[dict[str, Any]], document: str, rules: Mapping[str, Callable[[Any], Any]]
) -> list[Version]:
    """Give the versions that are kept, newest first; ``rules`` make of a stored value, by its name, one that can be
    used."""
    found = []
    for entry in reversed(stored(database, document, history=True).get("history") or []):
        try:
            values = {name: rules[name](value) for name, value in entry["values"].items()}
            found.append(Version(int(entry["version"]), datetime.fromisoformat(entry["at"]), str(entry["by"]), values))
        # edited by hand, or by a later version
        except (LookupError, TypeError, ValueError, AttributeError, BadInput) as damage:
            log.warning("a version of the %s is left out: %r", document, damage)
    return found


def changes(kept: Any) -> dict[str, Changed]:
    """Read who changed what last, of what a document holds under ``changed``."""
    found = {}
    for name, change in kept.items() if isinstance(kept, dict) else ():
        try:
            found[name] = Changed(datetime.fromisoformat(change["at"]), str(change["by"]))
        except (LookupError, TypeError, ValueError) as damage:
            log.warning("who changed %s is not known: %r", name, damage)
    return found


def _overtaken(known: Mapping[str, Any]) -> BadInput:
    made = sorted(changes(known.get("changed")).values(), key=lambda change: change.at)
    who = f" by {made[-1].by} at {made[-1].at:%H:%M}" if made and made[-1].by else ""
    return BadInput(f"These settings were changed meanwhile{who}, and yours were not stored.",
                    hint="Look at them as they are now, and change them again.")
