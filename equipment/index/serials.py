"""Records without a serial and records whose serial another one has: that takes the whole list to tell.

How often the base has each serial is counted once; a sheet adds and takes away what changed.
"""

from __future__ import annotations

from typing import Final, Literal

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from equipment.index.column import Column, Mask
from equipment.index.segment import Segment

__all__ = ["Serials"]

FEW: Final = 20
"""Texts that are looked for one by one: 3 ms each among 1,000,000, and 150 ms for any number of them at once."""
Groups = npt.NDArray[np.int32]


class Serials:
    """The serials of one sheet, folded and without blanks around them."""

    def __init__(self, base: Segment, alive: Mask | None, changed: Segment, column: str) -> None:
        self._base, self._changed = base.column(column), changed.column(column)
        self._first = base
        self._groups, self._texts, counts = self._base.once("groups", lambda: _grouped(self._base))
        self._theirs, more = self._groups_of_changed()
        self._counts = np.concatenate([counts, np.zeros(more, np.int32)])
        if alive is not None:
            np.subtract.at(self._counts, self._groups[self._base.codes[~alive]], 1)
        np.add.at(self._counts, self._theirs[self._changed.codes], 1)
        self._blank = _place_of_blank(self._texts, self._theirs, self._changed)

    def counts(self) -> tuple[int, int]:
        """Give the records without a serial, and those with a serial that others have."""
        repeated = self._counts[self._counts > 1].sum()
        without = 0 if self._blank is None else self._counts[self._blank]
        return int(without), int(repeated - (without if without > 1 else 0))

    def having(self, segment: Segment, only: Literal["no serial", "same serial"]) -> Mask:
        """Say which rows of the base, or of the changed ones, are such; those that are no longer so are as they were.
        """
        yes = self._counts > 1
        if only == "no serial":
            yes[:] = False
        if self._blank is not None:
            yes[self._blank] = only == "no serial"
        column, groups = (self._base, self._groups) if segment is self._first else (self._changed, self._theirs)
        return column.rows_where(yes[groups])

    def _groups_of_changed(self) -> tuple[Groups, int]:
        """Give the group of each word of the changed rows, and how many of these the base has not."""
        trimmed = self._changed.trimmed
        found: dict[str, int] = self._base.once("found groups", dict)
        unknown = [text for text in trimmed.to_pylist() if text not in found]
        if len(unknown) <= FEW:
            places = [pc.index(self._texts, text).as_py() for text in unknown]
        else:
            wanted = pa.array(unknown, pa.large_string())
            places = pc.fill_null(pc.index_in(wanted, value_set=self._texts), -1).to_pylist()
        known = dict(zip(unknown, places, strict=True))
        groups = np.array([known[text] if text in known else found[text] for text in trimmed.to_pylist()], np.int32)
        found.update(known)
        new = trimmed.filter(pa.array(groups < 0)).dictionary_encode()
        groups[groups < 0] = len(self._texts) + new.indices.to_numpy()
        return groups, len(new.dictionary)


def _grouped(column: Column) -> tuple[Groups, pa.Array, npt.NDArray[np.int32]]:
    """Give the group of each word, the text of each group, and how many rows each has."""
    encoded = column.trimmed.dictionary_encode()
    groups = encoded.indices.to_numpy().astype(np.int32)
    counts = np.bincount(groups, column.counted(None), minlength=len(encoded.dictionary)).astype(np.int32)
    return groups, encoded.dictionary, counts


def _place_of_blank(texts: pa.Array, theirs: Groups, changed: Column) -> int | None:
    place = pc.index(texts, "").as_py()
    if place >= 0:
        return int(place)
    beside = pc.index(changed.trimmed, "").as_py()
    return int(theirs[beside]) if beside >= 0 else None
