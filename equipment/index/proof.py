"""Whether the records that a look gives are what the index says they are: it may be wrong, what people see may not."""

from __future__ import annotations

import re
from typing import Final

import numpy as np

from equipment.domain.search import Columns, Rows
from equipment.index.rows_of_text import BETWEEN
from equipment.index.segment import ALL, table_of
from equipment.index.sheet import Sheet

__all__ = ["differing"]

_GAPS: Final = re.compile(f"{BETWEEN}+")


def differing(sheet: Sheet, rows: Rows, read: Columns) -> list[str]:
    """Give the keys of those rows whose record, as it was read, has other texts or is not there."""
    keys = sheet.keys(rows)
    place = {key: number for number, key in enumerate(read[0])}
    wrong = {key for key in keys if key not in place}
    there = [(key, place[key]) for key in keys if key in place]
    held = rows[np.array([key in place for key in keys], dtype=bool)]
    for name in {*sheet.columns, *read[1]}:
        told = read[1].get(name)
        wrong.update(key for (key, number), text in zip(there, sheet.texts(name, held), strict=True)
                     if text != ("" if told is None else told[number]))
    whole = [_without_gaps(text) for text in table_of(*read)[ALL].to_pylist()]
    wrong.update(key for (key, number), text in zip(there, sheet.searched(held), strict=True)
                 if _without_gaps(text) != whole[number])
    return [key for key in keys if key in wrong]


def _without_gaps(text: str) -> str:
    """Leave out the empty cells: which a row has depends on the records it was read with."""
    return _GAPS.sub(BETWEEN, text).strip(BETWEEN)
