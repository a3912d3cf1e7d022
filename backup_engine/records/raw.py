"""Raw BSON taken apart and put together without decoding values.

An *element* is the type byte and the value bytes of a field, so that two values are the same exactly when their
elements are equal bytes. The layout is that of https://bsonspec.org/spec.html, version 1.1.
"""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import Iterable
from contextlib import suppress
from datetime import datetime
from struct import Struct, error as StructError  # noqa: N812 - it is a class
from typing import Any

import bson
from bson import json_util
from bson.codec_options import CodecOptions, DatetimeConversion
from bson.errors import BSONError
from bson.objectid import ObjectId
from bson.raw_bson import RawBSONDocument

from backup_engine.errors import BackupError, VerificationFailed
from backup_engine.model import Batch

MAX_DOCUMENT = 16 * 1024 * 1024
"""Bytes a document may have in MongoDB."""

RAW: CodecOptions[RawBSONDocument] = CodecOptions(
    document_class=RawBSONDocument, datetime_conversion=DatetimeConversion.DATETIME_AUTO,
    unicode_decode_error_handler="replace")
"""Keeps documents as bytes. Where one is looked into all the same, any value will do: the driver asks whether a query
is empty, and reads the server's refusals, which show the refused values."""
PYTHON: CodecOptions[dict[str, Any]] = CodecOptions(tz_aware=True, datetime_conversion=DatetimeConversion.DATETIME_AUTO)
"""Decodes every BSON date: those outside the years 1–9999 become ``DatetimeMS``."""
FORGIVING = PYTHON.with_options(unicode_decode_error_handler="replace")
"""Decodes every document a server may hold, for eyes and types: broken UTF-8 shows as replacement characters."""

_EXTENDED = json_util.JSONOptions(
    json_mode=json_util.JSONMode.CANONICAL, tz_aware=True, datetime_conversion=DatetimeConversion.DATETIME_AUTO)
_BYTES = "$bson"

SMALLEST = 5
"""Bytes of an empty document: its length and its closing NUL."""

_LENGTH = Struct("<i").unpack_from
_SIZE = Struct("<i").pack
_FIXED = {0x01: 8, 0x06: 0, 0x07: 12, 0x08: 1, 0x09: 8, 0x0A: 0, 0x10: 4, 0x11: 8, 0x12: 8, 0x13: 16, 0xFF: 0, 0x7F: 0}
"""Bytes of a value by its type."""
_PREFIXED = {0x02: 4, 0x03: 0, 0x04: 0, 0x05: 5, 0x0C: 16, 0x0D: 4, 0x0E: 4, 0x0F: 0}
"""Bytes of a value beyond what its own length field counts."""
_ZERO = bytes(8)
_END_AND_ZERO = bytes(9)
"""The end of a name and a value of eight zero bytes; a few other values look like it."""


def documents_of(batch: Batch) -> list[bytes]:
    """Cut a batch into its documents. Raises ``VerificationFailed`` when it is not whole documents."""
    documents = []
    start, end = 0, len(batch)
    try:
        while start < end:
            stop = start + _LENGTH(batch, start)[0]
            # A length of 0 was once walked for ever, and a negative one gave the same bytes again and again.
            if not start + SMALLEST <= stop <= end:
                raise VerificationFailed("a batch of documents is cut short")
            documents.append(batch[start:stop])
            start = stop
    except StructError as error:
        raise VerificationFailed("a batch of documents is cut short") from error
    return documents


def is_document(data: bytes) -> bool:
    """Whether these bytes are one document, as far as its length and its end say."""
    return len(data) >= SMALLEST and _LENGTH(data)[0] == len(data) and data[-1] == 0


def documents_in(data: bytes, start: int) -> list[bytes]:
    """Cut out the documents of an array that holds nothing else and begins at ``start``.

    Raises ``VerificationFailed`` when they are not whole or do not end with the array.
    """
    documents: list[bytes] = []
    last = _last(data, start)
    begin, before, longer = start + 4, 3, 10  # before a document: a type byte, its number as the name, NUL
    try:
        while begin < last:
            if len(documents) == longer:
                before, longer = before + 1, longer * 10
            begin += before
            stop = begin + _LENGTH(data, begin)[0]
            if not begin + SMALLEST <= stop <= last:
                raise VerificationFailed("an array of documents is cut short")
            documents.append(data[begin:stop])
            begin = stop
    except StructError as error:
        raise VerificationFailed("an array of documents is cut short") from error
    return documents


def places(data: bytes, start: int = 0) -> list[tuple[int, int, int]]:
    """Say where the top-level elements of the document that begins at ``start`` lie: type byte, value, end.

    The name is what lies between type byte and value, without its NUL. Raises ``VerificationFailed`` for a type or a
    length that BSON does not have, and for an element that reaches beyond the document.
    """
    laid = []
    position, last = start + 4, _last(data, start)
    find, fixed = data.index, _FIXED.get
    try:
        while position < last:
            kind, value = data[position], find(0, position + 1) + 1
            size = fixed(kind)
            stop = value + size if size is not None else _end(data, kind, value)
            if stop > last:
                raise VerificationFailed("an element of a document is cut short")
            laid.append((position, value, stop))
            position = stop
    except ValueError as error:
        raise VerificationFailed("an element of a document is cut short") from error
    return laid


def elements(document: bytes) -> list[tuple[bytes, bytes]]:
    """Give ``(name, element)`` of each top-level field in order. Raises ``VerificationFailed`` as ``places`` does."""
    laid = places(document)
    if _LENGTH(document)[0] != len(document):
        raise VerificationFailed("a document is followed by something else")
    return [(document[start + 1 : value - 1], document[start : start + 1] + document[value:stop])
            for start, value, stop in laid]


def build(fields: Iterable[tuple[bytes, bytes]]) -> bytes:
    """Make a document of ``(name, element)`` pairs."""
    body = b"".join(element[:1] + name + b"\0" + element[1:] for name, element in fields)
    return _SIZE(len(body) + 5) + body + b"\0"


def id_of(document: bytes) -> bytes:
    """Give the element of ``_id``. Raises ``BackupError`` when there is none, ``VerificationFailed`` for damage."""
    if document[4:9] == b"\x07_id\0" and len(document) > 21:  # else it is cut short, and refused below
        return b"\x07" + document[9:21]  # an ObjectId, as nearly always
    if document[5:9] == b"_id\0" and (stop := _end(document, document[4], 9)) < len(document):
        return document[4:5] + document[9:stop]
    for name, element in elements(document):
        if name == b"_id":
            return element
    raise BackupError("a record without _id cannot be told from others")


def has_zero_timestamp(document: bytes) -> bool:
    """Whether a top-level field holds ``Timestamp(0, 0)``, which the server replaces by the time on insert."""
    # Two searches and no expression that joins them: that took the square of a field of a million bytes 0x11.
    if _END_AND_ZERO not in document or 0x11 not in document:
        return False
    return any(document[at] == 0x11 and document[value:stop] == _ZERO for at, value, stop in places(document))


def id_first(document: bytes) -> bytes:
    """Put ``_id`` first, where the server would put it on insert."""
    if document[5:9] == b"_id\0":
        return document
    fields = elements(document)
    return build(sorted(fields, key=lambda field: field[0] != b"_id"))


def value_of(element: bytes) -> Any:
    """Decode an element to a Python value; broken UTF-8 becomes replacement characters."""
    return bson.decode(build([(b"v", element)]), codec_options=FORGIVING)["v"]


def element_of(value: Any) -> bytes:
    """Encode a Python value as an element."""
    return elements(bson.encode({"v": value}))[0][1]


def id_text(element: bytes) -> str:
    """Write an ``_id`` for people and for addresses.

    An ObjectId is its 24 hex digits and a string itself; whatever could be taken for something else begins with
    ``~`` and is Extended JSON, as in the cells of a backup. What Extended JSON does not hold (broken UTF-8) stands in
    base64 under ``$bson``, a name that no ``_id`` of a record may have.
    """
    if element[0] == 0x07:  # asked six times of each record that an import adds
        return element[1:].hex()
    value = value_of(element)
    plain = isinstance(value, str) and not value.startswith("~") and not ObjectId.is_valid(value)
    text = value if plain else "~" + json_util.dumps(value, json_options=_EXTENDED)
    doubtful = "\ufffd" in text or "\\ufffd" in text  # JSON escapes it
    if not doubtful or id_from_text(text) == element:
        return text
    return "~" + json_util.dumps({_BYTES: b64encode(element).decode()})


def id_from_text(text: str) -> bytes:
    """Read back what ``id_text`` wrote; other text is a string."""
    if ObjectId.is_valid(text):
        return element_of(ObjectId(text))
    if text.startswith("~"):
        with suppress(ValueError, TypeError, BSONError, VerificationFailed):
            value = json_util.loads(text[1:], json_options=_EXTENDED)
            if isinstance(value, dict) and list(value) == [_BYTES]:
                return elements(build([(b"v", b64decode(value[_BYTES]))]))[0][1]
            return element_of(value)
    return element_of(text)


def filter_by_id(identity: bytes) -> RawBSONDocument:
    """Make the query for one ``_id`` without decoding it."""
    return RawBSONDocument(build([(b"_id", identity)]), RAW)


def filter_by_ids(identities: Iterable[bytes]) -> RawBSONDocument:
    """Make the query for any of several ``_id`` without decoding them."""
    array = build((str(number).encode(), identity) for number, identity in enumerate(identities))
    return RawBSONDocument(build([(b"_id", b"\x03" + build([(b"$in", b"\x04" + array)]))]), RAW)


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


def _last(data: bytes, start: int) -> int:
    """Where the closing NUL of the document that begins at ``start`` lies."""
    size = int(_LENGTH(data, start)[0]) if len(data) >= start + SMALLEST else 0
    if not SMALLEST <= size <= len(data) - start:
        raise VerificationFailed("a document is cut short")
    return start + size - 1


def _end(data: bytes, kind: int, value: int) -> int:
    """Where a value ends that begins at ``value``, not before that; it may lie beyond the document."""
    try:
        if kind in _PREFIXED:
            size: int = _LENGTH(data, value)[0]
            if size < 0:
                raise ValueError(size)
            return value + size + _PREFIXED[kind]
        if kind == 0x0B:
            return data.index(0, data.index(0, value) + 1) + 1
        return value + _FIXED[kind]
    except (KeyError, ValueError, StructError) as error:
        raise VerificationFailed("a document holds an element that is not BSON") from error
