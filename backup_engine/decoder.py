"""CSV text to documents, the inverse of ``encoder``.

Reading is strict: what the writer never writes is refused with the row's number, never guessed at.
"""

from __future__ import annotations

import re
from base64 import b64decode
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from bson.errors import BSONError

from backup_engine.cells import MISSING, PARSERS, parse_typed
from backup_engine.codec import digest_of, encode
from backup_engine.extended import loads
from backup_engine.model import Column, Layout

__all__ = ["BadRow", "Decoded", "Decoder", "split_row"]

FIELD_LIMIT = 128 * 2**20
QUOTED = re.compile(r'"((?:[^"]+|"")*+)"')
FAULTS = (ValueError, KeyError, IndexError, TypeError, OverflowError, RecursionError, BSONError)


@dataclass(frozen=True)
class BadRow:
    """A row that is no document: its number, counted from 1 without the header, and why."""

    row: int
    why: str


@dataclass(frozen=True)
class Decoded:
    """Documents of some rows, tombstones (as ``{"_id": …}`` documents) apart, and what could not be read.

    ``digest`` sums the documents and the tombstones.
    """

    documents: tuple[bytes, ...]
    tombstones: tuple[bytes, ...]
    bad: tuple[BadRow, ...]
    digest: int


def split_row(row: str) -> list[str]:
    """Cut a row into cells without their quotes. Raises ``ValueError``."""
    if '"' not in row:
        return row.split(",")
    parts = QUOTED.split(row)
    cells = parts[0].split(",")
    for quoted, plain in zip(parts[1::2], parts[2::2], strict=True):
        if cells[-1] or (plain and plain[0] != ","):
            raise ValueError("text beside a quoted cell")
        cells[-1] = quoted.replace('""', '"')
        cells += plain.split(",")[1:]
    if any('"' in part for part in parts[0::2]):
        raise ValueError("a quote that is not closed")
    return cells


class Decoder:
    """Turns rows into documents."""

    def __init__(self, layout: Layout) -> None:
        self._columns = layout.columns
        self._orders = layout.orders
        self._names = tuple(column.name for column in layout.columns)

    def decode(self, text: bytes, first: int = 1) -> Decoded:
        """Decode whole rows, the first of which has that number."""
        rows = _rows(text)
        try:
            found = self._decode_rows([split_row(row) for row in rows])
        except FAULTS:
            found = [self._decode_one(row, first + number) for number, row in enumerate(rows)]
        documents = tuple(item for item in found if isinstance(item, bytes))
        tombstones = tuple(item.identity for item in found if isinstance(item, _Tombstone))
        bad = tuple(item for item in found if isinstance(item, BadRow))
        return Decoded(documents, tombstones, bad, digest_of(documents) + digest_of(tombstones))

    def decode_each(self, text: bytes, first: int = 1) -> list[tuple[int, bytes | BadRow]]:
        """Decode row by row; what cannot be read stays in its place as a ``BadRow``. Tombstones are left out."""
        found = ((first + number, self._decode_one(row, first + number)) for number, row in enumerate(_rows(text)))
        return [(number, item) for number, item in found if not isinstance(item, _Tombstone)]

    def _decode_one(self, row: str, number: int) -> bytes | _Tombstone | BadRow:
        try:
            return self._decode_rows([split_row(row)])[0]
        except FAULTS as error:
            return BadRow(number, str(error) or type(error).__name__)

    def _decode_rows(self, rows: list[list[str]]) -> list[Any]:
        width = len(self._columns) + 1
        if any(len(row) != width for row in rows):
            raise ValueError(f"a row does not have {width} cells")
        if not rows:
            return []
        cells = list(zip(*rows, strict=True))
        values = [_parse(column, texts) for column, texts in zip(self._columns, cells[:-1], strict=True)]
        return [
            self._document(items, tail)
            for items, tail in zip(zip(*values, strict=True), cells[-1], strict=True)
        ]

    def _document(self, items: tuple[Any, ...], tail: str) -> bytes | _Tombstone:
        if not tail:
            return encode(self._fields(items))
        said = loads(tail) if not tail.startswith('{"bson":"') else {"bson": tail[9:-2]}
        if not isinstance(said, dict) or not said or said.keys() - {"bson", "deleted", "order", "more"}:
            raise ValueError("the ~ cell is not one of ours")
        raw = b64decode(said["bson"], validate=True) if "bson" in said else b""
        if said.get("deleted"):
            return _Tombstone(raw or encode({"_id": items[0]}))
        if raw:
            return raw
        fields = self._fields(items) | said.get("more", {})
        if "order" not in said:
            return encode(fields)
        names = self._orders[said["order"]]
        if len(names) != len(fields):
            raise ValueError("the order of the fields does not fit")
        return encode({name: fields[name] for name in names})

    def _fields(self, items: tuple[Any, ...]) -> dict[str, Any]:
        if MISSING not in items:
            return dict(zip(self._names, items, strict=True))
        return {name: item for name, item in zip(self._names, items, strict=True) if item is not MISSING}


@dataclass(frozen=True)
class _Tombstone:
    identity: bytes


def _rows(text: bytes) -> list[str]:
    rows = text.decode("utf-8", "surrogateescape").split("\r\n")
    if rows and rows[-1] == "":
        rows.pop()
    return rows


def _parse(column: Column, texts: Sequence[str]) -> Sequence[Any]:
    parse: Callable[[str], Any] | None = PARSERS[column.type]
    if parse is None:
        return [parse_typed(text) if text[:1] in "~" else text for text in texts]
    return [parse_typed(text) if text[:1] in "~" else parse(text) for text in texts]
