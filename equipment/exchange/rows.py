"""Rows of a table under one set of names, each made when it is looked at: as dicts 100,000 of 19 cells take 90 MB."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

__all__ = ["Rows"]


class Rows(Sequence[dict[str, str]]):
    """Texts by name. Equal texts are one: of a list of equipment half of them are."""

    def __init__(self, names: Sequence[str]) -> None:
        self.names = tuple(names)
        self._cells: list[tuple[str, ...]] = []
        self._texts: dict[str, str] = {}

    def extend(self, some: Iterable[tuple[str, ...]]) -> None:
        """Add rows, each with a cell for every name."""
        once = self._texts.setdefault
        self._cells += [tuple([once(cell, cell) if type(cell) is str and len(cell) < LONG else cell for cell in cells])
                        for cells in some]
        if len(self._texts) > MOST_TEXTS:
            self._texts.clear()

    def __len__(self) -> int:
        return len(self._cells)

    def __getitem__(self, place: Any) -> Any:
        if isinstance(place, slice):
            return [dict(zip(self.names, cells, strict=True)) for cells in self._cells[place]]
        return dict(zip(self.names, self._cells[place], strict=True))


LONG = 32
"""Characters from which a text is not looked for among the others: it is its own."""
MOST_TEXTS = 20_000
"""Texts that are remembered to be found again."""
