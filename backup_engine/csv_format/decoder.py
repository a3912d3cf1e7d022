"""CSV text to documents, the inverse of ``encoder``.

Reading is strict: what the writer never writes is refused with the row's number, never guessed at.
"""

from __future__ import annotations

from base64 import b64decode
from dataclasses import dataclass
from typing import Any

from bson.errors import BSONError

from backup_engine.csv_format.cells import MISSING, column_values
from backup_engine.csv_format.extended import loads
from backup_engine.csv_format.rows import ROW_END_BYTES, columns_of
from backup_engine.model import Layout
from backup_engine.records.exact import encode, encode_all
from backup_engine.records.raw import is_document

__all__ = ["BadRow", "Decoded", "Decoder", "Tombstone"]

AT_ONCE = 200
"""Rows taken apart at a time; see ``encoder.AT_ONCE``."""
LAST_COLUMN = frozenset({"bson", "deleted", "order", "more"})
"""What the object in the last column may say; ``docs/backup-format.md``, "CSV"."""
# A cell may hold anything: decimals raise ArithmeticError, nested JSON RecursionError, odd values BSONError.
FAULTS = (ValueError, KeyError, IndexError, TypeError, ArithmeticError, RecursionError, BSONError)


@dataclass(frozen=True)
class BadRow:
    """A row that is no document: its number, counted from 1 without the header, and why."""

    row: int
    why: str


@dataclass(frozen=True)
class Tombstone:
    """A row that says a record is gone; ``identity`` is its ``{"_id": …}`` document."""

    identity: bytes


@dataclass(frozen=True)
class Decoded:
    """Documents of some rows, tombstones (as ``{"_id": …}`` documents) apart, and what could not be read."""

    documents: tuple[bytes, ...]
    tombstones: tuple[bytes, ...]
    bad: tuple[BadRow, ...]


class Decoder:
    """Turns rows into documents."""

    def __init__(self, layout: Layout) -> None:
        self._columns = layout.columns
        self._orders = layout.orders
        self._names = tuple(column.name for column in layout.columns)

    def decode(self, text: bytes, first: int = 1) -> Decoded:
        """Decode whole rows, the first of which has that number."""
        items = self.rows(text, first)
        documents = tuple(item for item in items if isinstance(item, bytes))
        tombstones = tuple(item.identity for item in items if isinstance(item, Tombstone))
        bad = tuple(item for item in items if isinstance(item, BadRow))
        return Decoded(documents, tombstones, bad)

    def decode_each(self, text: bytes, first: int = 1) -> list[tuple[int, bytes | BadRow]]:
        """Decode row by row; what cannot be read stays in its place as a ``BadRow``. Tombstones are left out."""
        numbered = enumerate(self.rows(text, first), first)
        return [(number, item) for number, item in numbered if not isinstance(item, Tombstone)]

    def rows(self, text: bytes, first: int = 1) -> list[bytes | Tombstone | BadRow]:
        """Give what each row holds: rows together, or one by one when that fails."""
        rows = text.removesuffix(ROW_END_BYTES).split(ROW_END_BYTES)
        items: list[bytes | Tombstone | BadRow] = []
        for start in range(0, len(rows), AT_ONCE):
            piece = rows[start : start + AT_ONCE]
            try:
                items += self._decode_rows((ROW_END_BYTES.join(piece) + ROW_END_BYTES).decode())
            except FAULTS:
                items += [self._decode_one(row, number) for number, row in enumerate(piece, first + start)]
        return items

    def _decode_one(self, row: bytes, number: int) -> bytes | Tombstone | BadRow:
        try:
            return self._decode_rows((row + ROW_END_BYTES).decode())[0]
        except FAULTS as error:
            return BadRow(number, str(error) or type(error).__name__)

    def _decode_rows(self, text: str) -> list[bytes | Tombstone | BadRow]:
        cells = columns_of(text, len(self._columns) + 1)
        columns = [column_values(column.type, texts) for column, texts in zip(self._columns, cells[:-1], strict=True)]
        rows, names = zip(*(values for values, _ in columns), strict=True), self._names
        if any(missing for _, missing in columns):
            fields = [_present(names, items) for items in rows]
        else:
            fields = [dict(zip(names, items, strict=False)) for items in rows]
        if not any(cells[-1]):
            return [*encode_all(fields)]
        return [
            self._special(document, tail) if tail else encode(document)
            for document, tail in zip(fields, cells[-1], strict=True)
        ]

    def _special(self, fields: dict[str, Any], tail: str) -> bytes | Tombstone:
        """The document of a row whose ``~`` cell says more."""
        # Bytes are written last in the object, so a cell that begins with them holds nothing else and needs no JSON.
        said = loads(tail) if not tail.startswith('{"bson":"') else {"bson": tail[9:-2]}
        if not isinstance(said, dict) or not said or said.keys() - LAST_COLUMN:
            raise ValueError("the ~ cell is not one of ours")
        raw = b64decode(said["bson"], validate=True) if "bson" in said else b""
        # Bytes that are no whole document once took up to 999 good rows with them, the rest of their batch.
        if "bson" in said and not is_document(raw):
            raise ValueError("the bytes in the ~ cell are not one document")
        if said.get("deleted"):
            return Tombstone(raw or encode({"_id": fields["_id"]}))
        if raw:
            return raw
        fields |= said.get("more", {})
        if "order" not in said:
            return encode(fields)
        names = self._orders[said["order"]]
        if len(names) != len(fields):
            raise ValueError("the order of the fields does not fit")
        return encode({name: fields[name] for name in names})


def _present(names: tuple[str, ...], items: tuple[Any, ...]) -> dict[str, Any]:
    return {name: item for name, item in zip(names, items, strict=True) if item is not MISSING}

