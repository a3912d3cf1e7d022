"""Work spread over processes, results in order."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from typing import Generic, TypeVar

__all__ = ["Workers", "choose"]

Item = TypeVar("Item")
Result = TypeVar("Result")

SMALL = 5000
"""Rows up to which starting processes costs more than it gives."""


def choose(workers: int | None, rows: int) -> int:
    """How many worker processes to use; 0 means to work in this one."""
    if workers is not None:
        return 0 if workers <= 1 else workers
    cores = os.cpu_count() or 1
    return 0 if rows <= SMALL or cores < 2 else min(cores, 4)


class Workers(Generic[Item, Result]):
    """Calls one function for many items."""

    def __init__(self, function: Callable[[Item], Result], count: int) -> None:
        self._function = function
        self._count = count

    def map(self, items: Iterable[Item]) -> Iterator[tuple[Item, Result]]:
        """Give each item with its result, in the order of the items."""
        for item in items:
            yield item, self._function(item)
