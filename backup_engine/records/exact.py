"""BSON documents as bytes: cutting batches apart, decoding them without loss, and the digest of their content."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from hashlib import sha256
from struct import Struct, error as struct_error
from typing import Any, cast

import bson
from bson.binary import UuidRepresentation
from bson.codec_options import CodecOptions, DatetimeConversion
from bson.errors import BSONError

from backup_engine.errors import VerificationFailed
from backup_engine.model import Batch

__all__ = ["FAULTS", "LENIENT", "OPTIONS", "decode", "decode_all", "decode_exactly", "digest", "digest_hex",
           "digest_of", "digests", "elements", "encode", "encode_all", "has_zero_timestamp", "split", "split_array",
           "total"]

OPTIONS: CodecOptions[dict[str, Any]] = CodecOptions(
    document_class=dict,
    tz_aware=False,
    uuid_representation=UuidRepresentation.UNSPECIFIED,
    datetime_conversion=DatetimeConversion.DATETIME_AUTO,
)
"""Decodes to values that encode to the same bytes again, for everything Python can hold: naive UTC datetimes,
``DatetimeMS`` outside the years 1 to 9999, UUIDs as ``Binary``."""

LENIENT = OPTIONS.with_options(unicode_decode_error_handler="replace")
"""The same for eyes: broken UTF-8 shows as replacement characters."""

MAYBE_ZERO_TIMESTAMP = re.compile(rb"\x11[^\0]*\0{9}")
"""A type byte, a name, a value of eight zero bytes; a few other values look like it."""
FIXED_SIZES = {0x01: 8, 0x06: 0, 0x07: 12, 0x08: 1, 0x09: 8, 0x0A: 0, 0x10: 4, 0x11: 8, 0x12: 8, 0x13: 16,
               0x7F: 0, 0xFF: 0}
LENGTH_AND_MORE = {0x02: 4, 0x03: 0, 0x04: 0, 0x05: 5, 0x0C: 16, 0x0D: 4, 0x0E: 4, 0x0F: 0}
"""Bytes of a value beyond what its own length field counts."""

FAULTS = (BSONError, ValueError, OverflowError, TypeError, RecursionError)
"""What bson raises for bytes that it cannot decode, or cannot encode again."""

ARRAY_START = 10
"""Bytes before the first element of the array in ``{"": […]}``: two lengths, a type, an empty name."""

_length = Struct("<i").unpack_from


def split(batch: Batch) -> list[bytes]:
    """Cut a batch into its documents. Raises ``VerificationFailed`` when it is not whole documents."""
    documents = []
    start, end = 0, len(batch)
    while start < end:
        stop = start + (_length(batch, start)[0] if end - start >= 4 else 0)
        if stop < start + 5 or stop > end:
            raise VerificationFailed("a batch of documents is cut short")
        documents.append(batch[start:stop])
        start = stop
    return documents


def split_array(data: bytes, start: int, stop: int) -> list[bytes]:
    """Cut out the documents of a BSON array whose elements lie between two places.

    Raises ``VerificationFailed`` when they do not end there.
    """
    documents: list[bytes] = []
    while start < stop:
        begin = start + 2 + len(str(len(documents)))  # a type byte, the number as a name, NUL
        start = begin + _length(data, begin)[0]
        documents.append(data[begin:start])
    if start != stop:
        raise VerificationFailed("an array of documents is cut short")
    return documents


def digest(document: bytes) -> int:
    """SHA-256 of one BSON document as a number."""
    return int.from_bytes(sha256(document).digest(), "big")


def digests(documents: Iterable[bytes]) -> list[bytes]:
    """SHA-256 of each document."""
    return [sha256(document).digest() for document in documents]


def total(digests: Iterable[bytes]) -> int:
    """Sum of digests as numbers."""
    return sum(map(int.from_bytes, digests))


def digest_of(documents: Iterable[bytes]) -> int:
    """Sum of the digests of documents."""
    return total(digests(documents))


def digest_hex(total: int) -> str:
    """``content_sha256``: a sum of digests modulo 2**256 as 64 hex digits."""
    return f"{total % (1 << 256):064x}"


def encode(document: dict[str, Any]) -> bytes:
    """Encode a document of values that ``decode`` gave."""
    return bson.encode(document, codec_options=OPTIONS)


def encode_all(documents: Sequence[dict[str, Any]]) -> list[bytes]:
    """Encode documents as ``encode`` does: as one array it takes a third less time than one by one.

    Inside an array ``_id`` stays where it is; ``encode`` puts it first, so only such documents go together.
    """
    if any(next(iter(document), "_id") != "_id" for document in documents):
        return [encode(document) for document in documents]
    array = bson.encode({"": documents}, codec_options=OPTIONS)
    return split_array(array, ARRAY_START, len(array) - 2)


def decode(document: bytes) -> dict[str, Any]:
    """Decode a document with the types that keep everything. Raises ``bson.errors.InvalidBSON``."""
    return bson.decode(document, OPTIONS)


def decode_exactly(documents: list[bytes]) -> list[dict[str, Any] | None]:
    """Decode documents; ``None`` for each one that Python cannot hold without loss.

    That is what decodes and encodes again to other bytes: duplicate keys, invalid UTF-8, undefined, symbol,
    DBPointer, lengths that do not fit.
    """
    decoded = decode_all(documents)
    if _all_encode_to(decoded, documents):
        return decoded
    return [
        value if value is not None and _encodes_to(value, raw) else None
        for value, raw in zip(decoded, documents, strict=True)
    ]


def decode_all(documents: Sequence[bytes]) -> list[dict[str, Any] | None]:
    """Decode documents; ``None`` for each one that cannot be decoded. Duplicate keys lose all but one value."""
    try:
        decoded: list[Any] = bson.decode_all(b"".join(documents), OPTIONS)
    except FAULTS:
        return [_decode_one(raw) for raw in documents]
    return decoded if len(decoded) == len(documents) else [_decode_one(raw) for raw in documents]


def _decode_one(raw: bytes) -> dict[str, Any] | None:
    try:
        return decode(raw)
    except FAULTS:
        return None


def _all_encode_to(values: list[dict[str, Any] | None], documents: list[bytes]) -> bool:
    try:
        return None not in values and encode_all(cast("list[dict[str, Any]]", values)) == documents
    except FAULTS:
        return False


def _encodes_to(value: dict[str, Any], raw: bytes) -> bool:
    try:
        return encode(value) == raw
    except FAULTS:
        return False


def elements(document: bytes) -> Iterator[tuple[int, bytes, bytes]]:
    """Give the top-level elements of a document as they lie there: type byte, name, value.

    Raises ``VerificationFailed`` for a type or a length that BSON does not have.
    """
    position, end = 4, len(document) - 1
    try:
        while position < end:
            kind = document[position]
            name = document[position + 1 : document.index(b"\0", position + 1)]
            start = position + len(name) + 2
            position = start + _value_size(kind, document, start)
            if not start <= position <= end:
                raise VerificationFailed("an element of a document is cut short")
            yield kind, name, document[start:position]
    except (KeyError, ValueError, struct_error) as error:
        raise VerificationFailed("a document holds an element that is not BSON") from error


def _value_size(kind: int, document: bytes, start: int) -> int:
    if kind in FIXED_SIZES:
        return FIXED_SIZES[kind]
    if kind == 0x0B:
        return document.index(b"\0", document.index(b"\0", start) + 1) + 1 - start
    return LENGTH_AND_MORE[kind] + int(_length(document, start)[0])


def has_zero_timestamp(document: bytes) -> bool:
    """Whether a top-level field holds ``Timestamp(0, 0)``, which the server replaces by the time on insert."""
    if MAYBE_ZERO_TIMESTAMP.search(document) is None:
        return False
    return any(kind == 0x11 and not any(value) for kind, _, value in elements(document))
