"""One BSON value in one CSV cell, and back.

The one rule: an empty cell is a missing field; a cell that begins with ``~`` is Extended JSON; anything else is plain
text of the column's type. Strings that a spreadsheet would take for a formula count as "anything else" never.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from math import isfinite
from typing import Any

import orjson
from bson import Binary, Decimal128, Int64, ObjectId

from backup_engine.csv_format.bulk import CELLS, VALUES, json_cells
from backup_engine.csv_format.extended import Inexact, date_text, dumps, loads, parse_date, parse_uuid, uuid_text
from backup_engine.csv_format.rows import quote
from backup_engine.model import ColumnType
from backup_engine.records.decimals import decimal_text, parse_decimal

__all__ = ["LOST", "MISSING", "PARSERS", "column_cells", "column_type", "column_values", "parse_typed", "string_cell"]


class Missing:
    """The type of ``MISSING``."""

    __slots__ = ()


MISSING = Missing()
"""Stands for a field that a document does not have."""

LOST = "\0"
"""Stands for a cell whose text would not be exact; no cell is a NUL."""

NEEDS_MARK = frozenset(["", *"~=+-@\t"])
"""First characters that make a spreadsheet compute, our own mark, and none at all."""


def string_cell(text: str) -> str:
    """Cell of a string in a column of strings, and of a name in the header."""
    if text[:1] in NEEDS_MARK or "\r" in text or "\0" in text:
        return quote("~" + orjson.dumps(text).decode())
    return quote(text)


def typed_cell(value: Any) -> str:
    """Cell of a value of another type than its column, or ``LOST``."""
    try:
        return quote("~" + dumps(value))
    except Inexact:
        return LOST


def _double_cell(value: float) -> str:
    return orjson.dumps(value).decode() if isfinite(value) else typed_cell(value)


def _decimal_cell(value: Decimal128) -> str:
    text = decimal_text(value)
    if text is None:
        return LOST
    # NaN and Infinity are words; as a plain cell -Infinity would begin like a formula.
    return text if text[-1].isdigit() else typed_cell(value)


def _uuid_cell(value: Binary) -> str:
    return uuid_text(value) if value.subtype == 4 and len(value) == 16 else typed_cell(value)


def _json_cell(value: Any) -> str:
    try:
        return quote(dumps(value))
    except Inexact:
        return LOST


def _string_cells(texts: Sequence[str]) -> list[str]:
    """Cells of a whole column: most columns need no care at all, and many repeat a few texts."""
    everything = "".join(texts)
    if not any(mark in everything for mark in ',"\n\r\0') and NEEDS_MARK.isdisjoint({text[:1] for text in texts}):
        return list(texts)
    distinct = set(texts)
    if len(distinct) * 2 < len(texts):
        cells = {text: string_cell(text) for text in distinct}
        return [cells[text] for text in texts]
    return list(map(string_cell, texts))


def _parse_json(text: str) -> Any:
    if text[0] not in "{[":
        raise ValueError(f"not a document or array: {text[:40]!r}")
    return loads(text)


def _parse_int32(text: str) -> int:
    value = int(text)
    if not -(2**31) <= value < 2**31:
        raise ValueError(f"{text} does not fit an int32 column")
    return value


def _parse_bool(text: str) -> bool:
    return {"true": True, "false": False}[text]


def _parse_object_id(text: str) -> ObjectId:
    return ObjectId(bytes.fromhex(text))


_PLAIN: dict[ColumnType, dict[type, Callable[[Any], str]]] = {
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

_ANYWHERE: dict[type, Callable[[Any], str]] = {Missing: lambda value: "", type(None): lambda value: "~null"}

PARSERS: dict[ColumnType, Callable[[str], Any] | None] = {
    "string": None,
    "int32": _parse_int32,
    "int64": Int64,
    "double": float,
    "bool": _parse_bool,
    "date": parse_date,
    "objectId": _parse_object_id,
    "decimal": parse_decimal,
    "uuid": parse_uuid,
    "json": _parse_json,
}
"""How plain text of a column becomes a value; ``None`` where it is one already. They raise ``ValueError`` and kin."""

_TYPES: dict[type, ColumnType] = {kind: name for name, kinds in _PLAIN.items() for kind in kinds}


def column_type(kind: type) -> ColumnType | None:
    """The column type whose plain cells hold values of a Python type; ``None`` when there is none."""
    return _TYPES.get(kind)


def column_cells(column: ColumnType, values: Sequence[Any], *, own_dollars: bool) -> list[str]:
    """Cells of the values of a column; ``LOST`` where only the bytes of the whole document are exact.

    ``own_dollars`` says whether any document here may have ``$`` names of its own.
    """
    plain = _PLAIN[column]
    kinds = set(map(type, values))
    if kinds <= plain.keys():
        cells = _bulk_cells(column, values, own_dollars)
        if cells is not None:
            return cells
    table = {kind: plain.get(kind) or _ANYWHERE.get(kind) or typed_cell for kind in kinds}
    return [table[type(value)](value) for value in values]


def _bulk_cells(column: ColumnType, values: Sequence[Any], own_dollars: bool) -> list[str] | None:
    if column == "string":
        return _string_cells(values)
    if column == "json":
        return None if own_dollars else json_cells(values)
    bulk = CELLS.get(column)
    return bulk(values) if bulk is not None else None


def column_values(column: ColumnType, texts: Sequence[str]) -> tuple[list[Any], bool]:
    """The inverse of ``column_cells`` for unquoted cells, and whether any field is missing.

    Raises ``ValueError`` and kin.
    """
    parse, first = PARSERS[column], {text[:1] for text in texts}
    if first.isdisjoint(("", "~")):
        bulk = VALUES.get(column)
        values = bulk(texts) if bulk is not None else None
        if values is not None:
            return values, False
    # An empty text is in "~" as well, so that a missing field goes to parse_typed like a cell with the mark.
    if parse is None:
        values = [parse_typed(text) if text[:1] in "~" else text for text in texts]
    else:
        values = [parse_typed(text) if text[:1] in "~" else parse(text) for text in texts]
    return values, "" in first


def parse_typed(cell: str) -> Any:
    """Value of a cell that is empty or begins with ``~``. Raises ``ValueError``."""
    return loads(cell[1:]) if cell else MISSING
