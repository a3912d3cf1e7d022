"""BSON documents as bytes: cutting batches apart, decoding them without loss, and the digest of their content."""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import sha256
from struct import Struct
from typing import Any

import bson
from bson.binary import UuidRepresentation
from bson.codec_options import CodecOptions, DatetimeConversion
from bson.errors import BSONError

from backup_engine.errors import VerificationFailed
from backup_engine.model import Batch

__all__ = ["LENIENT", "OPTIONS", "decode", "decode_exactly", "digest", "digest_hex", "digest_of", "encode",
           "has_zero_timestamp", "split"]

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

ZERO_TIMESTAMP = b"\x11", bytes(8)
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


def digest(document: bytes) -> int:
    """SHA-256 of one BSON document as a number."""
    return int.from_bytes(sha256(document).digest(), "big")


def digest_of(documents: Iterable[bytes]) -> int:
    """Sum of the digests of documents."""
    return sum(map(digest, documents))


def digest_hex(total: int) -> str:
    """``content_sha256``: a sum of digests modulo 2**256 as 64 hex digits."""
    return f"{total % (1 << 256):064x}"


def encode(document: dict[str, Any]) -> bytes:
    """Encode a document of values that ``decode`` gave."""
    return bson.encode(document, codec_options=OPTIONS)


def decode(document: bytes) -> dict[str, Any]:
    """Decode a document with the types that keep everything. Raises ``bson.errors.InvalidBSON``."""
    return bson.decode(document, OPTIONS)


def decode_exactly(documents: list[bytes]) -> list[dict[str, Any] | None]:
    """Decode documents; ``None`` for each one that Python cannot hold without loss.

    That is what decodes and encodes again to other bytes: duplicate keys, invalid UTF-8, undefined, symbol,
    DBPointer, lengths that do not fit.
    """
    try:
        decoded: list[Any] = bson.decode_all(b"".join(documents), OPTIONS)
    except (BSONError, ValueError, OverflowError):
        decoded = [None] * len(documents)
    if len(decoded) != len(documents):
        decoded = [None] * len(documents)
    return [
        value if value is not None and _encodes_to(value, raw) else _decode_one(raw)
        for value, raw in zip(decoded, documents, strict=True)
    ]


def _decode_one(raw: bytes) -> dict[str, Any] | None:
    try:
        value = decode(raw)
    except (BSONError, ValueError, OverflowError):
        return None
    return value if _encodes_to(value, raw) else None


def _encodes_to(value: dict[str, Any], raw: bytes) -> bool:
    try:
        return encode(value) == raw
    except (BSONError, ValueError, OverflowError, TypeError):
        return False


def has_zero_timestamp(document: bytes) -> bool:
    """Whether a top-level field holds ``Timestamp(0, 0)``, which the server replaces by the time on insert."""
    kind, zero = ZERO_TIMESTAMP
    if kind not in document or zero not in document:
        return False
    return any(_is_zero(element) for element in _top_level(document))


def _is_zero(value: Any) -> bool:
    return isinstance(value, bson.Timestamp) and value.time == 0 and value.inc == 0


def _top_level(document: bytes) -> Iterable[Any]:
    try:
        return bson.decode(document, LENIENT).values()
    except (BSONError, ValueError, OverflowError):
        return ()
