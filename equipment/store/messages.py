"""What is stored of messages: what administrators chose, which a backup saves, and what was told, which it does not."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, Final

from pymongo.errors import DuplicateKeyError

from backup_engine.errors import BadInput
from equipment.store import activity
from equipment.store.access import USERS, Db, Who
from equipment.store.accounts.administrators import SETTINGS
from equipment.store.activity import Filter

__all__ = ["TOLD", "choices", "choose", "keep", "kept", "overtaken", "since", "waiting_sign_ups"]

TOLD: Final = "equipment_messages"
_ID: Final = "messages"
_STATE: Final = "state"
MOST_ENTRIES: Final = 5_000


def choices(db: Db) -> dict[str, Any]:
    """Give the document of what administrators chose; empty when nobody has."""
    return db[SETTINGS].find_one({"_id": _ID}, {"_id": 0}) or {}


def choose(db: Db, who: Who, values: Mapping[str, Any], version: int, words: str) -> None:
    """Store a new version of it after ``version``, the one that was looked at. Asks for no role: callers do.

    Raises ``BadInput`` when somebody was faster.
    """
    before = choices(db)
    seen = {"_id": _ID, "version": version if version else None}  # None finds what has none
    try:
        found = db[SETTINGS].update_one(
            seen, {"$set": {**values, "version": version + 1}}, upsert=not version)
    except DuplicateKeyError:
        found = None
    if found is None or not (found.matched_count or found.upserted_id is not None):
        raise overtaken()
    known = {name: before.get(name) for name in values}
    activity.record(db, who, "settings.messages", "setting:messages", before=known, after=dict(values), note=words)


def overtaken() -> BadInput:
    """What is said to whoever changes a version that is no longer the newest."""
    return BadInput("These settings were changed meanwhile, and yours were not stored.",
                    hint="Look at them as they are now, and change them again.")


def kept(db: Db) -> dict[str, Any]:
    """Give the state of messages as it was kept last."""
    return db[TOLD].find_one({"_id": _STATE}, {"_id": 0}) or {}


def keep(db: Db, state: Mapping[str, Any], turn: int) -> bool:
    """Keep the state in place of that of ``turn``; False when another process was faster, and nothing was kept."""
    try:
        found = db[TOLD].update_one(
            {"_id": _STATE, "turn": {"$not": {"$gt": turn}}}, {"$set": dict(state)}, upsert=True)
    except DuplicateKeyError:
        return False
    return bool(found.matched_count or found.upserted_id is not None)


def since(db: Db, moment: datetime) -> Iterator[dict[str, Any]]:
    """Give the entries of Activity about backups from that moment on, the last 5,000 of them, oldest first."""
    found = activity.find(db, Filter(actions=("backup.",), since=moment), limit=MOST_ENTRIES)
    return reversed(found)


def waiting_sign_ups(db: Db) -> int:
    """Count who waits for an account."""
    return db[USERS].count_documents({"state": "pending"}, limit=1_000)
