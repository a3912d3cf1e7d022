"""What records are together: how many, and the sum modulo 2**256 of the SHA-256 of each (``content_sha256``).

The order of the records does not matter, sums of parts add up, and what changed can be taken off and added without
reading the rest. The number of records stands beside the sum because an empty sum and a sum of 2**256 are the same.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from hashlib import sha256

from backup_engine.model import Batch, Part, Written
from backup_engine.records.raw import documents_of

__all__ = ["EMPTY", "MODULUS", "Content", "digest", "digests", "same_content"]

MODULUS = 1 << 256


def digest(document: bytes) -> bytes:
    """SHA-256 of one BSON document."""
    return sha256(document).digest()


def digests(documents: Iterable[bytes]) -> list[bytes]:
    """SHA-256 of each document."""
    return [sha256(document).digest() for document in documents]


@dataclass(frozen=True, slots=True)
class Content:
    """A number of records, and the sum of their digests; ``total`` is less than 2**256."""

    records: int = 0
    total: int = 0

    @classmethod
    def of(cls, documents: Iterable[bytes]) -> Content:
        """Count and sum documents."""
        return cls.of_digests(digests(documents))

    @classmethod
    def of_digests(cls, digests: Collection[bytes]) -> Content:
        """Count and sum documents of which only the digests are at hand."""
        # from_bytes is big-endian unless told otherwise, as a digest in hex is read.
        return cls(len(digests), sum(map(int.from_bytes, digests)) % MODULUS)

    @classmethod
    def of_batches(cls, batches: Iterable[Batch]) -> Content:
        """Count and sum all documents of a stream. Raises ``VerificationFailed`` when a batch is cut short."""
        return sum((cls.of(documents_of(batch)) for batch in batches), cls())

    @classmethod
    def of_part(cls, part: Part) -> Content:
        """Give what a set promises. Raises ``ValueError`` for a legacy set, which does not say."""
        return cls(part.records, int(part.content_sha256, 16))

    def __add__(self, other: Content) -> Content:
        return Content(self.records + other.records, (self.total + other.total) % MODULUS)

    def __sub__(self, other: Content) -> Content:
        return Content(self.records - other.records, (self.total - other.total) % MODULUS)

    @property
    def hex(self) -> str:
        """``content_sha256``: 64 hex digits."""
        return f"{self.total:064x}"

    def matches(self, part: Part | Written) -> bool:
        """Whether these are the records that were written; never so for a legacy set."""
        return (self.records, self.hex) == (part.records, part.content_sha256)


EMPTY = Content()
"""No records: where a sum begins."""


def same_content(left: Part, right: Part) -> bool:
    """Whether two sets say that they hold the same records; a legacy set never does."""
    return bool(left.content_sha256) and (left.records, left.content_sha256) == (right.records, right.content_sha256)
