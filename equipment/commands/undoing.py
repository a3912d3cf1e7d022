"""``undo``: what an import, a bulk edit, a save or a move to the trash changed, taken back."""

from __future__ import annotations

import click
from bson import ObjectId

from backup_engine.errors import BadInput
from equipment.commands.installation import Given, opened, where
from equipment.store.life import servicing
from equipment.store.list import undo

__all__ = ["undo_deed"]


@click.command("undo")
@click.argument("number", required=False)
@where
def undo_deed(number: str | None, uri: str | None, database: str | None) -> None:
    """Take an import, a bulk edit, a save or a move to the trash back; without NUMBER list the last that can be
    undone."""
    with opened(Given(uri, database)) as here:
        if number is None:
            for deed in undo.deeds(here.db):
                click.echo(f"{deed.number}  {deed.at:%Y-%m-%d %H:%M} UTC  {deed.action} {deed.note}, by {deed.by}: "
                           f"{deed.records:,} {'record' if deed.records == 1 else 'records'}")
            return
        if not ObjectId.is_valid(number):
            raise BadInput(f"{number!r} is no number of a deed.", hint="Without one they are listed.")
        undone = servicing.take_back(here.db, here.who, number, here.watch)
        for key, why in (*undone.renumbered, *undone.left):
            click.echo(f"Record {key}: {why}")
        click.echo(undone.message)
