"""The guard of the last administrator: one document that lists them, changed by one atomic operation at a time.

The account's own document says which role somebody has; this list only says who may be demoted. It is written so that a
crash in between leaves it too short, never too long: too short refuses a demotion, too long would lose the last one.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from pymongo.errors import DuplicateKeyError

from backup_engine.errors import BadInput
from backup_engine.records import raw
from equipment.store.access import USERS, Db

SETTINGS: Final = "equipment_settings"
_ID: Final = "administrators"


def admit(db: Db, key: str) -> None:
    """Put an account on the list. Call it *after* its role was written."""
    _begin(db)
    db[SETTINGS].update_one({"_id": _ID}, {"$addToSet": {"names": key}})


def dismiss(db: Db, key: str) -> None:
    """Take an account off the list. Call it *before* its role or state is written.

    Raises ``BadInput`` for the last one.
    """
    _begin(db)
    # Matches only while somebody else is listed; look and change are one operation.
    others = {"_id": _ID, "names": {"$elemMatch": {"$ne": key}}}
    if db[SETTINGS].update_one(others, {"$pull": {"names": key}}).matched_count == 0:
        raise BadInput("This is the last administrator.", hint="Make somebody else administrator first.")
    if _active(db, but=key) == 0:
        admit(db, key)
        raise BadInput("This is the last administrator.", hint="Make somebody else administrator first.")


def narrow(db: Db, keys: Sequence[str]) -> None:
    """Take everybody else off the list. Call it *before* the accounts become those of a backup, and ``admit`` after."""
    db[SETTINGS].update_one({"_id": _ID}, {"$pull": {"names": {"$nin": list(keys)}}})


def is_list(document: bytes) -> bool:
    """Whether a raw document of the settings is the list, which follows the accounts and is never taken back."""
    return raw.id_of(document) == raw.element_of(_ID)


def _begin(db: Db) -> None:
    if db[SETTINGS].find_one({"_id": _ID}, {"_id": 1}) is None:
        names = [user["_id"] for user in db[USERS].find({"role": "admin", "state": "active"}, {"_id": 1})]
        try:
            db[SETTINGS].insert_one({"_id": _ID, "names": names})
        except DuplicateKeyError:  # another process was faster
            return


def _active(db: Db, *, but: str) -> int:
    """Count the administrators who could still sign in; the list may be older than a change made by hand."""
    listed = (db[SETTINGS].find_one({"_id": _ID}) or {}).get("names", [])
    return db[USERS].count_documents({"_id": {"$in": listed, "$ne": but}, "role": "admin", "state": "active"})
