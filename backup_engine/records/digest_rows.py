"""One record in a table of digests: 16 bytes of the SHA-256 of its ``_id`` element, then the 32 of the record."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256

from backup_engine.errors import BackupError
from backup_engine.records import raw

__all__ = ["key", "row", "rows"]

KEY_BYTES = 16
ROW_BYTES = KEY_BYTES + 32
"""With the digest."""


def key(identity: bytes) -> bytes:
    """Give the key of an ``_id`` element."""
    return sha256(identity).digest()[:KEY_BYTES]


def row(document: bytes, digest: bytes) -> bytes:
    """Give the row of one record with this digest. Raises ``BackupError`` when it has no ``_id``."""
    return key(raw.id_of(document)) + digest


def rows(documents: Sequence[bytes], digests: Sequence[bytes]) -> bytes:
    """Give the rows of records with these digests; none at all when one has no ``_id`` (those of a view)."""
    try:
        return b"".join(map(row, documents, digests))
    except BackupError:
        return b""
