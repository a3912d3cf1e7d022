"""What rules ask of the list, and what it answers; ``equipment/index/`` is what answers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Protocol

import numpy as np
import numpy.typing as npt

from equipment.domain.values.dates import Status
from equipment.domain.values.fields import FieldType

__all__ = ["Columns", "Counts", "Listed", "Rows"]

Rows = npt.NDArray[np.uint32]
"""Numbers of records in one picture of the list; in the next picture they mean others."""
Columns = tuple[list[str], dict[str, list[str]]]
"""The keys of some records and, by column, their texts."""


@dataclass(frozen=True)
class Counts:
    """The numbers above the list."""

    records: int
    overdue: int
    due: int
    no_serial: int
    same_serial: int


class Listed(Protocol):
    """The list at one moment. Of a column one asks for its different texts, for the rows that have some of them, or
    for the texts of some rows: the whole of it is a million texts."""

    def __len__(self) -> int: ...

    @property
    def columns(self) -> list[str]:
        """Names of the columns found in the data, usual ones first."""

    def rows(self) -> Rows:
        """Give all of its rows, in its order."""

    def keys(self, rows: Rows) -> list[str]:
        """Give the keys of some rows."""

    def texts(self, column: str, rows: Rows) -> list[str]:
        """Give a column of some rows; a field that is missing is empty text."""

    def values(self, column: str) -> Mapping[str, int]:
        """Give the different texts of a column, each with the number of records that have it."""

    def rows_having(self, column: str, texts: Iterable[str]) -> Rows:
        """Give the rows that have one of these texts in a column, in the list's order."""

    def rows_alike(self, column: str, text: str) -> Rows:
        """Give the rows in which a column says what the text says, whatever its case, accents and blanks around."""

    def rows_of(self, keys: Sequence[str]) -> Rows:
        """Give the rows of these keys that are in the list, in the list's order."""

    def by_status(self, types: Mapping[str, FieldType], today: date, soon: int) -> Mapping[Status, int]:
        """Count the records of each calibration status; every status is there."""
