"""A list of any length on disk: appended once, read many times, gone with its owner."""

from __future__ import annotations

import pickle
import threading
from array import array
from collections.abc import Iterable, Iterator
from tempfile import SpooledTemporaryFile
from typing import Generic, TypeVar

__all__ = ["Spool"]

Row = TypeVar("Row")
PIECE = 1024 * 1024
IN_MEMORY = 4 * 1024 * 1024
"""Bytes kept in memory before a temporary file is used."""


class Spool(Generic[Row]):
    """Rows in order of ``append``. The file is private, nameless and ours alone, so pickle is safe here."""

    def __init__(self) -> None:
        self._file = SpooledTemporaryFile(max_size=IN_MEMORY, prefix="equipment-")  # noqa: SIM115 - lives as long as self
        self._starts = array("Q")
        self._end = 0
        self._is_at_end = True
        self._lock = threading.Lock()

    @classmethod
    def of(cls, contents: Iterable[bytes], starts: array[int]) -> Spool[Row]:
        """Make one that holds what another process had in its own: its ``contents`` and ``starts``."""
        spool = cls()
        for part in contents:
            spool._end += spool._file.write(part)
        spool._starts = starts
        return spool

    @property
    def starts(self) -> array[int]:
        """Where each row begins in the contents."""
        return self._starts

    def contents(self) -> Iterator[bytes]:
        """Give all there is on disk, piece by piece."""
        place = 0
        while True:
            with self._lock:
                self._seek(place)
                part = self._file.read(PIECE)
            if not part:
                return
            place += len(part)
            yield part

    def append(self, row: Row) -> int:
        """Add a row at the end; gives its place."""
        with self._lock:
            if not self._is_at_end:  # each time, it would write out what is in the buffer: 0.4 s of 100,000 rows
                self._file.seek(self._end)
                self._is_at_end = True
            self._starts.append(self._end)
            self._end += self._file.write(pickle.dumps(row, pickle.HIGHEST_PROTOCOL))
            return len(self._starts) - 1

    def __len__(self) -> int:
        return len(self._starts)

    def __getitem__(self, number: int) -> Row:
        with self._lock:
            self._seek(self._starts[number])
            row: Row = pickle.load(self._file)
        return row

    def __iter__(self) -> Iterator[Row]:
        return (self[number] for number in range(len(self)))

    def _seek(self, place: int) -> None:
        self._file.seek(place)
        self._is_at_end = False

    def page(self, offset: int, limit: int) -> list[Row]:
        """Give up to ``limit`` rows from ``offset``."""
        return [self[number] for number in range(offset, min(offset + limit, len(self)))]
