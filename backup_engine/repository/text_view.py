"""A backup as a table of text, the way its CSV shows it, for the eyes of a person.

Cells stay as they are in the file: what begins with ``~`` is Extended JSON, an empty cell is a missing field. Or they
are written in somebody's words (``worded.py``).
"""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BufferedReader
from typing import TYPE_CHECKING, cast

from backup_engine.csv_format.cells import PARSERS, parse_typed
from backup_engine.csv_format.decoder import FAULTS
from backup_engine.csv_format.rows import cells_of, rows_of
from backup_engine.errors import BackupFileNotFound, NewerFormat, VerificationFailed
from backup_engine.model import SILENT, BackupSet, Layout, Part, Watch
from backup_engine.records.folding import fold
from backup_engine.records.frames import frame
from backup_engine.records.raw import element_of, id_of
from backup_engine.repository import legacy
from backup_engine.repository.worded import Cells, Words, worded
from backup_engine.workspace import Workspace

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["TextTable", "lines_of", "part_of", "preview", "text_of"]

STEP = 10_000
WHOLE = '{"bson":"'
TAIL = "~"
BETWEEN = "\x1f"
"""Stands between the cells of a row when all of them are searched, so that nothing is found across two."""


@dataclass(frozen=True)
class TextTable:
    """Column names, and the rows as lists of as many texts."""

    header: tuple[str, ...]
    rows: Iterator[list[str]]


def preview(
    ws: Workspace, backup: BackupSet, key: str, limit: int = 100, skip: int = 0, search: str = "",
    *, all_rows: bool = True, words: Words | None = None, watch: Watch = SILENT,
) -> tuple[pd.DataFrame, int]:
    """Give rows ``skip`` … ``skip + limit`` as text, and how many rows there are in all.

    Not ``all_rows``, reading ends with the last row shown, and the number is the one that the metadata promises: for a
    set in a remote, of which only these rows are fetched. A ``search`` reads all rows in any case.

    ``search`` keeps the rows in which any cell contains that text, whatever its case and accents
    (``records/folding.py``); the number is then that of the hits. The ``~`` column shows only where one of these rows
    uses it.

    ``words`` says how values are written, which a search then looks through; without, cells are shown as in the file.
    The texts of a legacy set are shown as they are in any case.
    """
    table = text_of(ws, backup, key, words)
    wanted = fold(search)
    shown: list[list[str]] = []
    hits = 0
    for number, cells in enumerate(table.rows):
        if number % STEP == 0:
            watch.step("Reading the backup", number)
        if wanted and wanted not in fold(BETWEEN.join(cells)):
            continue
        if skip <= hits < skip + limit:
            shown.append(cells)
        hits += 1
        if hits >= skip + limit and not all_rows and not wanted:
            hits = backup.parts[key].records
            break
    shown_table = frame(shown, table.header)
    unused = TAIL in shown_table and not shown_table[TAIL].any()
    return (shown_table.drop(columns=TAIL) if unused else shown_table), hits


def text_of(ws: Workspace, backup: BackupSet, key: str, words: Words | None = None) -> TextTable:
    """Give a collection of any set as text; a differential is shown as what it restores to."""
    part = part_of(backup, key)
    if backup.state == "legacy":
        if part.file is None:
            return TextTable((), iter(()))
        table = legacy.open_table(lambda: ws.catalog.open_part(backup, key))
        return TextTable(table.header, (cells for _, cells in table.rows))
    if backup.kind == "differential":
        return _overlaid(ws, backup, part, words)
    return TextTable(_names(part.layout), map(_written(part.layout, words), _rows(ws, backup, part)))


def part_of(backup: BackupSet, key: str) -> Part:
    """Give one collection of a set. Raises ``NewerFormat`` or ``BackupFileNotFound``."""
    if backup.state == "newer":
        raise NewerFormat(f"backup {backup.label}", hint="Update this program and try again.")
    if key not in backup.parts:
        raise BackupFileNotFound(f"backup {backup.label} has no file for {key}. {backup.problem}".strip())
    return backup.parts[key]


def _overlaid(ws: Workspace, backup: BackupSet, part: Part, words: Words | None) -> TextTable:
    base = ws.catalog.base_of(backup)
    below = part_of(base, part.key)
    names = tuple(dict.fromkeys((*_names(below.layout)[:-1], *_names(part.layout)[:-1], TAIL)))
    identify = _identifier(part.layout)
    replaced = {identify(cells) for cells in _rows(ws, backup, part)}

    def rows() -> Iterator[list[str]]:
        old = _identifier(below.layout)
        place, write = _placer(_names(below.layout), names), _written(below.layout, words)
        yield from (place(write(cells)) for cells in _rows(ws, base, below) if old(cells) not in replaced)
        place, write = _placer(_names(part.layout), names), _written(part.layout, words)
        yield from (place(write(cells)) for cells in _rows(ws, backup, part) if '"deleted":true' not in cells[-1])

    return TextTable(names, rows())


def _rows(ws: Workspace, backup: BackupSet, part: Part) -> Iterator[list[str]]:
    width = len(part.layout.columns) + 1
    with lines_of(ws, backup, part, limit=part.plain_bytes) as lines:
        next(lines, None)
        for number, line in enumerate(lines, 1):
            try:
                cells = cells_of(line)
            except ValueError as error:
                raise VerificationFailed(f"{part.file}, row {number:,}: {error}") from error
            if len(cells) != width:
                raise VerificationFailed(f"{part.file}, row {number:,} does not have {width} cells")
            yield [_visible(cell) for cell in cells]


@contextmanager
def lines_of(ws: Workspace, backup: BackupSet, part: Part, *, limit: int | None = None) -> Iterator[Iterator[str]]:
    """Open a file of ours as rows of text, the header first; ``limit`` are the plain bytes it may have.

    What follows damage in a layer is lost, no more.
    """
    with ws.catalog.open_part(backup, part.key) as stored, ws.seal.open(stored, str(part.file), limit=limit) as plain:
        yield rows_of(cast(BufferedReader, plain))


def _written(layout: Layout, words: Words | None) -> Cells:
    return worded(layout, words) if words is not None else lambda cells: cells


def _visible(cell: str) -> str:
    """Broken UTF-8 shows as replacement characters."""
    return cell if cell.isascii() else cell.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def _names(layout: Layout) -> tuple[str, ...]:
    """Column names for a table: a field that is called ``~`` itself steps aside for the special column."""
    return (*(f"{name} (field)" if name == TAIL else name for name in (c.name for c in layout.columns)), TAIL)


def _identifier(layout: Layout) -> Callable[[list[str]], bytes]:
    parse = PARSERS[layout.columns[0].type] if layout.columns else None

    def identify(cells: list[str]) -> bytes:
        try:
            if cells[-1].startswith(WHOLE):
                return id_of(b64decode(cells[-1][len(WHOLE):-2]))
            text = cells[0]
            return element_of(parse_typed(text) if text[:1] == TAIL else parse(text) if parse else text)
        except FAULTS as error:
            raise VerificationFailed(f"a row has no readable _id: {error}") from error

    return identify


def _placer(names: tuple[str, ...], wanted: tuple[str, ...]) -> Callable[[list[str]], list[str]]:
    positions = {name: position for position, name in enumerate(names)}
    order = [positions.get(name) for name in wanted]
    return lambda cells: ["" if position is None else cells[position] for position in order]
