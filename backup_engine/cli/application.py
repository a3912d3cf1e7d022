"""Commands about what the application keeps beside the list: accounts, settings, trash, activity."""

from __future__ import annotations

import click

from backup_engine import restore_application as restoring
from backup_engine.cli.restore import ask
from backup_engine.cli.session import Answer, Session, verb
from backup_engine.cli.words import as_data
from backup_engine.model import TakenBack
from backup_engine.restore_application import ApplicationRestored


@verb("restore-application", help="Bring back accounts, settings, trash and activity as they were saved with a backup. "
                                  "The list stays as it is. Activity and trash are added to, never replaced; everybody "
                                  "is signed out; who is disabled stays disabled. A safety backup is made first.")
@click.argument("backup_id", metavar="ID")
@click.option("--from-other-database", "foreign", is_flag=True, help="Say that a backup of another database is meant.")
@click.option("--dry-run", is_flag=True, help="Only say what would change.")
@click.option("--yes", is_flag=True, help="Do not ask.")
def restore_application(session: Session, backup_id: str, foreign: bool, dry_run: bool, yes: bool) -> Answer:
    """Restore the application's own data."""
    backup = session.find(backup_id)
    with session.watch() as watch:
        planned = restoring.plan(session.workspace, backup, foreign=foreign, watch=watch)
    lines = _lines(planned.would)
    if dry_run:
        data = {"backup": as_data(backup), "dry_run": True, **_data(planned.would)}
        return Answer("Nothing was changed (dry run).", data, lines)
    if not yes:
        for line in lines:
            click.echo(line, err=True)
        ask(f"Bring back what the application kept at backup {backup.label}? A safety backup is made first.")
    with session.watch() as watch:
        return _restored(restoring.restore(session.workspace, planned, watch=watch))


@verb("undo-application", help="Take back the last restore-application.")
@click.option("--yes", is_flag=True, help="Do not ask.")
def undo_application(session: Session, yes: bool) -> Answer:
    """Undo it."""
    if not yes:
        ask("Take back the last restore of accounts, settings, trash and activity?")
    with session.watch() as watch:
        return _restored(restoring.undo(session.workspace, watch=watch))


def _restored(done: ApplicationRestored) -> Answer:
    return Answer(done.message, {**_data(done.done), "safety": as_data(done.safety)})


def _lines(taken: TakenBack) -> tuple[str, ...]:
    counted = tuple(f"{key + ':':<17}{', '.join(f'{count:,} {what}' for what, count in counts.items() if count) or '–'}"
                    for key, counts in taken.counts.items())
    return (*counted, *(f"{note[:1].upper()}{note[1:]}." for note in taken.notes))


def _data(taken: TakenBack) -> dict[str, object]:
    return {"collections": {key: dict(counts) for key, counts in taken.counts.items()}, "notes": list(taken.notes)}


COMMANDS = (restore_application, undo_application)
