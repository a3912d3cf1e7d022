"""Many places in one sorted order at once: 5,000 texts among 1,000,000 take 20 calls into Arrow instead of 100,000."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

__all__ = ["after", "before"]

Places = npt.NDArray[np.int64]
Wanted = npt.NDArray[np.bool_]


def before(length: int, wanted: int, is_less: Callable[[Places, Places], Wanted]) -> Places:
    """Give for each of ``wanted`` things the first place in an order of ``length`` that does not stand before it.

    ``is_less(places, which)`` says of each place whether what stands there is less than the thing of that number.
    """
    low, high = np.zeros(wanted, np.int64), np.full(wanted, length, np.int64)
    while len(open_ := np.flatnonzero(low < high)):
        middle = (low[open_] + high[open_]) // 2
        less = is_less(middle, open_)
        low[open_[less]] = middle[less] + 1
        high[open_[~less]] = middle[~less]
    return low


def after(length: int, wanted: int, is_more: Callable[[Places, Places], Wanted]) -> Places:
    """Give for each thing the first place that stands behind it; ``is_more`` says whether a place does."""
    return before(length, wanted, lambda places, which: ~is_more(places, which))
