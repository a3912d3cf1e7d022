"""The values of a list as cells of a table, and back: an export writes them so, and an import compares with that."""

from __future__ import annotations

import json
from typing import Any

from bson.errors import BSONError

from backup_engine.records import raw
from backup_engine.records.text import as_live
from equipment.domain.record import text
from equipment.exchange.spreadsheet import carried

__all__ = ["read", "shown"]

_YES_NO = {"yes": True, "no": False}


def shown(value: Any) -> str:
    """Write a value as the cell of an export: as the list shows it."""
    return carried(value if type(value) is str else text(value))


def read(typed: str, wanted: type) -> Any | None:
    """Read a text as a value of that type, or give None where it does not fit without a guess."""
    if wanted is bool and typed.strip().lower() in _YES_NO:
        return _YES_NO[typed.strip().lower()]
    if wanted in (list, dict) and (structure := _structure(typed)) is not None and isinstance(structure, wanted):
        return structure
    return as_live(typed, wanted)


def _structure(typed: str) -> Any | None:
    try:
        value = json.loads(typed)
        raw.element_of(value)
    except (ValueError, OverflowError, RecursionError, BSONError):  # no JSON, or more than MongoDB can hold
        return None
    return value
