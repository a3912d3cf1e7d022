"""The sets of the original system: eight keys of metadata and a plain pandas CSV.

The only place that knows them. Such a file has LF row ends (CRLF when written on Windows), no ``_id``, every value as
it was typed, no file at all for an empty collection, and a hash that cannot be recomputed. Everything is read as
text; a value then takes the live field's type where that type is uniform, else a canonical integer becomes an
integer, else it stays text. The decisions are collected in words for the preview.
"""

from __future__ import annotations

import codecs
import hashlib
import io
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, BinaryIO

import bson
from bson import ObjectId

from backup_engine.csv_format.rows import QUOTED
from backup_engine.errors import VerificationFailed
from backup_engine.model import SILENT, Batch, Watch
from backup_engine.records import raw
from backup_engine.records.live_profile import LiveProfile, key_text
from backup_engine.records.text import as_live, as_number

__all__ = ["Converter", "Table", "documents", "open_table"]

Opener = Callable[[], BinaryIO]
CHUNK = 1 << 20
BATCH = 1_000
CELL_LIMIT = 128 << 20
"""Characters a cell may have; the reader of this product's own format has the same limit."""

@dataclass(frozen=True)
class Table:
    """A CSV as text: the header, and the rows one by one as ``(row number from 1, cells)``."""

    header: tuple[str, ...]
    encoding: str
    rows: Iterator[tuple[int, list[str]]]
    notes: tuple[str, ...] = ()


def open_table(opener: Opener) -> Table:
    """Read a CSV of the original system; ``opener`` gives the file anew each time.

    Raises ``VerificationFailed`` while the rows are read, naming the row whose cells do not fit the header.
    """
    encoding = _encoding(opener)
    records = _records(opener(), encoding)
    first = next(records, "")
    windows = first.endswith("\r")
    header, notes = _header(_cells(first.removesuffix("\r") if windows else first))
    return Table(header, encoding, _rows(records, len(header), windows), (*notes, *_encoding_note(encoding)))


def _rows(records: Iterator[str], width: int, windows: bool) -> Iterator[tuple[int, list[str]]]:
    number = 0
    for record in records:
        row = record.removesuffix("\r") if windows else record
        if not row:
            continue
        number += 1
        cells = _cells(row)
        if len(cells) != width:
            raise VerificationFailed(f"row {number:,} has {len(cells)} cells where the header has {width}")
        yield number, cells


def _records(source: BinaryIO, encoding: str) -> Iterator[str]:
    """Split at LF outside quotes only: a lone CR belongs to its cell."""
    with io.TextIOWrapper(source, encoding=encoding, errors="legacy_byte", newline="\n") as text:
        # Counted line by line: counting in all that is pending took the square of a quote that does not close.
        pending, size, quotes = list[str](), 0, 0
        for line in text:
            pending.append(line)
            size += len(line)
            quotes += line.count('"')
            if size > CELL_LIMIT:
                raise VerificationFailed("a quoted cell does not end")
            if quotes % 2 == 0:
                yield "".join(pending).removesuffix("\n")
                pending, size, quotes = [], 0, 0
        if pending:
            raise VerificationFailed("the file ends inside a quoted cell")


def _cells(record: str) -> list[str]:
    if '"' not in record:
        return record.split(",")
    cells, at = [], 0
    while True:
        match = QUOTED.match(record, at)
        if match and (match.end() == len(record) or record[match.end()] == ","):
            cells.append(match.group(1).replace('""', '"'))
            end = match.end()
        else:
            end = record.find(",", at)
            end = len(record) if end < 0 else end
            cells.append(record[at:end])
        if end == len(record):
            return cells
        at = end + 1


def _encoding(opener: Opener) -> str:
    decoder = codecs.getincrementaldecoder("utf-8")()
    with opener() as source:
        try:
            # to the end: the first byte that is not UTF-8 may stand in the last row
            while chunk := source.read(CHUNK):
                decoder.decode(chunk)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            return "cp1252"
    return "utf-8-sig"


def _legacy_byte(error: UnicodeError) -> tuple[str, int]:
    """Five bytes mean nothing in cp1252; they come in as the characters of the same number."""
    if not isinstance(error, UnicodeDecodeError):
        raise error
    return error.object[error.start:error.end].decode("latin-1"), error.end


codecs.register_error("legacy_byte", _legacy_byte)


def _encoding_note(encoding: str) -> tuple[str, ...]:
    return ("The file is not UTF-8 and is read as Windows-1252.",) if encoding == "cp1252" else ()


def _header(names: list[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    header: list[str] = []
    notes: list[str] = []
    for position, name in enumerate(names):
        # as pandas calls it
        unique = name or f"Unnamed: {position}"
        while unique in header:
            unique += " (2)"
        if unique != name:
            notes.append(f"Column {position + 1} is called “{unique}” here: its own name is empty or taken.")
        header.append(unique)
    return tuple(header), tuple(notes)


@dataclass
class Converter:
    """Turns rows of text into documents and remembers what it decided.

    ``seed`` names the set and collection; from it and the row number comes the ``_id`` of a record that is not in
    the live collection, so that reading twice gives the same documents.
    """

    header: tuple[str, ...]
    live: LiveProfile
    seed: str
    identity: str | None = None
    counts: Counter[tuple[str, str]] = field(default_factory=Counter)

    def document(self, number: int, cells: list[str]) -> bytes:
        """Give the document of one row; its ``_id`` comes first."""
        document: dict[str, Any] = {}
        for name, text in zip(self.header, cells, strict=True):
            if name == "_id":
                continue
            if text:
                document[name] = self._value(name, text)
            else:
                self._empty(document, name)
        # as it is stored: an _id of the live list may hold what Python cannot
        return raw.build([(b"_id", self._id(number, cells)), *raw.elements(bson.encode(document))])

    def decisions(self) -> list[str]:
        """Say in sentences what was decided, column by column."""
        said = [f"{name}: {words} ({count:,})" for (name, words), count in self.counts.items()]
        taken = f"Records are recognised by {self.identity}." if self.identity else "No column identifies the records."
        return [taken, *said]

    def _value(self, name: str, text: str) -> Any:
        profile = self.live.fields.get(name)
        value = as_number(text) if profile is None or profile.type is None else as_live(text, profile.type)
        kind = type(value).__name__
        if value is None:
            value, kind = text, "str"
            self.counts[name, f"does not fit the current type {profile.type.__name__} and stays text"
                         if profile and profile.type else "stays text"] += 1
        elif kind != "str":
            self.counts[name, f"read as {kind}"] += 1
        return value

    def _empty(self, document: dict[str, Any], name: str) -> None:
        profile = self.live.fields.get(name)
        if profile is not None and profile.missing:
            self.counts[name, "empty cells become missing fields"] += 1
            return
        document[name] = "" if profile is None else profile.empty
        self.counts[name, "empty cells become null" if document[name] is None else "empty cells become empty text"] += 1

    def _id(self, number: int, cells: list[str]) -> bytes:
        if "_id" in self.header:
            text = cells[self.header.index("_id")]
            return raw.element_of(ObjectId(text) if ObjectId.is_valid(text) else text)
        if self.identity:
            known = self.live.identities[self.identity]
            key = key_text(cells[self.header.index(self.identity)])
            if key in known:
                self.counts["_id", "taken over from the current record"] += 1
                return known[key]
        self.counts["_id", "new"] += 1
        return raw.element_of(ObjectId(hashlib.sha256(f"{self.seed}/{number}".encode()).digest()[:12]))


def converter(opener: Opener, live: LiveProfile, seed: str, watch: Watch = SILENT) -> Converter:
    """Choose the identity by reading the file once: the first live identity that is filled and unique here too."""
    table = open_table(opener)
    possible: dict[str, set[str]] = {name: set() for name in live.identities if name in table.header}
    for number, cells in table.rows:
        if number % BATCH == 1:
            watch.step("Reading the backup", number)
        for name in list(possible):
            text = key_text(cells[table.header.index(name)])
            if not text or text in possible[name]:
                del possible[name]
            else:
                possible[name].add(text)
    return Converter(table.header, live, seed, next(iter(possible), None))


def documents(
    opener: Opener, live: LiveProfile, seed: str, *, decided: list[str] | None = None, watch: Watch = SILENT
) -> Iterator[Batch]:
    """Give the documents of a CSV in batches; ``decided`` receives the decisions when the last row is out."""
    convert = converter(opener, live, seed, watch)
    table = open_table(opener)
    batch: list[bytes] = []
    for number, cells in table.rows:
        batch.append(convert.document(number, cells))
        if len(batch) == BATCH:
            watch.step("Reading the backup", number)
            yield b"".join(batch)
            batch = []
    if batch:
        yield b"".join(batch)
    if decided is not None:
        decided += [*table.notes, *convert.decisions()]
