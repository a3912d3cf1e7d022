"""One BSON value in one CSV cell, and back.

The one rule: an empty cell is a missing field; a cell that begins with ``~`` is Extended JSON; anything else is plain
text of the column's type. Strings that a spreadsheet would take for a formula count as "anything else" never.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from math import isfinite
from typing import Any

import orjson
from bson import Binary, Decimal128, Int64, ObjectId

from backup_engine.extended import (
    Inexact,
    date_text,
    decimal_text,
    dumps,
    loads,
    parse_date,
    parse_uuid,
    uuid_text,
)
from backup_engine.model import ColumnType

__all__ = ["MISSING", "PARSERS", "column_type", "parse_typed", "quote", "string_cell", "typed_cell", "writers"]


class Missing:
    """The type of ``MISSING``."""

    __slots__ = ()


MISSING = Missing()
"""Stands for a field that a document does not have."""

NOT_PLAIN = frozenset("~=+-@\t")
"""First characters that make a spreadsheet compute, and our own mark."""


def quote(text: str) -> str:
    """Quote a cell where CSV needs it."""
    if '"' in text:
        return '"' + text.replace('"', '""') + '"'
    return f'"{text}"' if "," in text or "\n" in text else text


def string_cell(text: str) -> str:
    """Cell of a string in a column of strings, and of a name in the header."""
    if not text or text[0] in NOT_PLAIN or "\r" in text or "\0" in text:
        return quote("~" + orjson.dumps(text).decode())
    return quote(text)


def typed_cell(value: Any) -> str | None:
    """Cell of a value of another type than its column; ``None`` when no text is exact."""
    try:
        return quote("~" + dumps(value))
    except Inexact:
        return None


def _double_cell(value: float) -> str | None:
    return repr(value) if isfinite(value) else typed_cell(value)


def _decimal_cell(value: Decimal128) -> str | None:
    try:
        text = decimal_text(value)
    except Inexact:
        return None
    return text if text[-1].isdigit() else typed_cell(value)


def _uuid_cell(value: Binary) -> str | None:
    return uuid_text(value) if value.subtype == 4 and len(value) == 16 else typed_cell(value)


def _json_cell(value: Any) -> str | None:
    try:
        return quote(dumps(value))
    except Inexact:
        return None


def _parse_json(text: str) -> Any:
    if text[0] not in "{[":
        raise ValueError(f"not a document or array: {text[:40]!r}")
    return loads(text)


def _parse_bool(text: str) -> bool:
    return {"true": True, "false": False}[text]


def _parse_object_id(text: str) -> ObjectId:
    return ObjectId(bytes.fromhex(text))


_PLAIN: dict[ColumnType, dict[type, Callable[[Any], str | None]]] = {
    "string": {str: string_cell},
    "int32": {int: str},
    "int64": {Int64: int.__repr__},
    "double": {float: _double_cell},
    "bool": {bool: {True: "true", False: "false"}.__getitem__},
    "date": {datetime: date_text},
    "objectId": {ObjectId: str},
    "decimal": {Decimal128: _decimal_cell},
    "uuid": {Binary: _uuid_cell},
    "json": {dict: _json_cell, list: _json_cell},
}

PARSERS: dict[ColumnType, Callable[[str], Any] | None] = {
    "string": None,
    "int32": int,
    "int64": Int64,
    "double": float,
    "bool": _parse_bool,
    "date": parse_date,
    "objectId": _parse_object_id,
    "decimal": Decimal128,
    "uuid": parse_uuid,
    "json": _parse_json,
}
"""How plain text of a column becomes a value; ``None`` where it is one already. They raise ``ValueError`` and kin."""

_TYPES: dict[type, ColumnType] = {kind: name for name, kinds in _PLAIN.items() for kind in kinds}


def column_type(kind: type) -> ColumnType | None:
    """The column type whose plain cells hold values of a Python type; ``None`` when there is none."""
    return _TYPES.get(kind)


class _Writers(dict[type, Callable[[Any], "str | None"]]):
    """A function from value to cell for every type; what is not plain here is written with its type."""

    def __missing__(self, kind: type) -> Callable[[Any], str | None]:
        return typed_cell


def writers(column: ColumnType) -> dict[type, Callable[[Any], str | None]]:
    """Give, by Python type of a value, the function that makes its cell in such a column.

    A function gives ``None`` when only the bytes of the whole document are exact.
    """
    table = _Writers(_PLAIN[column])
    table[Missing] = lambda value: ""
    table[type(None)] = lambda value: "~null"
    return table


def parse_typed(cell: str) -> Any:
    """Value of a cell that is empty or begins with ``~``. Raises ``ValueError``."""
    return loads(cell[1:]) if cell else MISSING
