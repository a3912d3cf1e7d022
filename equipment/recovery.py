"""Recovery from a backup on the first run, where nobody can be signed in: the set-up code is asked at every verb.

Both verbs are jobs, for they speak to other machines and read whole backups. Before the code nothing of what a visitor
sends is read, not even an address.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from backup_engine import api
from backup_engine.api import BackupError, Recoverable, Recovered, RestoreStopped, Watch
from backup_engine.errors import BadInput
from equipment.accounts import setup
from equipment.backups import NO_KEYS, Backups, Caller
from equipment.jobs import Job
from equipment.settings import Settings
from equipment.store.access import Db, Who

__all__ = ["LOOKING", "RECOVERING", "Asked", "cancel", "forget", "latest", "look", "recover"]

LOOKING: Final = "recovery.look"
RECOVERING: Final = "recovery"
LONGEST: Final = 2000
"""Characters of an address or a path: Linux takes 4,096 bytes, S3 keys end at 1,024."""
DONE_THERE: Final = ("That is for the command line of the server; this page recovers into an empty database only. What "
                     "is --at there is the field Moment here.")


@dataclass(frozen=True)
class Asked:
    """Where backups are to be looked for, as a person wrote it."""

    source: str
    """The address of a remote, or the path of a backup folder on this server, from the root."""
    host_key: str = ""
    """The fingerprint of an SSH server's key that this person has confirmed."""
    at: str = ""
    of: str = ""


def look(backups: Backups, db: Db, shown: object, asked: Asked, keys: api.Keys = NO_KEYS) -> Job:
    """Start looking what lies there; the result is ``Recoverable``. Raises ``SignInRefused`` without the code.

    The job ends with an error for what is no address, for what cannot be reached, and, naming the counts, for a
    database that is not empty.
    """
    setup.require(shown, db)

    def work(watch: Watch) -> Recoverable:
        ws = backups.workspace(_caller("", keys))
        found = api.recoverable(ws, _source(asked.source), at=asked.at.strip() or None, of=asked.of.strip(),
                                host_key=asked.host_key.strip(), watch=watch)
        _require_empty(ws, found)
        return found

    return backups.jobs.start(LOOKING, "Look for backups", "", work, about=asked)


def recover(
    backups: Backups, db: Db, settings: Settings, shown: object, backup_id: str, *, keys: api.Keys = NO_KEYS,
    address: str = "local",
) -> Job:
    """Start recovering one of the backups that were found; the result is ``Recovered``.

    Raises ``SignInRefused`` without the code, ``BadInput`` for a backup that is none of those. Where its bytes turn out
    to be damaged nothing is written: the job fails, and the others remain to be chosen from.
    """
    setup.require(shown, db)
    seen = latest(backups, shown, LOOKING)
    found = _chosen(seen.result if seen is not None else None, backup_id)
    caller = _caller(address, keys)

    def other(left: Recoverable) -> None:
        """The person has ticked that very backup and no other."""
        if seen is not None:
            seen.result = left
        raise RestoreStopped(f"backup {left.skipped[0].backup.label} cannot be used: {left.skipped[0].why}",
                             hint="Nothing was changed. Choose one of the others.")

    def work(watch: Watch) -> Recovered:
        title = f"backup {found.chosen.backup.label}"
        try:
            with setup.reserved(db):
                done = _recover(backups, caller, found, other, watch)
                setup.prepare(db, settings)
        except BackupError as error:
            backups.note(caller, "backup.recover.failed", title, str(error))
            raise
        backups.scheduler.excuse()
        backups.note(caller, "backup.recover", title, done.message)
        return done

    forget(backups, shown, RECOVERING)
    return backups.jobs.start(RECOVERING, f"Recover backup {found.chosen.backup.label}", "", work)


def latest(backups: Backups, shown: object, kind: str) -> Job | None:
    """Give the running or last job of that kind to somebody who has the code. Raises ``SignInRefused``."""
    setup.require(shown)
    return backups.jobs.latest(kind)


def cancel(backups: Backups, shown: object, kind: str) -> None:
    """Stop a job at its next safe point. Raises ``SignInRefused`` without the code."""
    job = latest(backups, shown, kind)
    if job is not None:
        job.cancel()


def forget(backups: Backups, shown: object, kind: str) -> None:
    """Drop what a finished job left. Raises ``SignInRefused`` without the code."""
    setup.require(shown)
    backups.jobs.clear(kind)


def _recover(
    backups: Backups, caller: Caller, found: Recoverable, other: Callable[[Recoverable], None], watch: Watch
) -> Recovered:
    ws = backups.workspace(caller)
    _require_empty(ws, found)
    return api.recover_from(ws, found, actor=caller.name, agree=other, watch=watch)


def _chosen(found: object, backup_id: str) -> Recoverable:
    if isinstance(found, Recoverable):
        for number, pair in enumerate(found.pairs):
            if pair.backup.backup_id == backup_id:
                return replace(found, pairs=found.pairs[number:])
    raise BadInput("That backup is none of those that were found.", hint="Look again.")


def _source(said: str) -> str:
    """What was written, if it can be meant; a path has to begin at the root. Raises ``BadInput``."""
    source = said.strip()
    if not source or len(source) > LONGEST or not source.isprintable():
        raise BadInput("Write where the backups lie: the address of a remote, or the path of a backup folder.")
    path = source
    if "://" not in source:
        with suppress(RuntimeError):  # ~somebody who is not there
            path = str(Path(source).expanduser())
        if not Path(path).is_absolute():
            raise BadInput("Write the whole path of the folder, from the root, or the address of a remote.",
                           hint="Such as /mnt/disk/backups or s3://bucket/prefix?region=eu-west-1")
    return path


def _require_empty(ws: api.Workspace, found: Recoverable) -> None:
    try:
        api.require_empty(ws, found)
    except RestoreStopped as refused:
        refused.hint = f"{refused.hint} {DONE_THERE}"
        raise


def _caller(address: str, keys: api.Keys) -> Caller:
    return Caller("set-up code", lambda action: None, Who("system:setup", "set-up code", address), keys=keys)
