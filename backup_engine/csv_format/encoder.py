"""Documents to CSV text, a few thousand at a time and column by column."""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from typing import Any

import bson

from backup_engine.csv_format.cells import LOST, MISSING, column_cells, string_cell
from backup_engine.csv_format.columns import MAX_ORDER_NAMES, MAX_ORDERS, field_names, order_of
from backup_engine.csv_format.extended import Inexact, dumps, has_dollar_names
from backup_engine.csv_format.rows import ROW_END, quote
from backup_engine.model import Column, Layout
from backup_engine.records.content_sum import EMPTY, Content
from backup_engine.records.exact import FAULTS, LENIENT, decode_all, decode_exactly

__all__ = ["Encoded", "Encoder", "header", "number_orders"]

BEFORE_A_NAME = frozenset([*range(0x01, 0x14), 0x7F, 0xFF])
"""Type bytes: before a ``$`` one of them may begin a name; a few dates and numbers look like it too."""
AT_ONCE = 200
"""Documents decoded at a time: they take ten times their bytes, and while that stays in the processor's cache encoding
takes a fifth less time than with 2,500."""
TOMBSTONE = quote('{"deleted":true}')


@dataclass(frozen=True)
class Encoded:
    """CSV rows of some documents.

    ``text`` names field orders that are not known yet as NUL, number, NUL: an index into ``orders``. (No cell holds a
    NUL.) ``number_orders`` puts the file's own numbers there. ``tasks.Encode`` fills in the digests.
    """

    text: bytes
    rows: int
    orders: tuple[tuple[str, ...], ...]
    rescued: int
    content: Content = EMPTY
    digest_rows: bytes = b""
    """Their rows of a table of digests, if wanted."""


def header(columns: tuple[Column, ...], *, empty: bool = False) -> bytes:
    """The first row of a file; an empty file has no ``~`` column."""
    cells = [string_cell(column.name) for column in columns]
    return (",".join(cells if empty else [*cells, "~"]) + ROW_END).encode()


def number_orders(encoded: Encoded, number: Callable[[tuple[str, ...]], int | None]) -> bytes | None:
    """Give the rows with the file's own order numbers; ``None`` when one of them gets no number."""
    if not encoded.orders:
        return encoded.text
    numbers = [str(given).encode() for names in encoded.orders if (given := number(names)) is not None]
    if len(numbers) < len(encoded.orders):
        return None
    return re.sub(rb"\0(\d+)\0", lambda match: numbers[int(match[1])], encoded.text)


class Encoder:
    """Turns documents into rows of the given columns. ``orders`` are the field orders already numbered."""

    def __init__(self, columns: tuple[Column, ...], orders: tuple[tuple[str, ...], ...] = (), *,
                 closed: bool = False) -> None:
        self._columns = columns
        self._names = tuple(column.name for column in columns)
        self._positions = field_names(columns)
        self._orders = {names: number for number, names in enumerate(orders)}
        self._ordinary: set[tuple[str, ...]] = set()
        """Lists of names that need no word in the ``~`` column."""
        self._closed = closed
        """No new orders: what needs one is kept as its bytes."""

    @property
    def layout(self) -> Layout:
        """What the rows look like, as far as this encoder knows."""
        return Layout(self._columns, tuple(self._orders))

    def encode(self, documents: list[bytes], force_bson: Collection[int] = (), *, deleted: bool = False,
               guarded: bool = True, legible: bool = True) -> Encoded:
        """Encode documents; those at the positions in ``force_bson`` are kept as their bytes in any case.

        With ``deleted`` they are ``{"_id": …}`` documents, and their rows are tombstones. ``guarded`` also keeps as
        bytes what Python cannot hold without loss; it takes a sixth of the time, and whoever decodes the rows again
        finds the same documents. ``legible`` fills the cells of such documents as far as they go.
        """
        new: dict[tuple[str, ...], int] = {}
        texts, rescued = [], 0
        for start in range(0, len(documents), AT_ONCE):
            piece = documents[start : start + AT_ONCE]
            decoded = decode_exactly(piece) if guarded else decode_all(piece)
            for position in force_bson:
                if start <= position < start + AT_ONCE:
                    decoded[position - start] = None
            text, count = self._encode_some(piece, decoded, new, deleted, legible)
            texts.append(text)
            rescued += count
        return Encoded("".join(texts).encode(), len(documents), tuple(new), rescued)

    def _encode_some(self, documents: list[bytes], decoded: list[dict[str, Any] | None],
                     new: dict[tuple[str, ...], int], deleted: bool, legible: bool) -> tuple[str, int]:
        """Rows of a few documents, and how many of them are kept as their bytes: at least the ``None`` ones."""
        rows: list[Iterable[Any]] = []
        tails: list[str | None] = []
        shown = [(_legible(raw) if legible else {}) if document is None else document
                 for raw, document in zip(documents, decoded, strict=True)]
        # One look at all the bytes spares nearly every chunk the look at its documents.
        dollars = b"$" in b"".join(documents) and any(map(_own_dollars, documents, shown))
        for document, fields in zip(decoded, shown, strict=True):
            if document is not None and tuple(document) == self._names:
                rows.append(document.values())
                tails.append("")
                continue
            rows.append([fields.get(name, MISSING) for name in self._names])
            tails.append(None if document is None else self._tail(document, tuple(document), new))
        columns = [
            column_cells(column.type, values, own_dollars=dollars)
            for column, values in zip(self._columns, zip(*rows, strict=True), strict=True)
        ]
        if deleted:
            tails = [TOMBSTONE if tail == "" else None for tail in tails]
        rescued = _rescue(columns, tails, documents, deleted)
        return ROW_END.join(map(",".join, zip(*columns, tails, strict=True))) + ROW_END, rescued

    def _tail(self, document: dict[str, Any], names: tuple[str, ...], new: dict[tuple[str, ...], int]) -> str | None:
        """The ``~`` cell; ``None`` when the document must be kept as its bytes."""
        if names in self._ordinary:
            return ""
        more = {name: document[name] for name in names if name not in self._positions}
        try:
            text = dumps({"more": more}) if more else ""
        except Inexact:
            return None
        if not order_of(names, self._positions):
            number = self._order(names, new)
            if number is None:
                return None
            # By hand: JSON would escape the NUL that stands for a number to come.
            text = f'{{"order":{number}{"," + text[1:] if text else "}"}'
        if not text and len(self._ordinary) < MAX_ORDERS:
            self._ordinary.add(names)
        return quote(text)

    def _order(self, names: tuple[str, ...], new: dict[tuple[str, ...], int]) -> str | None:
        number = self._orders.get(names)
        if number is not None:
            return str(number)
        if self._closed or len(names) > MAX_ORDER_NAMES:
            return None
        return f"\0{new.setdefault(names, len(new))}\0"


def _legible(raw: bytes) -> dict[str, Any]:
    try:
        return bson.decode(raw, LENIENT)
    except FAULTS:
        return {}


def _own_dollars(raw: bytes, shown: dict[str, Any]) -> bool:
    at = raw.find(b"$", 5)  # 4 bytes of length and a type byte come before the first name
    while at > 0:
        if raw[at - 1] in BEFORE_A_NAME:
            return has_dollar_names(shown)
        at = raw.find(b"$", at + 1)
    return False


def _rescue(columns: list[list[str]], tails: list[str | None], documents: list[bytes], deleted: bool) -> int:
    """Put the bytes of a document into its ``~`` cell wherever a cell is not exact, and say how many that were."""
    lost = {row for row, tail in enumerate(tails) if tail is None}
    for cells in columns:
        if LOST in cells:
            for row, cell in enumerate(cells):
                if cell == LOST:
                    cells[row] = ""
                    lost.add(row)
    for row in lost:
        said = f'"bson":"{b64encode(documents[row]).decode()}"'
        tails[row] = quote(f'{{"deleted":true,{said}}}' if deleted else f"{{{said}}}")
    return len(lost)
