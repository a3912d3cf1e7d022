"""Whether a value that came as text means what is stored, so that nothing is rewritten with a worse type. Pure."""

from __future__ import annotations

import math
from datetime import datetime
from typing import Any

from backup_engine.records import raw
from backup_engine.records.typed_text import as_live

__all__ = ["same_text", "text_of"]


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


def _value(element: bytes | None) -> Any:
    value = None if element is None else raw.value_of(element)
    if value == "" or (isinstance(value, float) and math.isnan(value)):
        return None
    return value.replace(tzinfo=None) if isinstance(value, datetime) else value


def _equal(read: Any, stored: Any) -> bool:
    return read is not None and bool(read == stored)
