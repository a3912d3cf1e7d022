"""Values of records as JSON: relaxed Extended JSON where JSON has no such type.

A text is taken as the form of a record takes what is typed: over a number or a date that it still spells, it stays one.
Numbers, yes and no, null, lists and objects are stored as what they are.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, Final

from bson import json_util
from bson.errors import BSONError

from backup_engine.errors import BadInput
from equipment.domain import column_names
from equipment.domain.record import MISSING, UUID, is_plain, read

__all__ = ["DEEPEST", "LONGEST_NAME", "as_json", "changed", "new"]

DEEPEST: Final = 20
LONGEST_NAME: Final = 1_000
"""Characters of a name inside of a value."""
_RELAXED: Final = json_util.JSONOptions(json_mode=json_util.JSONMode.RELAXED, tz_aware=False)
_TYPES: Final = ({"$date"}, {"$oid"}, {"$numberInt"}, {"$numberLong"}, {"$numberDouble"}, {"$numberDecimal"},
                 {"$binary"})


def as_json(body: Any) -> bytes:
    """Write an answer; what is not UTF-8 in the database is a question mark."""
    return json_util.dumps(body, json_options=_RELAXED, ensure_ascii=False).encode("utf-8", "replace")


def new(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Give the fields of a new record. Raises ``BadInput`` for names and values that cannot be stored."""
    return {_named(name, {}): _stored(value) for name, value in fields.items()}


def changed(fields: Mapping[str, Any], remove: list[str], now: Mapping[str, Any]) -> dict[str, Any]:
    """Give what to write over a record that is ``now``; ``MISSING`` for fields that go. Raises ``BadInput`` as above,
    and for a field that is to be written and to go."""
    if both := fields.keys() & set(remove):
        raise BadInput(f"{min(both)} is to be changed and removed.", hint="Say one of the two.")
    written: dict[str, Any] = {}
    for name, value in fields.items():
        was = now.get(_named(name, now), MISSING)
        typed = isinstance(value, str) and is_plain(was)
        written[name] = read(value, was) if typed else _stored(value)
    return written | {_named(name, now): MISSING for name in remove}


def _named(name: str, now: Mapping[str, Any]) -> str:
    if name == UUID:
        raise BadInput("The uuid of a record is given by the list, and stays.")
    # A name that would not be given today is that of a column which is there.
    if name == "_id" or (name not in now and (why := column_names.trouble(name))):
        raise BadInput(why if name != "_id" else "The _id of a record cannot be changed.")
    return name


def _stored(value: Any, depth: int = 0) -> Any:
    if depth > DEEPEST:
        raise BadInput(f"A value is deeper than {DEEPEST} levels.")
    if isinstance(value, list):
        return [_stored(each, depth + 1) for each in value]
    if isinstance(value, dict):
        return _object(value, depth)
    if isinstance(value, float) and not math.isfinite(value):
        raise BadInput("A number is too large.")
    if isinstance(value, int) and not -(2**63) <= value < 2**63:
        raise BadInput("A whole number has at most 64 bits.", hint='Send {"$numberDecimal": "…"} or a text.')
    return value


def _object(value: dict[str, Any], depth: int) -> Any:
    if any(name.startswith("$") for name in value):
        return _extended(value)
    if bad := [name for name in value if not name or len(name) > LONGEST_NAME or "\0" in name]:
        raise BadInput(f"A name inside of a value has 1 to {LONGEST_NAME:,} characters, not {len(bad[0]):,}, none of "
                       "them NUL.")
    return {name: _stored(each, depth + 1) for name, each in value.items()}


def _extended(value: dict[str, Any]) -> Any:
    if set(value) not in _TYPES:
        raise BadInput(f"There is no type {', '.join(value):.100}.",
                       hint="Types are those of relaxed Extended JSON, such as {\"$date\": \"2026-01-31T00:00:00Z\"}.")
    try:
        return json_util.object_hook(value, _RELAXED)
    except (TypeError, ValueError, KeyError, ArithmeticError, AttributeError, BSONError) as error:
        raise BadInput(f"{next(iter(value))} cannot be read: {error}"[:200]) from error
