"""``import``: a file into the list, as the Import screen does it, for what another system feeds."""

from __future__ import annotations

import codecs
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import click

from backup_engine.errors import BadInput
from equipment import backups, before_many
from equipment.commands.installation import Given, Installation, opened, where
from equipment.domain.column_names import suggest
from equipment.domain.record import ID, USUAL_COLUMNS
from equipment.exchange import identities, importing, settling
from equipment.exchange.importing import Imported, Mapped
from equipment.exchange.plan import Plan
from equipment.exchange.reading import apart
from equipment.exchange.reading.choices import NO_QUOTES, Choices
from equipment.exchange.reading.tables import Table
from equipment.server import database as databases
from equipment.store.list import listing, schema, undo

__all__ = ["import_list"]

RENUMBER, SKIP, STOP = "renumber", "skip", "stop"
_SEPARATORS: Final = {"tab": "\t", "\\t": "\t"}


@dataclass(frozen=True)
class _Answer:
    """What came of it, or would, in rows."""

    table: Table
    columns: tuple[str, ...]
    identity: tuple[str, ...]
    done: Imported
    notes: tuple[str, ...] = field(default=())

    def document(self) -> dict[str, Any]:
        """Give it as ``--json`` prints it."""
        return {"rows": len(self.table.rows), "columns": list(self.columns), "notes": list(self.notes),
                "identity": list(self.identity), "added": self.done.added, "updated": self.done.updated,
                "unchanged": self.done.unchanged, "left_out": len(self.done.conflicts),
                "renumbered": len(self.done.renumbered)}


@click.command("import")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--sheet", default="", metavar="NAME", help="Sheet of a workbook.")
@click.option("--header-row", type=click.IntRange(0), metavar="N",
              help="Row of the file that holds the column names; 0: there is none.")
@click.option("--header-rows", type=click.IntRange(1, 3), default=None, metavar="N",
              help="How many rows the column names take.")
@click.option("--separator", default="", metavar="C", help="What separates the columns; tab for a tab.")
@click.option("--quote", type=click.Choice(['"', "'", NO_QUOTES]), default=None, help="What stands around texts.")
@click.option("--encoding", default="", metavar="E", help="Such as utf-8, cp1252 or utf-16.")
@click.option("--take-in", is_flag=True, help="Take rows that look like totals or another table for records.")
@click.option("--take-off", is_flag=True, help="Take off the apostrophe before = + - @ in a file of another program.")
@click.option("--identity", metavar="COL[,COL]",
              help="Columns that tell the records apart; empty: none. By default as the screen proposes.")
@click.option("--clear-empty", is_flag=True, help="Empty cells clear the field.")
@click.option("--id-clash", type=click.Choice([RENUMBER, SKIP, STOP]), default=RENUMBER, show_default=True,
              help="What becomes of a new row whose ID is taken.")
@click.option("--dry-run", is_flag=True, help="Say what would change, and change nothing.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@where
def import_list(
    file: Path, identity: str | None, clear_empty: bool, id_clash: str, dry_run: bool, as_json: bool, uri: str | None,
    database: str | None, **reading: Any,
) -> None:
    """Take a CSV, TSV, XLSX, XLS or ODS file into the list: rows add records or change those they belong to."""
    with opened(Given(uri, database, as_json)) as here:
        table = _read(file, **reading)
        mapping = suggest(table.headers, [*(column.name for column in schema.columns(here.db, hidden=True)),
                                          *USUAL_COLUMNS])
        rows = importing.apply_mapping(table, mapping)
        columns = tuple(column for column in mapping.values() if column)
        told_apart = _identity(here, rows, columns, mapping, identity)
        planned = importing.plan(here.db, rows, told_apart, clear_empty=clear_empty, watch=here.watch)
        if identity is None:
            _require_meant(planned, told_apart)
        settled = settling.settle(here.db, planned, skip=id_clash == SKIP)
        if settled.taken and id_clash == STOP:
            row, taken = next(iter(settled.taken.items()))
            raise BadInput(f"{len(settled.taken):,} new rows bring an ID that is taken (first: row {row:,}, ID "
                           f"{taken}), so nothing was changed.", hint="With --id-clash renumber they get others.")
        done = _would(settled) if dry_run else _write(here, planned, settled, id_clash, file)
        notes = (*table.notes, *(f"“{header}” is left out." if not column else f"“{header}” is the column {column}."
                                 for header, column in mapping.items() if header != column),
                 *done.conflicts, *(f"Row {each.row}: the ID {each.brought} is taken, it got {each.got}."
                                    for each in done.renumbered if each.got))
        _print(_Answer(table, columns, told_apart, done, notes), dry_run, as_json)


def _read(
    file: Path, *, sheet: str, header_row: int | None, header_rows: int | None, separator: str, quote: str | None,
    encoding: str, take_in: bool, take_off: bool,
) -> Table:
    separator = _SEPARATORS.get(separator, separator)
    if len(separator) > 1:
        raise BadInput(f"{separator!r} is no separator.", hint="It is one character; tab for a tab.")
    chosen = Choices(encoding=_known(encoding), separator=separator, quote=quote or "", sheet=sheet, header=header_row,
                     header_rows=header_rows or 0, leave_out=False if take_in else None, apostrophes=take_off)
    try:
        with file.open("rb") as source:
            table = apart.read(source, file.name, chosen)
    except OSError as error:
        raise BadInput(f"{file} cannot be read: {error.strerror or error}.") from error
    if sheet and not table.sheets:
        raise BadInput(f"{file.name} has no sheets.", hint="Leave --sheet out.")
    return table


def _known(encoding: str) -> str:
    try:
        "x".encode(encoding or "utf-8")  # refuses also those that are none of text, such as hex
        return codecs.lookup(encoding).name if encoding else ""
    except (LookupError, ValueError):
        raise BadInput(f"There is no encoding {encoding}.", hint="Such as utf-8, cp1252 or utf-16.") from None


def _identity(
    here: Installation, rows: Mapped, columns: Sequence[str], mapping: Mapping[str, str], said: str | None
) -> tuple[str, ...]:
    """Give the columns that tell records apart: those said, by their names in the list or in the file, else as the
    screen proposes."""
    if said is None:
        return identities.propose(rows, columns, listing.sheet(here.db))
    names = {**mapping, **{column: column for column in columns}}
    parts = [said] if said in names else [part.strip() for part in said.split(",") if part.strip()]
    if unknown := [part for part in parts if not names.get(part)]:
        raise BadInput(f"The file has no column {', '.join(unknown)}.", hint=f"It has {', '.join(columns)}.")
    return tuple(dict.fromkeys(names[part] for part in parts))


def _require_meant(planned: Plan, identity: tuple[str, ...]) -> None:
    """Refuse what the screen asks about: the numbers of another list."""
    others, known = planned.others, planned.known
    if identity == (ID,) and others * 2 > known:
        raise BadInput(f"In {others:,} of the {known:,} records that have the ID of a row most fields say something "
                       "else: this looks like another list with numbers of its own. Nothing was changed.",
                       hint="If they are the same things, say --identity ID; else name other columns, or none: ''.")


def _would(settled: settling.Settled) -> Imported:
    count = Counter(entry.action for entry in settled)
    left = tuple(f"Row {entry.row}: {entry.why}" for entry in settled if entry.action == "conflict")
    renumbered = tuple(importing.Renumbered(entry.row, settled.taken[entry.row], "") for entry in settled
                       if entry.action == "insert" and entry.row in settled.taken)
    return Imported(count["insert"], count["update"], count["unchanged"], left, renumbered)


def _write(
    here: Installation, planned: Plan, settled: settling.Settled, id_clash: str, file: Path
) -> Imported:
    writing = sum(entry.change is not None for entry in settled)
    undo.prepare(here.db)
    before_many.back_up(backups.of(here.settings, lambda: databases.connect(here.settings)), writing, here.watch)
    return importing.run(here.db, here.who, planned, skip_taken=id_clash == SKIP, note=f"from {file.name}",
                         watch=here.watch)


def _print(answer: _Answer, dry_run: bool, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps(answer.document(), ensure_ascii=False, indent=1))
        return
    for note in answer.notes:
        click.echo(note)
    click.echo(f"Records are told apart by {' + '.join(answer.identity) or 'all that a row says'}.")
    click.echo(f"{'This would be: ' if dry_run else ''}{answer.done.message}")
    if answer.done.deed:
        click.echo(f"To take it back within {undo.DAYS} days: python -m equipment undo {answer.done.deed}")
