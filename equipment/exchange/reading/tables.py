"""Read a table somebody made: CSV in whatever encoding and separator, or XLSX. Every cell stays text as typed.

Bytes become text (``decoding``), text rows (``dialect``, ``delimited``) or a sheet rows (``workbook``); of these some
are column names (``header``) and some no records (``endings``). What is not in the table is in a note, with its number.
"""

from __future__ import annotations

import codecs
import csv
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice, repeat, zip_longest
from typing import BinaryIO

from backup_engine.errors import BadInput
from backup_engine.records.text import Verbatim
from equipment.exchange import memory, own_export
from equipment.exchange.reading import decoding, delimited, dialect, endings, header, workbook
from equipment.exchange.reading.choices import GUESS, NO_QUOTES, Choices
from equipment.exchange.reading.delimited import Row
from equipment.exchange.reading.dialect import Dialect
from equipment.exchange.spreadsheet import bare as bare_of, has_apostrophe, unguard

MAX_ROWS = 1_000_000
MAX_COLUMNS = 1_000
MAX_BYTES = 200 * 1024 * 1024
MAX_NOTES = 20
"""Each is a line on the page."""
EXAMPLES = 3
MEMORY_TIMES = 10
"""A file of text takes nine times its size while it is read: 66 MB for 20,000 rows of 19 columns in 7.4 MB."""
MAX_STRETCHES = 1_000
"""Of rows without a gap; behind them it is not known in which line a row stands."""
_WORKBOOKS = (".xlsx", ".xls", ".xlsm", ".ods")
_PICTURES = (b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"%PDF", b"RIFF")


@dataclass(frozen=True)
class Table:
    """Headers, rows, and what was noticed while reading (ragged rows, renamed headers …).

    ``lines`` says where the rows stand in the file: the first line of each stretch of them, and how many follow.

    A row may have fewer cells than there are headers: the others are empty. Filled up, 400,000 short rows below 999
    headers took 3.2 GB. ``read_as`` says how it was read, guesses included; ``sheets`` are the names of a workbook's,
    and ``left_out`` how many rows below the column names were taken for no records. ``own`` says that the file is an
    export of this application, and ``guarded`` that its cells have apostrophes of ours. In another file
    ``apostrophes`` are the first cells that have one before ``= + - @``.
    """

    headers: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    notes: tuple[str, ...] = ()
    read_as: Choices = GUESS
    sheets: tuple[str, ...] = ()
    left_out: int = 0
    lines: tuple[tuple[int, int], ...] = ()
    own: bool = False
    guarded: bool = False
    apostrophes: tuple[str, ...] = ()

    def text(self, cell: str) -> str:
        """Give the text of a cell without an apostrophe that is no part of it; such a text is ``Verbatim``."""
        bare = unguard(cell) if self.guarded else bare_of(cell) if self.read_as.apostrophes else cell
        return cell if bare == cell else Verbatim(bare)

    def records(self) -> Iterator[dict[str, str]]:
        """Give each row as header → text."""
        plain = not self.guarded and not self.read_as.apostrophes
        for row in self.rows:
            # what has no apostrophe in front has none that is no part of it
            cells = row if plain else [self.text(cell) if cell[:1] == "'" else cell for cell in row]
            yield dict(zip_longest(self.headers, cells, fillvalue=""))

    def numbers(self) -> Iterator[int]:
        """Give the line of the file for each row; 0 where it is not known, and for ever after the last."""
        for first, count in self.lines:
            yield from range(first, first + count)
        yield from repeat(0)

    def example(self, place: int) -> str:
        """Give the first text in the column at that place, from 0; empty when there is none."""
        return next((self.text(row[place]) for row in self.rows if len(row) > place and row[place]), "")


def read(source: BinaryIO, name: str, chosen: Choices = GUESS) -> Table:
    """Read a CSV, TSV, XLSX, XLS or ODS file by its name's ending, as was ``chosen``. Raises ``BadInput`` in words a
    person can use."""
    data = source.read(MAX_BYTES + 1)
    if len(data) > MAX_BYTES:
        raise too_large(name)
    if not data.strip():
        raise BadInput(f"{name} is empty.", hint="Choose a file with a header row and at least one record.")
    notes: list[str] = []
    # The first bytes of every XLSX and ODS file, whatever it is called.
    if name.lower().endswith(_WORKBOOKS) or data[:4] == b"PK\x03\x04":
        sheet = workbook.read(data, name, chosen, notes)
        is_own = own_export.is_xlsx(data)
        return _tidy(sheet.rows, notes, _of_own(chosen) if is_own else chosen, replace(
            _EMPTY, read_as=Choices(sheet=sheet.name), sheets=sheet.names, own=is_own))
    if data.startswith(_PICTURES):
        raise BadInput(f"{name} is a picture or a document, not a table.", hint="Save the list as CSV (UTF-8) or XLSX.")
    memory.require(MEMORY_TIMES * len(data), f"Reading {name}",
                   "Split it into several files, or give the application more memory.")
    decoded = decoding.decode(data, chosen.encoding)
    notes += decoded.notes
    is_own = data.startswith(codecs.BOM_UTF8) and own_export.is_csv(decoded.text)
    chosen = _of_own(chosen) if is_own else chosen
    rows, read_as = _delimited(decoded.text, name, chosen, notes, is_own)
    return _tidy(rows, notes, chosen, replace(
        _EMPTY, read_as=replace(read_as, encoding=decoded.encoding), own=is_own, guarded=is_own))


def _of_own(chosen: Choices) -> Choices:
    """Give what needs no guess in an export of ours."""
    return replace(chosen, header=1 if chosen.header is None else chosen.header,
                   header_rows=chosen.header_rows or 1, leave_out=bool(chosen.leave_out))


_EMPTY = Table((), ())


def too_large(name: str) -> BadInput:
    """Give the refusal of a file of more than ``MAX_BYTES``."""
    return BadInput(f"{name} is larger than {MAX_BYTES // 1024 // 1024} MB.", hint="Split it into several files.")


def _delimited(
    text: str, name: str, chosen: Choices, notes: list[str], is_own: bool
) -> tuple[list[Row], Choices]:
    if "\x00" in text:
        raise BadInput(f"{name} is not a text table.", hint="Save it as CSV (UTF-8) or XLSX.")
    is_own = is_own and not (chosen.separator or chosen.quote)
    guessed = Dialect() if is_own else dialect.guess(text, chosen, notes)
    try:
        rows = list(delimited.rows_of(text, guessed, notes))
    except csv.Error as error:
        raise BadInput(f"{name} cannot be read as CSV: {error}.", hint="Save it as CSV (UTF-8) or XLSX.") from None
    return rows, Choices(separator=guessed.separator, quote=guessed.quote or NO_QUOTES)


def _tidy(rows: Sequence[Row], notes: list[str], chosen: Choices, so_far: Table) -> Table:
    filled, blank_before = _filled(rows, notes)
    if not filled:
        raise _no_records()
    found = header.find(filled, chosen)
    notes += found.notes
    below = filled[found.begin:]
    apart = {place - found.begin for place in blank_before if place > found.begin}
    leave_out = chosen.leave_out is not False
    out = endings.left_out(below, apart, found.names, notes) if leave_out else set[int]()
    records = [row for place, (_, row) in enumerate(below) if place not in out] if out else [row for _, row in below]
    lines = _stretches(number for place, (number, _) in enumerate(below) if place not in out)
    if not records:
        raise _no_records()
    used = _used([found.names, *records])
    _require_size(below, used)
    width = max(len(found.names), max(map(len, records)))
    if empty := width - len(used):
        notes.append(f"{empty:,} empty {'column was' if empty == 1 else 'columns were'} left out.")
        records = [[row[place] for place in used if place < len(row)] for row in records]
    names = [found.names[place] for place in used if place < len(found.names)]
    _say_ragged(below, out, len(found.names), notes)
    names += [""] * (len(used) - len(names))
    names = [unguard(name) for name in names] if so_far.guarded else names
    # Ours stand as they are: " A" and "A" are two columns of the list.
    headers = tuple(names) if so_far.own and len(set(names)) == len(names) else _unique(names, notes)
    if len(notes) > MAX_NOTES:
        notes[MAX_NOTES:] = [f"And {len(notes) - MAX_NOTES:,} more of this kind."]
    read_as = replace(so_far.read_as, header=found.row, header_rows=found.rows, leave_out=leave_out,
                      apostrophes=chosen.apostrophes and not so_far.own)
    doubtful = () if so_far.own else islice((cell for row in records for cell in row if has_apostrophe(cell)), EXAMPLES)
    return replace(so_far, headers=headers, rows=tuple(map(tuple, records)), notes=tuple(notes), read_as=read_as,
                   left_out=len(out), lines=lines, apostrophes=tuple(doubtful))


def _stretches(numbers: Iterable[int]) -> tuple[tuple[int, int], ...]:
    found = list[tuple[int, int]]()
    for number in numbers:
        first, count = found[-1] if found else (0, 0)
        if count and number == first + count:
            found[-1] = first, count + 1
        elif len(found) == MAX_STRETCHES:
            break
        else:
            found.append((number, 1))
    return tuple(found)


def _filled(rows: Sequence[Row], notes: list[str]) -> tuple[list[Row], set[int]]:
    """Give the rows in which anything stands, and the places of those above which a blank line does."""
    filled, blank_before, blanks, before = list[Row](), set[int](), 0, False
    for number, cells in rows:
        if any(cell and not cell.isspace() for cell in cells):
            if before:
                blank_before.add(len(filled))
            filled.append((number, cells))
            before = False
        else:
            before = True
            blanks += bool(cells)  # an empty line is no row
    if blanks:
        notes.append(f"{blanks:,} blank {'row was' if blanks == 1 else 'rows were'} left out.")
    return filled, blank_before


def _no_records() -> BadInput:
    return BadInput("The table has no records.", hint="Below the row with the column names there must be others.")


def _require_size(below: Sequence[Row], used: Sequence[int]) -> None:
    if len(below) > MAX_ROWS or len(used) > MAX_COLUMNS:
        line, widest = max(below, key=lambda row: len(row[1]))
        raise BadInput(f"The table is larger than {MAX_ROWS:,} rows or {MAX_COLUMNS:,} columns: it has {len(below):,} "
                       f"rows, and row {line:,} has {len(widest):,} cells.", hint="Split it.")


def _say_ragged(below: Sequence[Row], out: set[int], width: int, notes: list[str]) -> None:
    ragged = [number for place, (number, row) in enumerate(below) if len(row) != width and place not in out]
    if ragged:
        which = "row has" if len(ragged) == 1 else "rows have"
        notes.append(f"{len(ragged):,} {which} another number of cells than the header (first: row {ragged[0]:,}); "
                     "missing cells count as empty, extra ones got columns of their own.")


def _used(rows: Sequence[Sequence[str]]) -> list[int]:
    """Places of the columns in which anything stands, a name or a value."""
    used: set[int] = set()
    for row in rows:
        used.update(place for place, cell in enumerate(row) if cell and not cell.isspace())
    return sorted(used)


def _unique(headers: Sequence[str], notes: list[str]) -> tuple[str, ...]:
    """Give every column a name of its own, and none that another column bears: ``A``, ``A``, ``A (2)`` are three."""
    unclaimed = {header.strip() for header in headers} - {""}
    taken, numbers, named = set(unclaimed), dict[str, int](), list[str]()
    for position, header_ in enumerate(headers, 1):
        name = plain = header_.strip() or f"Column {position}"
        if header_.strip() in unclaimed:  # the first that says a name has it
            unclaimed.remove(name)
        else:
            while name in taken:
                numbers[plain] = numbers.get(plain, 1) + 1
                name = f"{plain} ({numbers[plain]})"
        taken.add(name)
        if name != header_.strip():
            notes.append(f"Column {position} ({header_.strip() or 'no name'}) is read as “{name}”.")
        named.append(name)
    return tuple(named)
