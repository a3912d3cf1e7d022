"""The list at one moment: rows that never change, which of them are no longer so, and the changed ones beside them.

A sheet answers *which records, in which order*; the records themselves are read from the database. A change makes the
next sheet, over the same base: it copies one bit a row and a few thousand rows at most. Rows are numbered through, the
changed ones behind those of the base.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from backup_engine.records.folding import fold
from equipment.domain.query import COUNTED, Query
from equipment.domain.record import ID, LAST_CALIBRATION, NEXT_CALIBRATION, SERIAL, arrange
from equipment.domain.search import Columns, Counts, Rows
from equipment.domain.values import collation, dates
from equipment.domain.values.dates import Status
from equipment.domain.values.fields import TYPES, FieldType, dates_of
from equipment.index import filters
from equipment.index.column import Column, Mask, as_bools
from equipment.index.segment import Segment, table_of
from equipment.index.serials import Serials

__all__ = ["SOON", "Sheet"]

SOON: Final = 30
"""Days before the next calibration from which on it is due soon."""


class Sheet:
    """An unchanging picture of the list. ``alive`` says which rows of the base still are what they were; None: all."""

    def __init__(self, base: Segment, alive: Mask | None = None, changed: Segment | None = None) -> None:
        self.base, self.alive = base, alive
        self.changed = changed if changed is not None else Segment.of_parts([])
        self._memo: dict[Any, Any] = {}

    @classmethod
    def of(cls, parts: Iterable[Columns]) -> Sheet:
        """Make a sheet of all records, given some thousand at a time."""
        return cls(Segment.of_parts(parts))

    def __len__(self) -> int:
        return self._living + len(self.changed)

    @property
    def columns(self) -> list[str]:
        """Names of the columns found in the data, usual ones first; one that was renamed or taken away is none."""
        return arrange([*self.base_columns, *self.changed.columns])

    @property
    def base_columns(self) -> list[str]:
        """Names of the columns of the base in which something is left."""
        base, alive = self.base, self.alive
        if alive is None:
            return base.columns
        return self._once("columns", lambda: [name for name in base.columns if base.column(name).is_left(alive)])

    def with_changes(self, changed: Columns, gone: Iterable[str] = ()) -> Sheet:
        """Give the sheet after these records changed or were added, and those went."""
        leaving = list(dict.fromkeys([*changed[0], *gone]))
        in_base, beside = self.base.rows_of(leaving), self.changed.rows_of(leaving)
        alive = self.alive
        if (in_base >= 0).any():
            alive = np.ones(len(self.base), dtype=bool) if alive is None else alive.copy()
            alive[in_base[in_base >= 0]] = False
        stays = np.ones(len(self.changed), dtype=bool)
        stays[beside[beside >= 0]] = False
        kept = self.changed.table(np.flatnonzero(stays).astype(np.uint32))
        if not stays.all():
            kept = kept.drop_columns([name for name in self.changed.columns
                                      if not self.changed.column(name).is_left(stays)])
        new = [kept, table_of(*changed)] if len(kept) else [table_of(*changed)]
        return Sheet(self.base, alive, Segment.of(pa.concat_tables(new, promote_options="default")))

    def rows(self) -> Rows:
        """Give all rows in the list's order."""
        return self._joined(self.alive, None)

    def keys(self, rows: Rows) -> list[str]:
        """Give the keys of some rows."""
        return self._taken(rows, lambda segment, own: segment.keys.take(pa.array(own)))

    def texts(self, column: str, rows: Rows) -> list[str]:
        """Give a column of some rows; a field that is missing is empty text."""
        return self._taken(rows, lambda segment, own: segment.column(column).texts(own))

    def searched(self, rows: Rows) -> list[str]:
        """Give the text in which some rows are searched."""
        return self._taken(rows, lambda segment, own: segment.all.take(pa.array(own)))

    def values(self, column: str) -> dict[str, int]:
        """Give the different texts of a column, each with the number of records that have it."""
        return self._once(("values", column), lambda: self._counted(column, (self.alive, None)))

    def rows_having(self, column: str, texts: Iterable[str]) -> Rows:
        """Give the rows that have one of these texts in a column."""
        wanted = pa.array(list(texts), pa.large_string())
        return self._where(column, lambda one: as_bools(pc.is_in(one.words, value_set=wanted)))

    def rows_alike(self, column: str, text: str) -> Rows:
        """Give the rows in which a column says what the text says, whatever its case, accents and blanks around."""
        return self._where(column, lambda one: as_bools(pc.equal(one.trimmed, fold(text))))

    def rows_of(self, keys: Sequence[str]) -> Rows:
        """Give the rows of these keys that are in the list, in the list's order."""
        masks = []
        for segment, alive in ((self.base, self.alive), (self.changed, None)):
            rows, mask = segment.rows_of(keys), np.zeros(len(segment), dtype=bool)
            mask[rows[rows >= 0]] = True
            masks.append(mask if alive is None else mask & alive)
        return self._joined(*masks)

    def find(self, query: Query, types: Mapping[str, FieldType], today: date) -> Rows:
        """Give the rows that match, in the order asked for."""
        masks = self._masks(query, types, today)
        if not (self.base.has(query.sort) or self.changed.has(query.sort)):
            rows = self._joined(*masks)
            return rows[::-1] if query.descending else rows
        kind = types.get(query.sort, TYPES["text"])
        # An ID is a name: 12A is no current.
        return self._in_order(query.sort, None if query.sort == ID or not kind.has_range else kind, masks,
                              descending=query.descending)

    def facet(
        self, column: str, query: Query, types: Mapping[str, FieldType], today: date, most: int | None = None
    ) -> list[tuple[str, int]] | None:
        """Count each value of a column among the records that match all the *other* filters; most frequent first.

        None says that there are more than ``most`` different ones.
        """
        others = self._masks(query, types, today, aside=column)
        if most is not None and np.count_nonzero(_by_look(self.base.column(column), others[0])) > most:
            return None
        counted = self._counted(column, others, alike=True)
        if most is not None and len(counted) > most:
            return None
        ordered = sorted(counted)  # so blank texts, which share a place, have an order of their own
        values = pa.array(ordered, pa.large_string())
        counts = np.array([counted[value] for value in ordered], np.int64)
        order = pa.array(np.lexsort((collation.ranks(values), -counts)))
        return list(zip(values.take(order).to_pylist(), counts[order].tolist(), strict=True))

    def count(self, query: Query, types: Mapping[str, FieldType], today: date) -> int:
        """Count the rows that match; no order is made for it."""
        masks = self._masks(query, types, today)
        base = self._living if masks[0] is None else int(np.count_nonzero(masks[0]))
        return base + (len(self.changed) if masks[1] is None else int(np.count_nonzero(masks[1])))

    def counts(self, types: Mapping[str, FieldType], today: date, query: Query | None = None) -> Counts:
        """Count what the numbers above the list show, over all records, or over those that match what else is asked."""
        whole = replace(query or Query(), only="")
        if whole.is_filtering or whole.active:
            found = {only: self.count(replace(whole, only=only), types, today) for only in ("", *COUNTED)}
            return Counts(found[""], found["overdue"], found["due"], found["no serial"], found["same serial"])
        statuses = self.by_status(types, today)
        return Counts(len(self), statuses["overdue"], statuses["due soon"], *self._serials().counts())

    def by_status(self, types: Mapping[str, FieldType], today: date, soon: int = SOON) -> dict[Status, int]:
        """Count the records of each calibration status; every status is there."""
        kinds = dates_of(types, NEXT_CALIBRATION), dates_of(types, LAST_CALIBRATION)

        def count() -> dict[Status, int]:
            both = np.zeros(len(dates.STATUSES), np.int64)
            for segment, alive in ((self.base, self.alive), (self.changed, None)):
                found = filters.statuses(segment, *kinds, today, soon)
                both += np.bincount(found if alive is None else found[alive], minlength=len(both))
            return dict(zip(dates.STATUSES, both.tolist(), strict=True))

        return self._once(("statuses", today, soon, *kinds), count)

    def lowest_free(self, column: str) -> int:
        """Give the lowest whole number from 1 that no text of a column is."""
        free = np.ones(len(self) + 2, dtype=bool)  # so many cannot all be taken
        free[0] = False
        for one, alive in self._parts(column):
            taken = one.whole_numbers[one.counted(alive) > 0]
            free[taken[(taken >= 0) & (taken < len(free))]] = False
        return int(np.argmax(free))

    def whole_numbers(self, column: str) -> npt.NDArray[np.int64]:
        """Give the different whole numbers, not below 0, that texts of a column are, in order."""
        found = [one.whole_numbers[one.counted(alive) > 0] for one, alive in self._parts(column)]
        both = np.unique(np.concatenate(found))
        return both[both >= 0]

    def sums(self, column: str, of: str, kind: FieldType) -> dict[str, float]:
        """Sum the numbers of one column by the value of another; a text that says no number adds nothing."""
        summed: dict[str, float] = {}
        for segment, alive in ((self.base, self.alive), (self.changed, None)):
            by, numbers = segment.column(column), segment.column(of)
            weights = np.nan_to_num(numbers.numbers(kind))[numbers.codes]
            codes = by.codes if alive is None else by.codes[alive]
            totals = np.bincount(codes, weights if alive is None else weights[alive], minlength=len(by.words))
            for word in np.unique(codes).tolist():
                name = by.composed[word].as_py()
                summed[name] = summed.get(name, 0.0) + float(totals[word])
        return summed

    @property
    def _living(self) -> int:
        return self._once("living", lambda: len(self.base) if self.alive is None else int(self.alive.sum()))

    def _parts(self, column: str) -> tuple[tuple[Column, Mask | None], tuple[Column, Mask | None]]:
        """Give a column of the base and of the changed rows, each with which of its rows count; None: all."""
        return (self.base.column(column), self.alive), (self.changed.column(column), None)

    def _masks(
        self, query: Query, types: Mapping[str, FieldType], today: date, aside: str = ""
    ) -> tuple[Mask | None, Mask | None]:
        """Say which rows of the base and which changed ones match; None stands for all of them."""
        masks = []
        for segment, alive in ((self.base, self.alive), (self.changed, None)):
            mask = filters.matching(segment, query, types, today, aside)
            if query.only in ("no serial", "same serial"):
                also = self._serials().having(segment, query.only)
                mask = also if mask is None else mask & also
            masks.append(mask if alive is None else alive if mask is None else mask & alive)
        return masks[0], masks[1]

    def _in_order(
        self, column: str, kind: FieldType | None, masks: tuple[Mask | None, Mask | None], *, descending: bool
    ) -> Rows:
        base, beside = self.base.column(column), self.changed.column(column)
        order = base.order(kind)
        places = None if masks[0] is None else np.flatnonzero(masks[0][order])
        rows = order if places is None else order[places]
        filled = base.filled if places is None else int(np.searchsorted(places, base.filled))
        if len(beside):
            new = beside.order(kind)
            new = new if masks[1] is None else new[masks[1][new]]
            at = base.positions(beside.texts(new), kind)
            at = at if places is None else np.searchsorted(places, at)
            rows = np.insert(rows, at, new + np.uint32(len(self.base)))
            filled += int(np.count_nonzero((beside.places != collation.BLANK)[beside.codes[new]]))
        # Blank cells stay at the end.
        return np.concatenate([rows[:filled][::-1], rows[filled:]]) if descending else rows

    def _where(self, column: str, say: Callable[[Column], Mask]) -> Rows:
        base, changed = (one.rows_where(say(one)) for one in (self.base.column(column), self.changed.column(column)))
        return self._joined(base if self.alive is None else base & self.alive, changed)

    def _joined(self, base: Mask | None, changed: Mask | None) -> Rows:
        parts = []
        for segment, mask, first in ((self.base, base, 0), (self.changed, changed, len(self.base))):
            rows = np.arange(len(segment)) if mask is None else np.flatnonzero(mask)
            parts.append((rows + first).astype(np.uint32))
        return np.concatenate(parts)

    def _taken(self, rows: Rows, take: Callable[[Segment, Rows], pa.Array]) -> list[str]:
        beside = rows >= len(self.base)
        if not beside.any():
            return list(take(self.base, rows).to_pylist())
        taken = np.empty(len(rows), dtype=object)
        taken[~beside] = take(self.base, rows[~beside]).to_pylist()
        taken[beside] = take(self.changed, rows[beside] - np.uint32(len(self.base))).to_pylist()
        return list(taken)

    def _counted(self, column: str, masks: tuple[Mask | None, Mask | None], *, alike: bool = False) -> dict[str, int]:
        """Count the rows of each word of a column, or of each look of one."""
        counted: dict[str, int] = {}
        for segment, mask in zip((self.base, self.changed), masks, strict=True):
            one = segment.column(column)
            words, counts = (one.looks[1], _by_look(one, mask)) if alike else (one.words, one.counted(mask))
            there = np.flatnonzero(counts)
            for word, count in zip(words.take(pa.array(there)).to_pylist(), counts[there].tolist(), strict=True):
                counted[word] = counted.get(word, 0) + count
        return counted

    def _serials(self) -> Serials:
        return self._once("serials", lambda: Serials(self.base, self.alive, self.changed, SERIAL))

    def _once(self, name: Any, make: Callable[[], Any]) -> Any:
        if name not in self._memo:
            self._memo[name] = make()
        return self._memo[name]


def _by_look(column: Column, mask: Mask | None) -> npt.NDArray[np.int64]:
    """Count the rows of each look that a column's words have."""
    groups, looks = column.looks
    counts = column.counted(mask)
    return counts if groups is None else np.bincount(groups, counts, minlength=len(looks)).astype(np.int64)
