"""Rows that never change: their keys, the text in which they are searched, their columns.

What was found in them stays true, so the masks of the last terms are kept, a bit for a row.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from equipment.domain.search import Columns
from equipment.index import bisecting, rows_of_text
from equipment.index.column import Column, Mask, Rows, as_bools

__all__ = ["ALL", "MOST_TERMS", "Segment", "table_of"]

KEY: Final = "\x00key"  # with NUL in front, which no field name in MongoDB can hold
ALL: Final = "\x00all"
MOST_TERMS: Final = 64


class Segment:
    """Some rows: ``keys`` and ``all`` by row, and the columns by name. ``by_key`` is their order by key, if known."""

    def __init__(
        self, keys: pa.Array, all_: pa.Array, columns: Mapping[str, Column], by_key: Rows | None = None
    ) -> None:
        self.keys, self.all = keys, all_
        self._columns = dict(columns)
        self._by_key = by_key
        self._terms: dict[str, npt.NDArray[np.uint8]] = {}
        self._lock = threading.Lock()
        self._none = Column.blank(len(keys))

    @classmethod
    def of(cls, table: pa.Table) -> Segment:
        """Make it of a table as ``table_of`` makes them."""
        names = [name for name in table.column_names if name not in (KEY, ALL)]
        return cls(_one(table[KEY]), _one(table[ALL]), {name: Column.of(table[name]) for name in names})

    @classmethod
    def of_parts(cls, parts: Iterable[Columns]) -> Segment:
        """Make it of all records, given some thousand at a time."""
        tables = [table_of(*part) for part in parts]
        return cls.of(pa.concat_tables(tables, promote_options="default") if tables else table_of([], {}))

    def __len__(self) -> int:
        return len(self.keys)

    @property
    def columns(self) -> list[str]:
        """Names of the columns, in the order in which they came."""
        return list(self._columns)

    def column(self, name: str) -> Column:
        """Give a column; all cells of one that is not there are empty."""
        return self._columns.get(name, self._none)

    def has(self, name: str) -> bool:
        """Whether there is such a column."""
        return name in self._columns

    def having(self, term: str) -> Mask:
        """Say which rows hold a folded term."""
        with self._lock:
            packed = self._terms.pop(term, None)
        if packed is None:
            packed = np.packbits(rows_of_text.having(self.all, term))
        with self._lock:
            self._terms[term] = packed  # the last one asked for is the last to go
            while len(self._terms) > MOST_TERMS:
                self._terms.pop(next(iter(self._terms)))
        return np.unpackbits(packed, count=len(self)).view(bool)

    def rows_of(self, keys: Sequence[str]) -> npt.NDArray[np.int64]:
        """Give the row of each key; -1 where there is none."""
        if not len(self) or not keys:
            return np.full(len(keys), -1, np.int64)
        wanted, order = pa.array(keys, pa.large_string()), self.by_key

        def there(places: npt.NDArray[np.int64]) -> pa.Array:
            return self.keys.take(pa.array(order[places]))

        places = bisecting.before(len(self), len(keys), lambda at, which: as_bools(
            pc.less(there(at), wanted.take(pa.array(which)))))
        places = np.minimum(places, len(self) - 1)
        return np.where(as_bools(pc.equal(there(places), wanted)), order[places].astype(np.int64), -1)

    @property
    def by_key(self) -> Rows:
        """The rows in the order of their keys."""
        if self._by_key is None:
            self._by_key = pc.sort_indices(self.keys).to_numpy().astype(np.uint32)
        return self._by_key

    def table(self, rows: Rows) -> pa.Table:
        """Give some rows as a table, as ``table_of`` makes them."""
        made: dict[str, Any] = {KEY: self.keys.take(pa.array(rows)), ALL: self.all.take(pa.array(rows))}
        return pa.table(made | {name: column.texts(rows) for name, column in self._columns.items()})


def table_of(keys: Sequence[str], texts: Mapping[str, Sequence[str]]) -> pa.Table:
    """Give records as a table: their keys, the text in which they are searched, and their columns."""
    columns = {name: pa.array(values, pa.large_string()) for name, values in texts.items()}
    return pa.table({KEY: pa.array(keys, pa.large_string()), ALL: rows_of_text.joined(columns, len(keys)), **columns})


def _one(column: pa.ChunkedArray) -> pa.Array:
    whole = column.combine_chunks()
    if isinstance(whole, pa.ChunkedArray):
        return whole.chunk(0) if whole.num_chunks else pa.array([], whole.type)
    return whole
