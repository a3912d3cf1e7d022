"""``export``: the list as a file, for another system."""

from __future__ import annotations

import os
import stat
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

import click

from backup_engine.errors import BackupError, BadInput
from equipment.commands.installation import Given, opened, where
from equipment.exchange import list_export

__all__ = ["export_list"]


@click.command("export")
@click.option("--filter", "filters", multiple=True, metavar="NAME=VALUE",
              help="Only what matches, as the page's address says it: q=scope, is.Vendor=Acme, has.Model=34, "
                   "only=overdue, sort=-ID; several times for several.")
@click.option("--format", "form", type=click.Choice(list_export.FORMS),
              help="The form; by default the ending of the file, else csv.")
@click.option("--columns", type=click.Choice(list_export.COLUMNS), default=list_export.ALL, show_default=True,
              help="All, or without those that are hidden in the list.")
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE",
              help="The file, for this user alone, or replaced as a whole; by default the standard output.")
@where
def export_list(
    filters: tuple[str, ...], form: str | None, columns: str, out: Path | None, uri: str | None, database: str | None
) -> None:
    """Write the list, or what matches, as a file for another system."""
    with opened(Given(uri, database)) as here:
        query = list_export.query_of(_asked(filters))
        ending = "" if out is None else out.suffix.lower().removeprefix(".")
        form = form or (ending if ending in list_export.FORMS else "csv")
        if out is None and form == "xlsx" and sys.stdout.isatty():
            raise BadInput("An XLSX is not for a terminal.", hint="Say --out FILE.")
        keys = list_export.keys_for(here.db, query)
        pieces = list_export.stream(here.db, here.who, form, keys, columns=columns)
        with _file(out) as file:
            for piece in pieces:
                here.watch.step("Writing the list")
                file.write(piece)
        if out is not None:
            click.echo(f"{len(keys):,} {'record' if len(keys) == 1 else 'records'} written to {out}.", err=True)


def _asked(filters: Sequence[str]) -> dict[str, list[str]]:
    asked: dict[str, list[str]] = {}
    for each in filters:
        name, equals, value = each.partition("=")
        if not equals:
            raise BadInput(f"The filter {each!r} has no value.", hint="Such as --filter is.Vendor=Acme.")
        asked.setdefault(name, []).append(value)
    return asked


@contextmanager
def _file(out: Path | None) -> Iterator[IO[bytes]]:
    """Open what is written to: a file takes its place only when it is whole."""
    if out is None:
        with _explained(out):
            yield sys.stdout.buffer
            sys.stdout.buffer.flush()
        return
    if out.exists() and not out.is_file():  # a pipe or a device
        with _explained(out), out.open("wb") as file:
            yield file
        return
    with _explained(out):
        number, name = tempfile.mkstemp(prefix=f".{out.name}-", dir=out.parent)
        part = Path(name)
        try:
            with os.fdopen(number, "wb") as file:
                yield file
                file.flush()
                os.fsync(file.fileno())
            if out.exists():  # whoever reads that one goes on reading
                part.chmod(stat.S_IMODE(out.stat().st_mode))
            part.replace(out)
        except BaseException:
            with suppress(OSError):
                part.unlink()
            raise


@contextmanager
def _explained(out: Path | None) -> Iterator[None]:
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as error:
        raise BackupError(f"{out or 'The standard output'} could not be written: {error.strerror or error}") from error
