"""Pair the records of two streams by identity, in one pass over both and in bounded memory.

A symmetric hash join: a record waits until its partner arrives from the other stream. Streams in the same order (two
backups, a backup and the live collection) keep only what has no partner; what waits too long goes to a temporary
file. Nothing here needs MongoDB's order of values.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from backup_engine.model import Batch
from backup_engine.records import raw

__all__ = ["Pair", "pairs"]

Pair = tuple[bytes | None, bytes | None]
"""The record of the left and of the right stream; None where it has no partner."""

Key = Callable[[bytes], bytes]

MEMORY = 32 * 1024 * 1024
"""Bytes of records that may wait in memory."""


def pairs(
    left: Iterable[Batch], right: Iterable[Batch], *, left_key: Key = raw.id_of, right_key: Key = raw.id_of,
    memory: int = MEMORY,
) -> Iterator[Pair]:
    """Give every record of both streams exactly once: pairs as they are found, the single ones last.

    A key should occur once in its stream; of two records with one key the first meets the partner, and the other stays
    a single one.
    """
    with _Waiting(memory) as waiting:
        sources = (map(raw.documents_of, left), map(raw.documents_of, right))
        keys = (left_key, right_key)
        taken = [0, 0]
        open_sides = {0, 1}
        while open_sides:
            side = min(open_sides, key=taken.__getitem__)
            batch = next(sources[side], None)
            if batch is None:
                open_sides.discard(side)
                continue
            for document in batch:
                taken[side] += 1
                partner = waiting.meet(side, keys[side](document), document)
                if partner is not None:
                    yield (partner, document) if side else (document, partner)
            waiting.make_room()
        for side, document in waiting.rest():
            yield (None, document) if side else (document, None)


class _Waiting:
    """Records without a partner so far: in memory, and beyond ``memory`` bytes in a temporary database."""

    def __init__(self, memory: int) -> None:
        self._memory = memory
        self._here: tuple[dict[bytes, bytes], dict[bytes, bytes]] = ({}, {})
        self._bytes = self._twice = 0
        self._folder: TemporaryDirectory[str] | None = None
        self._disk: sqlite3.Connection | None = None

    def __enter__(self) -> _Waiting:
        return self

    def __exit__(self, *exc: object) -> None:
        if self._disk is not None:
            self._disk.close()
        if self._folder is not None:
            self._folder.cleanup()

    def meet(self, side: int, key: bytes, document: bytes) -> bytes | None:
        """Give the partner and forget it, or keep the document waiting."""
        partner = self._here[1 - side].pop(key, None)
        if partner is not None:
            self._bytes -= len(partner)
            return partner
        if self._disk is not None and (partner := self._from_disk(1 - side, key)) is not None:
            return partner
        mine = self._here[side]
        if key in mine:
            # Any key that no partner has, so that the first one keeps its place.
            self._twice += 1  # never the same number again: mine shrinks when partners come
            key = key + b"\0twice" + self._twice.to_bytes(8, "big")
        mine[key] = document
        self._bytes += len(document)
        return None

    def make_room(self) -> None:
        """Move everything that waits to disk when it is too much."""
        if self._bytes <= self._memory:
            return
        disk = self._disk or self._open()
        for side in (0, 1):
            rows = ((side, key, document) for key, document in self._here[side].items())
            disk.executemany("INSERT INTO waiting VALUES (?, ?, ?)", rows)
            self._here[side].clear()
        self._bytes = 0

    def rest(self) -> Iterator[tuple[int, bytes]]:
        """Give what found no partner."""
        if self._disk is not None:
            yield from self._disk.execute("SELECT side, document FROM waiting ORDER BY rowid")
        for side in (0, 1):
            for document in self._here[side].values():
                yield side, document

    def _from_disk(self, side: int, key: bytes) -> bytes | None:
        assert self._disk is not None
        row = self._disk.execute(
            "SELECT rowid, document FROM waiting WHERE key = ? AND side = ?", (key, side)
        ).fetchone()
        if row is None:
            return None
        self._disk.execute("DELETE FROM waiting WHERE rowid = ?", (row[0],))
        return bytes(row[1])

    def _open(self) -> sqlite3.Connection:
        self._folder = TemporaryDirectory(prefix="equipment-match-")
        self._disk = sqlite3.connect(Path(self._folder.name) / "waiting", isolation_level=None, check_same_thread=False)
        # One transaction that nobody commits: what waits here is worthless after a crash.
        self._disk.executescript(
            "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -16000; BEGIN;"
            "CREATE TABLE waiting (side INTEGER, key BLOB, document BLOB);"
            "CREATE INDEX by_key ON waiting (key, side);"
        )
        return self._disk
