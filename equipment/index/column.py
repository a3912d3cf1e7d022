"""One column of rows that never change: its different texts, and by row which of them it is.

What follows from the texts is made once for each different one: how they are folded, their place in the order, the
number in them. A filter is a yes or no by text, which the rows look up.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from equipment.domain.values import collation
from equipment.domain.values.fields import DATES, TYPES, Date, FieldType
from equipment.index import bisecting

__all__ = ["Codes", "Column", "Mask", "Rows", "as_bools", "name_of", "numbers_of", "small"]

Mask = npt.NDArray[np.bool_]
Rows = npt.NDArray[np.uint32]
Codes = npt.NDArray[np.unsignedinteger[Any]]
MOST_PLACED: Final = 50_000
"""Texts of changed rows whose place among the others is remembered."""
FIRST: Final = 1_000
MOST_DIGITS: Final = 18
"""Of a whole number; more do not fit into 64 bits."""


def name_of(kind: FieldType | None) -> str:
    """Name how a column is read for its order; empty: as text."""
    if kind is None or not kind.has_range:
        return ""
    return f"{kind.name} {kind.order}".strip() if isinstance(kind, Date) else kind.name


class Column:
    """The texts of a column. ``words`` are the different ones, ``codes`` the number of its word for every row;
    ``known`` is what was made of them before: ``folded`` and ``places`` by word, ``order …`` by row, ``numbers …``."""

    def __init__(self, words: pa.Array, codes: Codes, known: Mapping[str, Any] | None = None) -> None:
        self.words, self.codes = words, codes
        self._memo: dict[str, Any] = dict(known or {})
        self._placed: dict[tuple[str, str], int] = {}
        self._lock = threading.Lock()

    @classmethod
    def of(cls, texts: pa.Array | pa.ChunkedArray) -> Column:
        """Make it of the text of every row; null is empty text."""
        # Large strings: the offsets of plain ones end at 2 GiB of text in a column.
        encoded = pc.fill_null(texts, "").dictionary_encode()
        if isinstance(encoded, pa.ChunkedArray):
            encoded = encoded.combine_chunks() if encoded.num_chunks else pa.array([], encoded.type)
            encoded = encoded.chunk(0) if isinstance(encoded, pa.ChunkedArray) else encoded
        return cls(encoded.dictionary, small(encoded.indices.to_numpy(zero_copy_only=False), len(encoded.dictionary)))

    @classmethod
    def blank(cls, rows: int) -> Column:
        """Make a column that no row has."""
        return cls(pa.array([""], pa.large_string()), np.zeros(rows, np.uint8))

    def __len__(self) -> int:
        return len(self.codes)

    def texts(self, rows: Rows) -> pa.Array:
        """Give the texts of some rows."""
        return self.words.take(pa.array(self.codes[rows]))

    def rows_where(self, yes: Mask) -> Mask:
        """Say which rows have a word of which ``yes`` says so."""
        return yes[self.codes]

    def counted(self, mask: Mask | None) -> npt.NDArray[np.int64]:
        """Count the rows of each word, all of them or those of a mask."""
        if mask is None:
            return self.once("counted", lambda: np.bincount(self.codes, minlength=len(self.words)).astype(np.uint32))
        return np.bincount(self.codes[mask], minlength=len(self.words))

    def is_left(self, alive: Mask) -> bool:
        """Whether one of these rows has a text in it, or no row ever had one."""
        empty = self.once("empty", lambda: pc.index(self.words, "").as_py())
        if empty < 0:
            return bool(alive.any())
        # Most columns are filled everywhere: a look at the first rows does, and not 2 ms for each of them.
        if (self.codes[:FIRST][alive[:FIRST]] != empty).any():
            return True
        filled = self.codes != empty
        return bool((filled & alive).any() or not filled.any())

    @property
    def folded(self) -> pa.Array:
        """The words as they are compared with what somebody looks for."""
        return self.once("folded", lambda: collation.folded(self.words))

    @property
    def composed(self) -> pa.Array:
        """The words with the same text wherever they look the same."""
        return self.once("composed", self._composed)

    @property
    def looks(self) -> tuple[npt.NDArray[np.int64] | None, pa.Array]:
        """What the words look like: by word the number of its look, None where each has its own, and the looks."""
        return self._looks()

    @property
    def trimmed(self) -> pa.Array:
        """The folded words without blanks around them."""
        return pc.utf8_trim_whitespace(self.folded)

    @property
    def places(self) -> npt.NDArray[np.int64]:
        """The place of each word in the order of texts; blank ones have ``collation.BLANK``."""
        return self.once("places", lambda: collation.ranks(self.words))

    @property
    def filled(self) -> int:
        """Rows whose text has a visible character."""
        return self.once("filled", lambda: int(np.count_nonzero((self.places != collation.BLANK)[self.codes])))

    def numbers(self, kind: FieldType) -> npt.NDArray[np.float64]:
        """Give what each word sorts and compares by; NaN where it says no number."""
        return self.once(f"numbers {_key_of(kind)}", lambda: numbers_of(self.words, kind))

    @property
    def whole_numbers(self) -> npt.NDArray[np.int64]:
        """The whole number that each word is; -1 for one that is none."""
        return self.once("whole", lambda: np.array([_whole(word) for word in self.words.to_pylist()], np.int64))

    def kinds_asked(self) -> list[FieldType]:
        """Give the kinds whose numbers are known."""
        return [kind for kind in (TYPES["number"], *DATES.values()) if f"numbers {name_of(kind)}" in self._memo]

    def order(self, kind: FieldType | None) -> Rows:
        """Give the rows in order: by numbers first, where the kind has any; what is no number is behind, and blank
        texts are last. Rows of the same text stay in the order they have."""
        return self.once(f"order {name_of(kind)}".strip(), lambda: self._sorted(kind))

    def words_in_order(self, kind: FieldType | None) -> tuple[Rows, Rows]:
        """Give the words that are not blank in their order, and how many rows the first so many of them have."""
        name = name_of(kind)
        by = self.once(f"by {name}".strip(), lambda: self._by(kind))
        return by, self.once(f"ends {name}".strip(), lambda: np.concatenate(
            [[0], np.cumsum(self.counted(None)[by])]).astype(np.uint32))

    def positions(self, texts: pa.Array, kind: FieldType | None) -> npt.NDArray[np.int64]:
        """Give for each text how many rows of ``order`` stand before it or have it; all of them for a blank one."""
        encoded, name = texts.dictionary_encode(), name_of(kind)
        words = encoded.dictionary.to_pylist()
        with self._lock:
            new = [word for word in words if (name, word) not in self._placed]
        if new:
            found = self._find_positions(pa.array(new, pa.large_string()), kind)
            with self._lock:
                if len(self._placed) + len(new) > MOST_PLACED:
                    self._placed.clear()
                    new, found = words, self._find_positions(encoded.dictionary, kind)
                self._placed.update(zip(((name, word) for word in new), found.tolist(), strict=True))
        with self._lock:
            known = np.array([self._placed[name, word] for word in words] or [0], np.int64)
        return known[encoded.indices.to_numpy()]

    def once(self, name: str, make: Callable[[], Any]) -> Any:
        """Give what was made under a name, made now if it was not."""
        if name not in self._memo:
            self._memo[name] = make()
        return self._memo[name]

    def _composed(self) -> pa.Array:
        composed = collation.composed(self.words)
        return self.words if composed.equals(self.words) else composed

    def _looks(self) -> tuple[npt.NDArray[np.int64] | None, pa.Array]:
        if self.composed is self.words:
            return None, self.words
        if "look of" not in self._memo:
            encoded = self.composed.dictionary_encode()
            self._memo["looks like"] = encoded.dictionary
            self._memo["look of"] = encoded.indices.to_numpy().astype(np.int64)
        return self._memo["look of"], self._memo["looks like"]

    def kept(self, name: str) -> Any:
        """Give what ``keep`` kept, or None."""
        return self._memo.get(name)

    def keep(self, name: str, made: Any) -> None:
        """Keep something in the place of what was kept under this name."""
        self._memo[name] = made

    def _ranks(self, kind: FieldType | None) -> Codes:
        """Give every word its rank in the order; blank ones share the last."""
        places = self.places
        # NaN, what is no number, is last.
        by = np.argsort(places, kind="stable") if kind is None else np.lexsort((places, self.numbers(kind)))
        ranks = np.empty(len(by), np.uint32)
        ranks[by] = np.arange(len(by), dtype=np.uint32)
        blank = places == collation.BLANK
        if blank.any():
            ranks[blank] = ranks[blank].min()
        return ranks

    def _by(self, kind: FieldType | None) -> Rows:
        by = np.argsort(self._ranks(kind), kind="stable").astype(np.uint32)
        return by[self.places[by] != collation.BLANK]

    def _sorted(self, kind: FieldType | None) -> Rows:
        ranks = self._ranks(kind)
        # Of 16 bits numpy sorts 1,000,000 in 9 ms instead of 90.
        small = ranks.astype(np.uint16) if len(ranks) < 1 << 16 else ranks
        return np.argsort(small[self.codes], kind="stable").astype(np.uint32)

    def _find_positions(self, texts: pa.Array, kind: FieldType | None) -> npt.NDArray[np.int64]:
        by, ends = self.words_in_order(kind)
        keys = collation.keys(texts)
        numbers = _last(numbers_of(texts, kind)) if kind is not None else np.zeros(len(texts))
        own = _last(self.numbers(kind)) if kind is not None else None

        def is_more(places: npt.NDArray[np.int64], which: npt.NDArray[np.int64]) -> Mask:
            at = by[places]
            more = as_bools(pc.greater(collation.keys(self.words.take(pa.array(at))), keys.take(pa.array(which))))
            if own is None:
                return more
            return (own[at] > numbers[which]) | ((own[at] == numbers[which]) & more)

        found = ends[bisecting.after(len(by), len(texts), is_more)].astype(np.int64)
        found[collation.is_blank(keys)] = len(self)
        return found


def as_bools(array: pa.Array) -> Mask:
    """Give Arrow's yes and no as numpy's."""
    return np.asarray(array.to_numpy(zero_copy_only=False), dtype=bool)


def numbers_of(words: pa.Array, kind: FieldType) -> npt.NDArray[np.float64]:
    """Give what each text sorts and compares by; NaN where it says no number."""
    keys = [kind.key(text) for text in words.to_pylist()]
    return np.array([np.nan if key is None else key for key in keys], dtype=np.float64)


def small(codes: npt.NDArray[Any], words: int) -> Codes:
    """Give the numbers of words in the fewest bytes that hold them."""
    return codes.astype(np.uint8 if words <= 1 << 8 else np.uint16 if words <= 1 << 16 else np.uint32)


def _whole(text: str) -> int:
    shown = text.strip()
    # isascii: to isdigit "²" is a digit, and int refuses it.
    return int(shown) if shown.isascii() and shown.isdigit() and len(shown) <= MOST_DIGITS else -1


def _key_of(kind: FieldType) -> str:
    return name_of(kind) or kind.name


def _last(numbers: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    return np.where(np.isnan(numbers), np.inf, numbers)
