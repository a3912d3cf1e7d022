"""Text and the values it stands for. Pure.

Text takes a type: what a person or pandas wrote becomes the value MongoDB held. And a value that came as text is
compared with what is stored, so that nothing is rewritten with a worse type.
"""

from __future__ import annotations

import ast
import math
import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from bson import Decimal128, Int64, ObjectId
from bson.errors import BSONError

from backup_engine.records import raw

__all__ = ["Verbatim", "as_live", "as_number", "same_text", "text_of"]

CANONICAL = re.compile(r"0|-?[1-9][0-9]*")
PROMOTED = re.compile(r"(0|-?[1-9][0-9]*)\.0")
"""pandas writes an integer column with a gap as 5.0."""
# float() alone would also read "nan", "inf" and "1_0".
DOUBLE = re.compile(r"-?[0-9]+(\.[0-9]+)?([eE][-+]?[0-9]+)?")
INT64 = range(-(1 << 63), 1 << 63)


class Verbatim(str):
    """A text that stays one, whatever type the values of its field have."""

    __slots__ = ()


def as_number(text: str) -> int | str:
    """Read a canonical integer of at most 64 bits as one; everything else stays text (``007``, ``3,000``, ``-0``)."""
    return int(text) if len(text) <= 20 and CANONICAL.fullmatch(text) and int(text) in INT64 else text


def as_live(text: str, wanted: type) -> Any | None:
    """Read text as that type, or give ``None`` where it does not fit without a guess."""
    reader = READERS.get(wanted)
    # literal_eval alone may raise five of these; a cell holds whatever somebody typed.
    try:
        return None if reader is None else reader(text)
    except (ValueError, SyntaxError, ArithmeticError, TypeError, RecursionError, MemoryError, BSONError):
        return None


def same_text(incoming: bytes | None, live: bytes | None) -> bool:
    """Compare the elements of a field, the first from text: an empty cell equals null, '', NaN and a missing field;
    a text equals whatever value it would be written for."""
    if incoming == live:
        return True
    new, old = _value(incoming), _value(live)
    if new is None or old is None:
        return new is old
    text = text_of(new)
    return text == text_of(old) or _equal(as_live(text, type(old)), old)


def text_of(value: Any) -> str:
    """Write a value as the original system's CSV shows it, line ends made equal."""
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    return str(value).replace("\r\n", "\n")


def _integer(text: str) -> int | None:
    promoted = PROMOTED.fullmatch(text)
    number = as_number(promoted.group(1) if promoted else text)
    return number if isinstance(number, int) else None


def _int64(text: str) -> Int64 | None:
    number = _integer(text)
    return None if number is None else Int64(number)


def _double(text: str) -> float | None:
    return float(text) if DOUBLE.fullmatch(text) else None


def _date(text: str) -> datetime | None:
    moment = datetime.fromisoformat(text)
    return moment.astimezone(UTC).replace(tzinfo=None) if moment.tzinfo else moment


def _literal(wanted: type) -> Callable[[str], Any]:
    def read(text: str) -> Any:
        value = ast.literal_eval(text)
        raw.element_of(value)  # raises for what MongoDB cannot hold, such as a number of more than 64 bits
        return value if isinstance(value, wanted) else None

    return read


READERS: dict[type, Callable[[str], Any]] = {
    str: str,
    int: _integer,
    Int64: _int64,
    float: _double,
    bool: {"True": True, "true": True, "False": False, "false": False}.get,
    datetime: _date,
    ObjectId: ObjectId,
    Decimal128: Decimal128,
    list: _literal(list),
    dict: _literal(dict),
}


def _value(element: bytes | None) -> Any:
    value = None if element is None else raw.value_of(element)
    if value == "" or (isinstance(value, float) and math.isnan(value)):
        return None
    return value.replace(tzinfo=None) if isinstance(value, datetime) else value


def _equal(read: Any, stored: Any) -> bool:
    return read is not None and bool(read == stored)
