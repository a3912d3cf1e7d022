"""Type-exact Extended JSON for what a plain cell cannot say.

A bare integer is int32, a bare number with ``.`` or ``e`` is double; everything else JSON does not have is an object
with one ``$`` key (two for code with scope), as in MongoDB's Extended JSON v2 plus ``$uuid``. A document with ``$``
keys of its own therefore has no exact text: ``dumps`` raises ``Inexact``.
"""

from __future__ import annotations

import json
import math
from base64 import b64decode, b64encode
from collections.abc import Callable
from datetime import datetime
from struct import pack
from typing import Any

import orjson
from bson import Binary, Code, Decimal128, Int64, MaxKey, MinKey, ObjectId, Regex, Timestamp
from bson.datetime_ms import DatetimeMS

from backup_engine.records.decimals import decimal_text, parse_decimal

__all__ = ["DATE_OPTIONS", "DUMPS_OPTIONS", "JSON_DECODER", "Inexact", "date_text", "dump_object", "dumps",
           "has_dollar_names", "loads", "parse_date", "parse_uuid", "uuid_text"]

# The one NaN that its name gives back; any other has bits that no text carries.
CANONICAL_NAN = bytes.fromhex("000000000000f87f")
# BSON wants the letters in alphabetical order; the numbers are those of Python's re.
REGEX_FLAGS = {"i": 2, "l": 4, "m": 8, "s": 16, "u": 32, "x": 64}
DATE_OPTIONS = orjson.OPT_NAIVE_UTC | orjson.OPT_UTC_Z
# Int64 is an int to Python and Code a str: unless orjson has to ask about them, their types are lost.
DUMPS_OPTIONS = orjson.OPT_PASSTHROUGH_SUBCLASS | orjson.OPT_PASSTHROUGH_DATETIME


class Inexact(ValueError):
    """A value whose text would not give the same BSON again."""


def dumps(value: Any) -> str:
    """Give the text of a BSON value. Raises ``Inexact``."""
    try:
        text = orjson.dumps(value, default=dump_object, option=DUMPS_OPTIONS)
        # Only these may hide a NaN or a name of the document's own; other texts need no second look.
        if b"null" in text or b'"$' in text:
            text = orjson.dumps(_spelled_out(value), default=dump_object, option=DUMPS_OPTIONS)
    except orjson.JSONEncodeError as error:
        if isinstance(error.__cause__, Inexact):
            raise error.__cause__ from None
        raise Inexact(str(error)) from error
    return text.decode()


def loads(text: str) -> Any:
    """Give the BSON value of a text. Raises ``ValueError``."""
    if '"$' not in text:
        return orjson.loads(text)
    try:
        return JSON_DECODER.decode(text)
    except (TypeError, KeyError, AttributeError, ArithmeticError) as error:
        raise ValueError(f"not a typed value: {error}") from error


def date_text(value: datetime) -> str:
    """ISO 8601 in UTC with milliseconds; a third of the time of ``isoformat``."""
    text = orjson.dumps(value, option=DATE_OPTIONS).decode()
    return f"{text[1:24]}Z" if len(text) == 29 else f"{text[1:20]}.000Z"


def parse_date(text: str) -> datetime:
    """The inverse of ``date_text``. Raises ``ValueError``."""
    if len(text) != 24 or text[23] != "Z":
        raise ValueError(f"not a date: {text!r}")
    return datetime.fromisoformat(text[:23])


def uuid_text(value: bytes) -> str:
    """Sixteen bytes as a UUID is written."""
    digits = value.hex()
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"


def parse_uuid(text: str) -> Binary:
    """The inverse of ``uuid_text``. Raises ``ValueError``."""
    if len(text) != 36:
        raise ValueError(f"not a UUID: {text!r}")
    return Binary(bytes.fromhex(text.replace("-", "")), 4)


def has_dollar_names(value: Any) -> bool:
    """Whether a document, or any document in it, has a name that begins with ``$``."""
    if isinstance(value, dict):
        return any(name.startswith("$") or has_dollar_names(item) for name, item in value.items())
    if isinstance(value, list):
        return any(map(has_dollar_names, value))
    return isinstance(value, Code) and has_dollar_names(value.scope)


def _spelled_out(value: Any) -> Any:
    """Replace what JSON would lose without a sound, and refuse ``$`` keys of the document's own."""
    if isinstance(value, dict):
        for name in value:
            if name.startswith("$"):
                raise Inexact(f"a field named {name}")
        return {name: _spelled_out(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_spelled_out(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return {"$numberDouble": _non_finite(value)}
    if isinstance(value, Code) and value.scope is not None:
        return {"$code": str(value), "$scope": _spelled_out(value.scope)}
    return value


def _non_finite(value: float) -> str:
    if value != value:
        if pack("<d", value) != CANONICAL_NAN:
            raise Inexact("a NaN with a payload")
        return "NaN"
    return "Infinity" if value > 0 else "-Infinity"


def _decimal(value: Decimal128) -> str:
    text = decimal_text(value)
    if text is None:
        raise Inexact("a decimal in an unusual encoding")
    return text


def _binary(value: bytes) -> dict[str, Any]:
    subtype = value.subtype if isinstance(value, Binary) else 0
    if subtype == 4 and len(value) == 16:
        return {"$uuid": uuid_text(value)}
    return {"$binary": {"base64": b64encode(value).decode(), "subType": f"{subtype:02x}"}}


def _regex(value: Regex[Any]) -> dict[str, Any]:
    if not isinstance(value.pattern, str):
        raise Inexact("a regular expression of bytes")
    options = "".join(letter for letter, flag in REGEX_FLAGS.items() if value.flags & flag)
    return {"$regularExpression": {"pattern": value.pattern, "options": options}}


def _code(value: Code) -> dict[str, Any]:
    return {"$code": str(value)} if value.scope is None else {"$code": str(value), "$scope": value.scope}


_OBJECTS: dict[type, Callable[[Any], dict[str, Any]]] = {
    Int64: lambda value: {"$numberLong": int.__repr__(value)},
    ObjectId: lambda value: {"$oid": str(value)},
    datetime: lambda value: {"$date": date_text(value)},
    DatetimeMS: lambda value: {"$date": {"$numberLong": str(int(value))}},
    Decimal128: lambda value: {"$numberDecimal": _decimal(value)},
    bytes: _binary,
    Binary: _binary,
    Regex: _regex,
    Code: _code,
    Timestamp: lambda value: {"$timestamp": {"t": value.time, "i": value.inc}},
    MinKey: lambda value: {"$minKey": 1},
    MaxKey: lambda value: {"$maxKey": 1},
}


def dump_object(value: Any) -> dict[str, Any]:
    """What a value that JSON does not have is written as. Raises ``Inexact``."""
    spell = _OBJECTS.get(type(value))
    if spell is None:
        raise Inexact(f"a value of type {type(value).__name__}")
    return spell(value)


def _read_date(value: Any) -> Any:
    # JSON is read from the inside out: {"$numberLong": …} has become an Int64 already.
    return DatetimeMS(int(value)) if isinstance(value, Int64) else parse_date(value)


def _read_binary(value: Any) -> Any:
    subtype, data = int(value["subType"], 16), b64decode(value["base64"], validate=True)
    return Binary(data, subtype) if subtype else data


def _read_double(value: Any) -> float:
    return {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}[value]


def _read_regex(value: Any) -> Any:
    return Regex(value["pattern"], sum(REGEX_FLAGS[letter] for letter in value["options"]))


_VALUES: dict[str, Callable[[Any], Any]] = {
    "$numberLong": Int64,
    "$numberDouble": _read_double,
    "$numberDecimal": parse_decimal,
    "$oid": ObjectId,
    "$date": _read_date,
    "$uuid": parse_uuid,
    "$binary": _read_binary,
    "$regularExpression": _read_regex,
    "$code": Code,
    "$timestamp": lambda value: Timestamp(value["t"], value["i"]),
    "$minKey": lambda value: MinKey(),
    "$maxKey": lambda value: MaxKey(),
}


def _value(item: dict[str, Any]) -> Any:
    name = next(iter(item), "")
    read = _VALUES.get(name)
    if read is None:
        if name[:1] == "$":
            raise ValueError(f"{name} is not a type")
        return item
    # Only code with a scope has two names; for anything else this is a KeyError, which every caller takes for a fault.
    if len(item) > 1:
        return Code(item["$code"], item["$scope"])
    return read(item[name])


def _refuse(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")


JSON_DECODER = json.JSONDecoder(object_hook=_value, parse_constant=_refuse)
"""Reads JSON with typed values; raises ``ValueError``, ``TypeError``, ``KeyError``, ``AttributeError``."""
