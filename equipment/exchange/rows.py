"""Rows of a table under one set of names, each made when it is looked at: as dicts 100,000 of 19 cells take 90 MB."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final

__all__ = ["Rows"]

BETWEEN: Final = "\x1f"
"""Stands between the cells of a row that is kept as one text: 100,000 rows as tuples of texts take 150 MB more."""


class Rows(Sequence[dict[str, str]]):
    """Texts by name, ``names`` being those of every row."""

    def __init__(self, names: Sequence[str]) -> None:
        self.names = tuple(names)
        self._rows: list[bytes | tuple[str, ...]] = []

    def extend(self, some: Iterable[tuple[str, ...]]) -> None:
        """Add rows, each with a cell for every name."""
        self._rows += map(self._kept, some)

    def __len__(self) -> int:
        return len(self._rows)

    def __getitem__(self, place: Any) -> Any:
        if isinstance(place, slice):
            return [self._row(row) for row in self._rows[place]]
        return self._row(self._rows[place])

    def _row(self, row: bytes | tuple[str, ...]) -> dict[str, str]:
        cells = row.decode("utf-8", "surrogatepass").split(BETWEEN) if isinstance(row, bytes) else row
        return dict(zip(self.names, cells, strict=True))

    def _kept(self, cells: tuple[str, ...]) -> bytes | tuple[str, ...]:
        # texts that are to stay texts are of a kind of their own, which they would lose
        if not cells or any(type(cell) is not str or BETWEEN in cell for cell in cells):
            return cells
        return BETWEEN.join(cells).encode("utf-8", "surrogatepass")
