"""Reading a CSV of this product whose metadata is lost: column types are guessed from the text.

Exact all the same: whatever begins with ``~`` says its type itself. Guessed: whether plain digits are numbers or text,
32 or 64 bits, double or decimal; and the order of fields is that of the header.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from backup_engine.csv_format.cells import PARSERS, parse_typed
from backup_engine.csv_format.decoder import FAULTS, BadRow, Decoder
from backup_engine.csv_format.extended import dumps, loads
from backup_engine.csv_format.rows import ROW_END, ROW_END_BYTES, cells_of, quote
from backup_engine.errors import VerificationFailed
from backup_engine.model import SILENT, BackupSet, Column, ColumnType, Layout, Part, Watch
from backup_engine.repository.text_view import lines_of
from backup_engine.workspace import Workspace

__all__ = ["guess_layout", "guessed_rows", "is_ours"]

STEP = 10_000
TAIL = "~"
INT32 = range(-(1 << 31), 1 << 31)
INTEGER = re.compile(r"0|-?[1-9][0-9]{0,18}")
LOOKS: dict[ColumnType, re.Pattern[str]] = {
    "objectId": re.compile(r"[0-9a-f]{24}"),
    "date": re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z"),
    "uuid": re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"),
    "bool": re.compile(r"true|false"),
    "int64": INTEGER,
    "double": re.compile(r"-?[0-9]+(\.[0-9]+)?(e[-+]?[0-9]+)?"),
    "json": re.compile(r"[\[{].*[\]}]", re.DOTALL),
}
"""Tried in this order; a column whose plain cells all look alike has that type, any other is text."""


def is_ours(ws: Workspace, backup: BackupSet, part: Part) -> bool:
    """Whether a file has the header this product writes (``_id`` first, ``~`` last, CR LF)."""
    try:
        with ws.catalog.open_part(backup, part.key) as stored:
            head = ws.seal.open(stored, str(part.file)).read(1 << 20).partition(ROW_END_BYTES)
    except VerificationFailed:
        return False
    names = head[0].decode("utf-8", "replace")
    return bool(head[1]) and (names == "_id" or (names.startswith("_id,") and names.endswith(",~")))


def guess_layout(ws: Workspace, backup: BackupSet, part: Part, watch: Watch = SILENT) -> Layout:
    """Read the file once and guess its columns. Raises ``VerificationFailed`` for a header that is none."""
    with lines_of(ws, backup, part) as lines:
        names = _header(next(lines, ""))
        possible: list[list[ColumnType]] = [list(LOOKS) for _ in names]
        filled, wide = [False] * len(names), [False] * len(names)
        for number, line in enumerate(lines):
            if number % STEP == 0:
                watch.step("Guessing the types", number)
            for position, cell in enumerate(_cells(line, len(names))):
                if cell and cell[0] != TAIL:
                    filled[position] = True
                    looks = possible[position]
                    looks[:] = [look for look in looks if LOOKS[look].fullmatch(cell) and _parses(look, cell)]
                    wide[position] |= "int64" in looks and int(cell) not in INT32
    kinds = (_kind(looks if seen else [], big) for looks, seen, big in zip(possible, filled, wide, strict=True))
    return Layout(tuple(Column(name, kind) for name, kind in zip(names, kinds, strict=True)))


def guessed_rows(
    ws: Workspace, backup: BackupSet, part: Part, layout: Layout
) -> Iterator[tuple[int, bytes | BadRow]]:
    """Give row by row the document, or why there is none. Tombstones are left out."""
    decoder = Decoder(layout)
    with lines_of(ws, backup, part) as lines:
        next(lines, None)
        for number, line in enumerate(lines, 1):
            yield from decoder.decode_each((_without_order(line) + ROW_END).encode("utf-8", "surrogateescape"), number)


def _without_order(line: str) -> str:
    """Field orders stand in the metadata: without it a row keeps the header's order."""
    if '""order""' not in line:  # as it stands in a quoted cell
        return line
    try:
        *cells, tail = cells_of(line)
        said = loads(tail)
        said.pop("order", None)
        return ",".join([*map(quote, cells), quote(dumps(said)) if said else ""])
    except (*FAULTS, AttributeError):
        return line


def _header(line: str) -> list[str]:
    try:
        cells = cells_of(line)
        names = [str(parse_typed(cell)) if cell.startswith(TAIL) else cell for cell in cells if cell != TAIL]
    except FAULTS as error:
        raise VerificationFailed(f"the header cannot be read: {error}") from error
    if not names or names[0] != "_id":
        raise VerificationFailed("the header does not begin with _id")
    return names


def _cells(line: str, width: int) -> list[str]:
    try:
        return cells_of(line)[:width]
    except ValueError:
        return []


def _parses(look: ColumnType, cell: str) -> bool:
    parse = PARSERS[look]
    try:
        value = None if parse is None else parse(cell)
        # a double is written as the shortest text that reads back the same: "1.50" was text
        return repr(value) == cell if look == "double" else value is not None
    except FAULTS:
        return False


def _kind(looks: list[ColumnType], wide: bool) -> ColumnType:
    if not looks:
        return "string"
    first = looks[0]
    return "int32" if first == "int64" and not wide else first
