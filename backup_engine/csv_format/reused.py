"""Rows of an earlier file, copied for records that are byte for byte the same.

Most records of a list do not change between two full sets, and the rows of those that did not are already proven. A
record's digest is looked up in the table that was written with the earlier file, and the text of its row is copied; the
rest is encoded and proven as ever. What comes out is the same bytes as without. 25 µs of a core a record become 3.

What is trusted is checked: the table's own SHA-256 by who opens it, for two of its rows exchanged have the same sum and
once gave a wrong row; the text of the earlier file here, by the hashes of its blocks.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from itertools import chain
from typing import BinaryIO

from backup_engine.csv_format.blocks import BlockHasher, Documents, read_header, row_chunks
from backup_engine.csv_format.encoder import Encoded
from backup_engine.csv_format.pool.workers import Workers
from backup_engine.csv_format.rows import ROW_END_BYTES
from backup_engine.errors import VerificationFailed
from backup_engine.model import Column, Part
from backup_engine.records.content_sum import Content, digests
from backup_engine.records.rows_by_digest import RowsByDigest

__all__ = ["ReusedRows"]

IN_PLACE = 5_000
"""Records encoded in this process before workers are started for the rest: 0.1 s of work, as starting them is."""
Encode = Callable[[Documents], Encoded]


class ReusedRows:
    """One pass over an earlier file, forward only: both it and the list are in the order of ``_id``."""

    def __init__(self, plain: BinaryIO, part: Part, table: RowsByDigest) -> None:
        """``plain`` is the earlier file without its seal. Raises ``VerificationFailed`` when it has no header."""
        head, rest = read_header(plain)
        self._part = part
        self._table = table
        self._chunks = row_chunks(plain, rest)
        self._blocks = BlockHasher()
        self._blocks.header(head)
        self._first = 0
        self._texts: list[bytes] = []
        self.copied = 0
        """Rows copied so far."""

    @property
    def orders(self) -> tuple[tuple[str, ...], ...]:
        """The field orders that the rows may name by number: those a file with such rows has to begin with."""
        return self._part.layout.orders

    def fits(self, columns: tuple[Column, ...], sample: Iterable[Documents]) -> bool:
        """Tell whether copying pays: the same columns, and at least half of the first records are there."""
        if columns != self._part.layout.columns:
            return False
        known = asked = 0
        for chunk in sample:
            known += int((self._table.rows(digests(chunk.documents)) >= 0).sum())
            asked += len(chunk.documents)
        return known * 2 >= asked > 0

    def encoded(
        self, chunks: Iterable[Documents], encode: Encode, workers: Callable[[], Workers]
    ) -> Iterator[tuple[Documents, Encoded]]:
        """Give each chunk with its rows, as ``Workers.map`` does; workers are started once there is work for them."""
        waiting, rest, work = deque[_Chunk](), iter(chunks), 0
        for documents in rest:
            chunk = _Chunk(self, documents)
            work += len(chunk.others.documents)
            if work > IN_PLACE:
                break
            yield documents, chunk.complete(encode(chunk.others))
        else:
            return

        def asked() -> Iterator[Documents]:
            for each in chain([chunk], (_Chunk(self, documents) for documents in rest)):
                waiting.append(each)
                yield each.others

        with workers() as pool:
            for _, encoded in pool.map(encode, asked()):
                done = waiting.popleft()
                yield done.documents, done.complete(encoded)

    def finish(self) -> None:
        """Read the earlier file to its end. Raises ``VerificationFailed`` when it is not what was written then."""
        while self._advance():
            pass
        if self._blocks.blocks != self._part.blocks:
            raise VerificationFailed(f"{self._part.file} is damaged")

    def find(self, hashes: list[bytes]) -> tuple[list[int], list[bytes | None]]:
        """Give rows and texts of records by their digests; -1 and None for those that are not there, or no more."""
        rows = self._table.rows(hashes).tolist()
        texts = [self._text(row) if row >= 0 else None for row in rows]
        self.copied += sum(text is not None for text in texts)
        return rows, texts

    def entry(self, row: int) -> bytes:
        """Give a row of the table."""
        return self._table.entry(row)

    def _text(self, row: int) -> bytes | None:
        while row >= self._first + len(self._texts):
            if not self._advance():
                return None
        # What lies behind is gone: a list in another order than the file is encoded.
        return self._texts[row - self._first] if row >= self._first else None

    def _advance(self) -> bool:
        rows = next(self._chunks, None)
        if rows is None:
            return False
        self._blocks.add(rows.text, rows.count)
        self._first += len(self._texts)
        self._texts = rows.text.removesuffix(ROW_END_BYTES).split(ROW_END_BYTES)
        return True


class _Chunk:
    """Some documents, the rows that are there already, and the documents that have to be encoded."""

    def __init__(self, reused: ReusedRows, documents: Documents) -> None:
        self.documents = documents
        self._reused = reused
        self._hashes = digests(documents.documents)
        self._rows, self._texts = reused.find(self._hashes)
        self._places = [place for place, text in enumerate(self._texts) if text is None]
        self.others = replace(documents, documents=[documents.documents[place] for place in self._places])

    def complete(self, encoded: Encoded) -> Encoded:
        """Put the rows that were encoded between those that were there."""
        new = encoded.text.removesuffix(ROW_END_BYTES).split(ROW_END_BYTES) if self._places else []
        entries = [self._reused.entry(row) for row in self._rows]
        own = encoded.digest_rows
        size = len(own) // len(self._places) if self._places else 0
        for number, place in enumerate(self._places):
            self._texts[place] = new[number]
            entries[place] = own[number * size : (number + 1) * size]
        text = ROW_END_BYTES.join(filter(None, self._texts)) + ROW_END_BYTES
        keyed = size or not self._places
        return replace(encoded, text=text, rows=len(self._texts), content=Content.of_digests(self._hashes),
                       digest_rows=b"".join(entries) if keyed else b"")
