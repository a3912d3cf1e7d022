"""Rows in chunks for the workers, and the hash of every block of 10,000 rows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from hashlib import sha256
from typing import BinaryIO

from backup_engine.csv_format.rows import LONGEST_ROW, ROW_END_BYTES
from backup_engine.errors import VerificationFailed
from backup_engine.model import Batch
from backup_engine.records.raw import documents_of

__all__ = ["BLOCK_ROWS", "BlockHasher", "Documents", "Rows", "document_chunks", "read_header", "row_chunks"]

BLOCK_ROWS = 10_000
CHUNK_ROWS = 1_250
"""Divides the block; 0.7 MB of the usual records keep a worker busy for 30 ms, the time one waits for the other at the
start and at the end."""
CHUNK_BYTES = 4 * 2**20


@dataclass(frozen=True)
class Documents:
    """Some documents, the first of which is number ``first``, counted from 0; ``deleted`` ones become tombstones."""

    first: int
    documents: list[bytes]
    deleted: bool = False


@dataclass(frozen=True)
class Rows:
    """Some rows of text, the first of which is number ``first``, counted from 1. ``whole``: the last one ends."""

    first: int
    count: int
    text: bytes
    whole: bool = True


class BlockHasher:
    """SHA-256 of each block of rows; the header belongs to the first block."""

    def __init__(self) -> None:
        self._hash = sha256()
        self._rows = 0
        self._done: list[str] = []

    def header(self, text: bytes) -> None:
        """Take the header row."""
        self._hash.update(text)

    def add(self, text: bytes, rows: int) -> None:
        """Take rows that do not cross the end of a block."""
        # Closed by the row after it: 10,000 rows are one block, not one and an empty one.
        if self._rows == BLOCK_ROWS:
            self._done.append(self._hash.hexdigest())
            self._hash, self._rows = sha256(), 0
        self._hash.update(text)
        self._rows += rows

    @property
    def blocks(self) -> tuple[str, ...]:
        """The hashes so far, the unfinished block included."""
        return (*self._done, self._hash.hexdigest())


def document_chunks(batches: Iterable[Batch], first: int = 0, *, deleted: bool = False) -> Iterator[Documents]:
    """Cut batches into chunks that end where blocks end."""
    documents: list[bytes] = []
    size = 0
    for batch in batches:
        for document in documents_of(batch):
            documents.append(document)
            size += len(document)
            if size >= CHUNK_BYTES or (first + len(documents)) % CHUNK_ROWS == 0:
                yield Documents(first, documents, deleted)
                first += len(documents)
                documents, size = [], 0
    if documents:
        yield Documents(first, documents, deleted)


def read_header(plain: BinaryIO) -> tuple[bytes, bytes]:
    """Read the header row, and what was read beyond it. Raises ``VerificationFailed`` when there is none."""
    data = b""
    while ROW_END_BYTES not in data:
        more = plain.read(1 << 16)
        if not more or len(data) > LONGEST_ROW:
            raise VerificationFailed("a file has no header row")
        data += more
    end = data.index(ROW_END_BYTES) + len(ROW_END_BYTES)
    return data[:end], data[end:]


def row_chunks(plain: BinaryIO, rest: bytes = b"") -> Iterator[Rows]:
    """Cut what follows the header into chunks of whole rows that end where blocks end."""
    first, ended = 1, False
    while not ended or rest:
        wanted = CHUNK_ROWS - (first - 1) % CHUNK_ROWS
        parts = rest.split(ROW_END_BYTES, wanted)
        if len(parts) <= wanted and not ended and (len(parts) == 1 or len(rest) < CHUNK_BYTES):
            # As much again as is there: a row of 256 MiB is looked through 9 times then, not once for every MiB.
            data = plain.read(max(1 << 20, len(rest)))
            ended = not data
            rest += data
            if len(rest) > LONGEST_ROW:
                raise VerificationFailed(f"row {first} is longer than any row we write")
            continue
        if ended and len(parts) <= wanted:
            count, text, rest = len(parts) - (parts[-1] == b""), rest, b""
        else:
            count, text, rest = len(parts) - 1, rest[: len(rest) - len(parts[-1])], parts[-1]
        if count:
            yield Rows(first, count, text, text.endswith(ROW_END_BYTES))
        first += count
