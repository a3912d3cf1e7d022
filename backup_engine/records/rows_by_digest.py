"""A table of digests the other way round: which row of a set holds the record with this digest."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from backup_engine.records.digest_rows import ROW_BYTES

if TYPE_CHECKING:
    import numpy as np

__all__ = ["RowsByDigest"]


class RowsByDigest:
    """60 bytes of memory a record: the table, its order by the first 8 bytes of the digests, and those."""

    def __init__(self, table: bytes) -> None:
        """``table`` holds rows as ``digest_rows`` makes them. Raises ``ValueError`` when it was cut."""
        import numpy as np

        rows = np.frombuffer(table, np.dtype([("key", "V16"), ("digest", "<u8", (4,))]))
        self._table = table
        self._digests: np.ndarray[Any, Any] = rows["digest"]
        self._order = np.argsort(self._digests[:, 0], kind="stable").astype(np.uint32)
        self._firsts = self._digests[self._order, 0]

    def __len__(self) -> int:
        return len(self._firsts)

    def rows(self, digests: Sequence[bytes]) -> np.ndarray[Any, np.dtype[np.int64]]:
        """Give the number of each one's row, from 0; -1 for what is not there.

        Of digests that begin with the same 8 bytes one is found and the others count as not there: that is safe.
        """
        import numpy as np

        if not digests or not len(self):
            return np.full(len(digests), -1, np.int64)
        asked = np.frombuffer(b"".join(digests), "<u8").reshape(-1, 4)
        places = np.minimum(np.searchsorted(self._firsts, asked[:, 0]), len(self) - 1)
        found = self._order[places].astype(np.int64)
        return np.where((self._digests[found] == asked).all(axis=1), found, -1)

    def entry(self, row: int) -> bytes:
        """Give a row of the table itself."""
        return self._table[row * ROW_BYTES : (row + 1) * ROW_BYTES]
