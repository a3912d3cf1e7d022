"""How a record is named outside the database: its ``_id`` as text, for addresses, sessions and the activity log."""

from __future__ import annotations

from typing import Any

import bson
from bson import json_util
from bson.objectid import ObjectId

from backup_engine import raw


def key_of(document: bytes) -> str:
    """Give the key of a raw BSON document."""
    return raw.id_text(raw.id_of(document))


def key_of_id(value: Any) -> str:
    """Give the key of an ``_id`` value."""
    if type(value) is ObjectId:
        return str(value)
    return raw.id_text(raw.element_of(value))


def id_of(key: str) -> Any:
    """Give the ``_id`` a key stands for. A text that is no key at all stands for itself, and finds nothing."""
    if ObjectId.is_valid(key) and len(key) == 24:
        return ObjectId(key)
    if key.startswith("~"):
        try:
            return json_util.loads(key[1:], json_options=json_util.CANONICAL_JSON_OPTIONS)
        except (ValueError, TypeError, bson.errors.BSONError):
            return key
    return key


def target(key: str) -> str:
    """Name a record in the activity log."""
    return f"record:{key}"
