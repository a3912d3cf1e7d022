"""The command that says who holds the lock, and releases that of a dead holder."""

from __future__ import annotations

from typing import Any

import click

from backup_engine import unlock as unlocking
from backup_engine.cli.restore import DO_NOT_ASK, ask
from backup_engine.cli.session import Answer, Session, verb
from backup_engine.unlock import Holder

__all__ = ["COMMANDS"]


@verb("unlock", help="Show who holds the lock of backups and restores, and release it if that run is dead.")
@click.option("--yes", is_flag=True, help=DO_NOT_ASK)
def unlock(session: Session, yes: bool) -> Answer:
    """Release."""
    held = unlocking.holder(session.workspace)
    if held is not None and not yes:
        click.echo(f"The lock is held by: {held.words}.", err=True)  # standard output is for the answer
        ask("Release it?")
    done = unlocking.unlock(session.workspace)
    return Answer(done.message, {"released": done.holder is not None,
                                 "holder": _data(done.holder) if done.holder else None})


def _data(held: Holder) -> dict[str, Any]:
    return {"purpose": held.purpose, "host": held.host, "folder": held.folder, "process": held.process,
            "since": held.since.isoformat() + "Z", "last_heartbeat": held.heartbeat.isoformat() + "Z"}


COMMANDS = (unlock,)
