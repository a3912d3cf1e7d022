"""Makes one base of a base and what changed since: without the database, and without a text that no row has any more.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from equipment.domain.values import collation
from equipment.index.column import Column, Mask, name_of, numbers_of, small
from equipment.index.segment import Segment
from equipment.index.sheet import Sheet

__all__ = ["compacted"]

AT_ONCE = 100_000
"""Rows filtered at a time, so that no second copy of a long column lies beside it."""


def compacted(sheet: Sheet) -> Segment:
    """Give the rows of a sheet, in its order, as a segment that knows nothing of its past."""
    base, changed, alive = sheet.base, sheet.changed, sheet.alive
    names = list(dict.fromkeys([*sheet.base_columns, *changed.columns]))
    columns = {name: _joined(base.column(name), alive, changed.column(name)) for name in names}
    return Segment(_kept(base.keys, alive, changed.keys), _kept(base.all, alive, changed.all), columns)


def _kept(array: pa.Array, alive: Mask | None, more: pa.Array) -> pa.Array:
    if alive is None:
        return pa.concat_arrays([array, more])
    starts = range(0, len(array), AT_ONCE)
    parts = [array[start : start + AT_ONCE].filter(pa.array(alive[start : start + AT_ONCE])) for start in starts]
    return pa.concat_arrays([*parts, more])


def _joined(base: Column, alive: Mask | None, changed: Column) -> Column:
    codes = base.codes if alive is None else base.codes[alive]
    used = np.bincount(codes, minlength=len(base.words)) > 0
    words, folded = base.words.filter(pa.array(used)), base.folded.filter(pa.array(used))
    numbers = np.cumsum(used) - 1
    known = np.asarray(pc.fill_null(pc.index_in(changed.words, value_set=words), -1).to_numpy(zero_copy_only=False),
                       np.int64)
    new = changed.words.filter(pa.array(known < 0))
    known[known < 0] = len(words) + np.arange(len(new))
    both = np.concatenate([numbers[codes], known[changed.codes]])
    more = collation.folded(new) if len(new) else new
    carried: dict[str, Any] = {"folded": pa.concat_arrays([folded, more])}
    for kind in base.kinds_asked():
        carried[f"numbers {name_of(kind)}"] = np.concatenate([base.numbers(kind)[used], numbers_of(new, kind)])
    return Column(pa.concat_arrays([words, new]), small(both, len(words) + len(new)), carried)
