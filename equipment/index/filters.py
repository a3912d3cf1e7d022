"""Which rows of a segment match a query: every filter is a yes or no by word, or the mask of a term."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from functools import reduce
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from backup_engine.records.folding import fold
from equipment.domain.life import status
from equipment.domain.query import Only, Query
from equipment.domain.record import LAST_CALIBRATION, NEXT_CALIBRATION
from equipment.domain.values import dates
from equipment.domain.values.dates import Status
from equipment.domain.values.fields import TYPES, Date, FieldType, dates_of
from equipment.index import rows_of_text
from equipment.index.column import Column, Mask, as_bools, name_of
from equipment.index.segment import Segment

__all__ = ["matching", "statuses"]

_STATUS: Final[Mapping[Only, Status]] = {
    "overdue": "overdue", "due": "due soon", "fine": "fine", "not needed": "not needed", "no date": "no date",
    "cannot read": "cannot read"}
SOON: Final = 30


def matching(
    segment: Segment, query: Query, types: Mapping[str, FieldType], today: date, aside: str = ""
) -> Mask | None:
    """Say which rows match, but for the filter of the column ``aside`` and those that look at serials; None: all."""
    masks = list(_each(segment, query, types, today, aside))
    return reduce(np.logical_and, masks) if masks else None


def statuses(segment: Segment, next_: Date, last_: Date, today: date, soon: int) -> npt.NDArray[np.int8]:
    """Give for every row the index of its calibration status in ``dates.STATUSES``; kept for the last day asked."""
    due, last = segment.column(NEXT_CALIBRATION), segment.column(LAST_CALIBRATION)
    asked = today, soon, name_of(next_), name_of(last_)
    known = due.kept("statuses")
    if known is None or known[0] != asked:
        known = asked, _statuses(due, last, next_, last_, today, soon)
        due.keep("statuses", known)
    found: npt.NDArray[np.int8] = known[1]
    return found


def _each(
    segment: Segment, query: Query, types: Mapping[str, FieldType], today: date, aside: str
) -> Iterator[Mask]:
    for term in query.terms():
        yield segment.having(term)
    if query.active and segment.has(status.COLUMN):
        column = segment.column(status.COLUMN)
        yield column.rows_where(as_bools(pc.not_equal(column.trimmed, fold(status.RETIRED))))
    if query.only in _STATUS:
        kinds = dates_of(types, NEXT_CALIBRATION), dates_of(types, LAST_CALIBRATION)
        yield statuses(segment, *kinds, today, SOON) == dates.STATUSES.index(_STATUS[query.only])
    for name, values in query.choices.items():
        if name != aside:
            column = segment.column(name)
            yield column.rows_where(as_bools(pc.is_in(column.composed, value_set=pa.array(values, pa.large_string()))))
    for name, part in query.contains.items():
        if name != aside:
            column = segment.column(name)
            yield column.rows_where(rows_of_text.having(column.folded, fold(part)))
    for name in {*query.lows, *query.highs} - {aside}:
        column = segment.column(name)
        yield column.rows_where(_in_range(column, name, query, types.get(name, TYPES["number"])))


def _in_range(column: Column, name: str, query: Query, kind: FieldType) -> Mask:
    values = column.numbers(kind)
    low, high = kind.key(query.lows.get(name, "")), kind.end(query.highs.get(name, ""))
    mask: Mask = ~np.isnan(values)
    if low is not None:
        mask &= values >= low
    if high is not None:
        mask &= values <= high
    return mask


def _statuses(
    due: Column, last: Column, next_: Date, last_: Date, today: date, soon: int
) -> npt.NDArray[np.int8]:
    plain = [dates.STATUSES.index(dates.status(next_.read(text), dates.EMPTY, today, soon))
             for text in due.words.to_pylist()]
    found = np.array(plain, dtype=np.int8)[due.codes]
    not_needed = np.array([last_.read(text).kind == "not needed" for text in last.words.to_pylist()], dtype=bool)
    found[(found == dates.STATUSES.index("no date")) & not_needed[last.codes]] = dates.STATUSES.index("not needed")
    return found
