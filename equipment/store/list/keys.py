"""How a record is named outside the database: its ``_id`` as text, for addresses, sessions and the activity log."""

from __future__ import annotations

from typing import Any

from bson.objectid import ObjectId

from backup_engine.records import raw


def key_of(document: bytes) -> str:
    """Give the key of a raw BSON document."""
    return raw.id_text(raw.id_of(document))


def key_of_id(value: Any) -> str:
    """Give the key of an ``_id`` value."""
    if type(value) is ObjectId:  # 0.02 s instead of 0.43 s for 100,000 keys
        return str(value)
    return raw.id_text(raw.element_of(value))


def id_of(key: str) -> Any:
    """Give the ``_id`` a key stands for. A text that is no key at all stands for itself, and finds nothing."""
    return raw.value_of(raw.id_from_text(key))


def target(key: str) -> str:
    """Name a record in the activity log."""
    return f"record:{key}"
