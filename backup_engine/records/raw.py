"""Raw BSON taken apart and put together without decoding values.

An *element* is the type byte and the value bytes of a field, so that two values are the same exactly when their
elements are equal bytes. The layout is that of https://bsonspec.org/spec.html, version 1.1.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import suppress
from datetime import datetime
from struct import Struct
from typing import Any

import bson
from bson import json_util
from bson.codec_options import CodecOptions, DatetimeConversion
from bson.errors import BSONError
from bson.objectid import ObjectId
from bson.raw_bson import RawBSONDocument

from backup_engine.errors import BackupError

MAX_DOCUMENT = 16 * 1024 * 1024
"""Bytes a document may have in MongoDB."""

RAW: CodecOptions[RawBSONDocument] = CodecOptions(document_class=RawBSONDocument)
PYTHON: CodecOptions[dict[str, Any]] = CodecOptions(tz_aware=True, datetime_conversion=DatetimeConversion.DATETIME_AUTO)
"""Decodes every BSON date: those outside the years 1–9999 become ``DatetimeMS``."""

_LENGTH = Struct("<i").unpack_from
_SIZE = Struct("<i").pack
_FIXED = {0x01: 8, 0x06: 0, 0x07: 12, 0x08: 1, 0x09: 8, 0x0A: 0, 0x10: 4, 0x11: 8, 0x12: 8, 0x13: 16, 0xFF: 0, 0x7F: 0}
_PREFIXED = {0x02: 4, 0x03: 0, 0x04: 0, 0x05: 5, 0x0C: 16, 0x0D: 4, 0x0E: 4, 0x0F: 0}


def documents_of(batch: bytes) -> Iterator[bytes]:
    """Give the single documents of concatenated ones."""
    start, end = 0, len(batch)
    while start < end:
        stop = start + _LENGTH(batch, start)[0]
        yield batch[start:stop]
        start = stop


def elements(document: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Give ``(name, element)`` of each top-level field in order. Raises ``BackupError`` for an unknown type byte."""
    position, last = 4, len(document) - 1
    find, fixed = document.index, _FIXED.get
    while position < last:
        kind = document[position]
        value = find(0, position + 1) + 1
        size = fixed(kind)
        stop = value + (_value_size(document, kind, value) if size is None else size)
        yield document[position + 1 : value - 1], document[position : position + 1] + document[value:stop]
        position = stop


def build(fields: Iterable[tuple[bytes, bytes]]) -> bytes:
    """Make a document of ``(name, element)`` pairs."""
    body = b"".join(element[:1] + name + b"\0" + element[1:] for name, element in fields)
    return _SIZE(len(body) + 5) + body + b"\0"


def id_of(document: bytes) -> bytes:
    """Give the element of ``_id``. Raises ``BackupError`` when there is none."""
    if document[4:9] == b"\x07_id\0":
        return b"\x07" + document[9:21]  # an ObjectId, as nearly always
    if document[5:9] == b"_id\0":
        return document[4:5] + document[9 : 9 + _value_size(document, document[4], 9)]
    for name, element in elements(document):
        if name == b"_id":
            return element
    raise BackupError("a record without _id cannot be told from others")


def id_first(document: bytes) -> bytes:
    """Put ``_id`` first, where the server would put it on insert."""
    if document[5:9] == b"_id\0":
        return document
    fields = list(elements(document))
    return build(sorted(fields, key=lambda field: field[0] != b"_id"))


def value_of(element: bytes) -> Any:
    """Decode an element to a Python value."""
    return bson.decode(build([(b"v", element)]), codec_options=PYTHON)["v"]


def element_of(value: Any) -> bytes:
    """Encode a Python value as an element."""
    return next(elements(bson.encode({"v": value})))[1]


def id_text(element: bytes) -> str:
    """Write an ``_id`` for people and for addresses.

    An ObjectId is its 24 hex digits and a string itself; whatever could be taken for something else begins with
    ``~`` and is Extended JSON, as in the cells of a backup.
    """
    value = value_of(element)
    if isinstance(value, ObjectId):
        return str(value)
    if isinstance(value, str) and not value.startswith("~") and not ObjectId.is_valid(value):
        return value
    return "~" + json_util.dumps(value, json_options=json_util.CANONICAL_JSON_OPTIONS)


def id_from_text(text: str) -> bytes:
    """Read back what ``id_text`` wrote; other text is a string."""
    if ObjectId.is_valid(text):
        return element_of(ObjectId(text))
    if text.startswith("~"):
        with suppress(ValueError, TypeError, BSONError):
            return element_of(json_util.loads(text[1:], json_options=json_util.CANONICAL_JSON_OPTIONS))
    return element_of(text)


def filter_by_id(identity: bytes) -> RawBSONDocument:
    """Make the query for one ``_id`` without decoding it."""
    return RawBSONDocument(build([(b"_id", identity)]))


def filter_by_ids(identities: Iterable[bytes]) -> RawBSONDocument:
    """Make the query for any of several ``_id`` without decoding them."""
    array = build((str(number).encode(), identity) for number, identity in enumerate(identities))
    return RawBSONDocument(build([(b"_id", b"\x03" + build([(b"$in", b"\x04" + array)]))]))


def element_text(element: bytes | None) -> str:
    """Write a value for people: text as it is, a missing field as nothing, what has no plain form as Extended JSON."""
    if element is None:
        return ""
    value = value_of(element)
    if isinstance(value, str):
        return value
    if isinstance(value, datetime):
        return value.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    if isinstance(value, (int, float, ObjectId)) and not isinstance(value, bool):
        return str(value)
    return json_util.dumps(value, json_options=json_util.RELAXED_JSON_OPTIONS, ensure_ascii=False)


def name_text(name: bytes) -> str:
    """Write a field name for people; what is not UTF-8 is escaped."""
    return name.decode("utf-8", "backslashreplace")


def _value_size(document: bytes, kind: int, value: int) -> int:
    fixed = _FIXED.get(kind)
    if fixed is not None:
        return fixed
    prefix = _PREFIXED.get(kind)
    if prefix is not None:
        return prefix + int(_LENGTH(document, value)[0])
    if kind == 0x0B:
        pattern_end = document.index(0, value)
        return document.index(0, pattern_end + 1) + 1 - value
    raise BackupError(f"unknown BSON type {kind:#04x}")
