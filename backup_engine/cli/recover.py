"""The command for a machine that has nothing: bring list and accounts back from a remote or a copied backup folder."""

from __future__ import annotations

import sys
from datetime import datetime
from typing import Any

import click

from backup_engine import recover as recovering
from backup_engine.cli.make import WARNED
from backup_engine.cli.restore import DO_NOT_ASK, actor, ask
from backup_engine.cli.session import Answer, Session, verb
from backup_engine.cli.words import as_data, table, when
from backup_engine.errors import HostKeyUnknown
from backup_engine.recover import Pair, Recoverable, Recovered

__all__ = ["COMMANDS"]

HEADER = ("", "TIME", "SEQ", "DATABASE", "HOST", "LIST", "ACCOUNTS AND MORE", "KEY", "SIGNED")


@verb("recover", help="Bring everything back on a bare machine: list, accounts, settings, trash and activity, from the "
                      "newest good backup in a remote or a copied backup folder, into an empty database. Nothing is "
                      "changed where it is read from, and what is recovered does not act as the original until an "
                      "administrator says so.")
@click.option("--from", "source", metavar="URL|FOLDER", required=True,
              help="Address of a remote, as in BACKUP_REMOTE, or the path of a backup folder.")
@click.option("--at", metavar="TIME", help="The newest backup at or before that time, or the backup of that label.")
@click.option("--of", metavar="NAME", default="",
              help="Of which database, where several keep backups there: its name, or the beginning of its id.")
@click.option("--host-key", metavar="SHA256:…", default="",
              help="Fingerprint of the SSH server's key, compared with what its administrator says.")
@click.option("--replace-existing", is_flag=True,
              help="Replace what is in the database; a safety backup is made first, and undo takes it back.")
@click.option("--yes", is_flag=True, help=DO_NOT_ASK)
def recover(
    session: Session, source: str, at: str | None, of: str, host_key: str, replace_existing: bool, yes: bool
) -> Answer:
    """Recover."""
    ws = session.workspace
    found = _looked(session, source, at, of, host_key)
    if found.closed is not None:
        _show(session, found)
        raise found.closed
    recovering.require_empty(ws, found, replace_existing=replace_existing)

    def agree(found: Recoverable) -> None:
        _show(session, found)
        if not yes:
            session.progress.end()
            ask(f"Recover backup {found.chosen.backup.label}?")

    agree(found)
    with session.watch() as watch:
        done = recovering.recover(ws, found, replace_existing=replace_existing, actor=actor(), agree=agree, watch=watch)
    return _answer(done)


def _looked(session: Session, source: str, at: str | None, of: str, host_key: str) -> Recoverable:
    """Look; where an SSH server shows a key that nobody has confirmed, a person at the terminal may do so."""
    def look(host_key: str) -> Recoverable:
        with session.watch() as watch:
            return recovering.look(session.workspace, source, at=at, of=of, host_key=host_key, watch=watch)

    try:
        return look(host_key)
    except HostKeyUnknown as unknown:
        unknown.hint = (f"Compare {unknown.fingerprint} with what the server's administrator says; if it is the same, "
                        f"add --host-key {unknown.fingerprint}")
        if session.given.as_json or not sys.stdin.isatty():
            raise
        session.progress.end()
        click.echo(f"The SSH server shows the key {unknown.fingerprint}.", err=True)
        ask("Is that what its administrator says?")  # not a matter of --yes: nobody looks then
        return look(unknown.fingerprint)


def _show(session: Session, found: Recoverable) -> None:
    """Write what was found to standard error: standard output is for the answer."""
    if session.given.as_json:
        return
    session.progress.end()
    now = session.workspace.clock()
    click.echo(f"In {found.place.shown}:", err=True)
    opens = "needed" if found.closed is not None else "at hand"
    rows = [_row("→", found.chosen, opens, now), *(_row("", pair, "needed", now) for pair in found.before)]
    for line in table(HEADER, rows):
        click.echo(line, err=True)
    for warning in _warnings(found):
        click.echo(f"Attention: {warning}.", err=True)


def _row(mark: str, pair: Pair, key: str, now: datetime) -> tuple[str, ...]:
    backup, key = pair.backup, key if pair.encrypted else "none"
    return (mark, when(backup.started, now), str(backup.order), backup.database or "–", pair.host or "–",
            _counted(backup.counts), _counted(pair.own.counts) if pair.own else "–", key, pair.signed_by or "no")


def _counted(counts: Any) -> str:
    return ", ".join(f"{count:,} {key}" for key, count in counts.items() if count) or "nothing"


def _warnings(found: Recoverable) -> list[str]:
    skipped = [f"backup {each.backup.label} is newer and cannot be used: {each.why}" for each in found.skipped]
    return [warning.rstrip(".") for warning in (*skipped, *found.warnings)]


def _answer(done: Recovered) -> Answer:
    again = [f"{name}: {what}" for name, what in done.to_be_given_again.items()]
    first, *rest = done.sentences
    lines = [*rest, *(["No backup holds these, and this machine has not been told them:", *again] if again else [])]
    found, restored, application = done.found, done.restored, done.application
    data = {
        "from": found.place.shown, "recovered": pair_data(found.chosen),
        "before": [pair_data(each) for each in found.before],
        "skipped": [{"backup": as_data(each.backup), "why": each.why} for each in found.skipped],
        "warnings": list(found.warnings), "records": dict(done.backup.counts), "verified": done.verified,
        "application": {key: dict(counts) for key, counts in application.done.counts.items()} if application else None,
        "safety": as_data(restored.safety) if restored and restored.safety else None,
        "notes": rest, "lost": list(done.lost), "to_be_given_again": done.to_be_given_again,
    }
    return Answer(first, data, tuple(lines), 0 if done.verified else WARNED)


def pair_data(pair: Pair) -> dict[str, Any]:
    """Describe a pair for ``--json``."""
    return {"backup": as_data(pair.backup), "application": as_data(pair.own) if pair.own else None,
            "lacks": pair.lacks, "host": pair.host, "encrypted": pair.encrypted, "signed_by": pair.signed_by}


COMMANDS = (recover,)
