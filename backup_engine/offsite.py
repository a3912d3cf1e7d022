"""Say which places off this machine keep backups: add, try out, confirm, take over, remove; and how they stand."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from pymongo.database import Database

from backup_engine.deeds import told
from backup_engine.errors import BackupError, BadInput, ChoiceNeeded, ForeignTarget, HostKeyUnknown, RemoteFailed
from backup_engine.model import SILENT, BackupSet, Watch
from backup_engine.ownership import identity as identities, lookup, standby
from backup_engine.ownership.owner import Owner
from backup_engine.remotes import claims, queue, registry
from backup_engine.remotes.patient import Patient
from backup_engine.remotes.probe import probe
from backup_engine.remotes.queue import Line
from backup_engine.remotes.registry import Remote
from backup_engine.workspace import Workspace

__all__ = [
    "Changed", "Standing", "add_remote", "application_sets", "awaited", "confirm_remote_key", "noted_standings",
    "open_store", "own_sets", "remote_standings", "remove_remote", "take_over_remote", "test_remote", "troubles",
    "writer_of",
]

STEP_SECONDS = 0.2


@dataclass(frozen=True)
class Standing:
    """How one remote stands."""

    name: str
    remote: Remote | None
    """None where only the folder was asked, and the settings do not name it."""
    line: Line
    waiting: tuple[BackupSet, ...]
    """The sets it waits for, or for what goes with them, in the order in which they will be sent."""
    there: tuple[BackupSet, ...] = ()
    """Those of the sets here that are whole there, as far as its line knows; oldest first."""

    @property
    def state(self) -> str:
        """``up to date``, ``waiting`` or ``trouble``."""
        if self.line.problem or self.line.damage:
            return "trouble"
        return "waiting" if self.waiting else "up to date"


@dataclass(frozen=True)
class Changed:
    """What was done to a remote."""

    remote: Remote
    message: str


def remote_standings(ws: Workspace) -> list[Standing]:
    """Say how every remote stands, from the database and the folder; nobody else is asked."""
    both = _both(ws, lookup.seen(ws))
    return [_standing(ws, name, remote, *both) for name, remote in registry.known(ws).items()]


def noted_standings(ws: Workspace) -> list[Standing]:
    """The same from the folder alone: those of the settings, and those of which something is noted."""
    both = _both(ws, lookup.shown(ws))
    noted: dict[str, Remote | None] = dict.fromkeys(queue.noted(ws.storage)) | registry.set_up(ws)
    return [_standing(ws, name, remote, *both) for name, remote in noted.items()]


def troubles(ws: Workspace) -> list[str]:
    """What is wrong with the remotes, a sentence each, for the answer of a backup."""
    return queue.troubles(awaited(ws))


def awaited(ws: Workspace) -> dict[str, Line]:
    """The lines of all remotes, for retention."""
    return {name: queue.read(ws.storage, name) for name in registry.known(ws)}


@told("backup.remote.add")
def add_remote(ws: Workspace, name: str, url: str) -> Changed:
    """Add a remote, try it out and claim it. It is kept although the trial fails, with the reason.

    Raises ``BadInput`` for a name that is taken and an address that is none, ``StandingBy``.
    """
    database = ws.connect()
    standby.require_acting(database)
    if name in registry.known(ws, database):
        raise BadInput(f"A remote called {name} is there already.", hint="Remove it first, or use another name.")
    registry.add(database, name, url)
    try:
        return replace(_tested(ws, database, name), message=f"Remote {name} is added and works.")
    except BackupError as problem:
        remote = registry.one(ws, name, database)
        return Changed(remote, f"Remote {name} is added, but cannot be used yet: {problem}")


@told("backup.remote.test")
def test_remote(ws: Workspace, name: str) -> Changed:
    """Try a remote out, claim it, and note what it cannot do.

    Raises ``RemoteFailed`` and its kin, among them ``HostKeyUnknown`` and ``ForeignTarget``; ``StandingBy``.
    """
    return _tested(ws, ws.connect(), name)


@told("backup.remote.confirm_key")
def confirm_remote_key(ws: Workspace, name: str, fingerprint: str) -> Changed:
    """Confirm the key of an SSH server, after the fingerprint was compared with what its administrator says.

    Raises ``BadInput`` for another fingerprint than the one that the server shows.
    """
    database = ws.connect()
    remote = registry.one(ws, name, database)
    if remote.address.kind != "sftp":
        raise BadInput(f"The remote {name} is no SSH server: there is no key to confirm.")
    shown = _shown_key(replace(remote, host_key=""))
    if not fingerprint or fingerprint.rstrip("=") != shown:
        raise BadInput(f"The server shows {shown}, not {fingerprint!r:.80}: nothing was confirmed.")
    registry.note(database, replace(remote, host_key=shown))
    return Changed(registry.one(ws, name, database), f"The key {shown} of remote {name} is confirmed.")


@told("backup.remote.take_over")
def take_over_remote(ws: Workspace, name: str) -> Changed:
    """Make a remote this installation's that another one wrote to; that one is refused from then on.

    The sets of the other one are adopted: they are listed and restored like its own, and retention leaves them alone
    until somebody says that the other one is gone. Raises ``RemoteFailed`` and its kin, ``StandingBy``.
    """
    database = ws.connect()
    remote, owner = registry.one(ws, name, database), writer_of(ws, database)
    with open_store(remote) as store:
        before, last = claims.read_or_none(store), claims.last_written(store)
        claim = claims.take_over(store, owner.database_id, owner.database, ws.clock())
    if claim.installation != owner.database_id:
        raise RemoteFailed(f"“{claim.database}” on {claim.host} took {name} over at the same moment")
    line = queue.read(ws.storage, name)
    line.went_well()  # what it waited for was this
    queue.write(ws.storage, name, line)
    if before is None or before.installation == owner.database_id:
        return Changed(remote, f"Remote {name} is taken over.")
    identities.adopt(database, owner.adopting(before.installation, before.database))
    lookup.ask(ws, database)
    when = f", which last wrote there on {last:%Y-%m-%d %H:%M} UTC" if last else ""
    return Changed(remote, f"Remote {name} is taken over from “{before.database}” on {before.host}{when}. The backups "
                           "of that one are adopted.")


@told("backup.remote.remove")
def remove_remote(ws: Workspace, name: str) -> Changed:
    """Forget a remote that an administrator added. What lies there stays there."""
    database = ws.connect()
    remote = registry.one(ws, name, database)
    if remote.set_up:
        raise BadInput(f"The remote {name} stands in the settings of this installation.",
                       hint="Take it out of BACKUP_REMOTE and start again.")
    registry.remove(database, name)
    queue.forget(ws.storage, name)
    return Changed(remote, f"Remote {name} is removed; the backups there are left as they are.")


def writer_of(ws: Workspace, database: Database[dict[str, Any]]) -> Owner:
    """Who this installation is, when it may write to remotes.

    Raises ``ChoiceNeeded`` while that is not clear, ``StandingBy`` for a recovered copy that was not told to act.
    """
    owner = lookup.ask(ws, database)
    if owner.standby is not None:
        raise owner.standby.refusal
    if owner.question is not None:
        raise ChoiceNeeded(owner.question.words)
    if not owner.database_id:
        raise ChoiceNeeded("this database has no id yet: it gets one with its first backup")
    return owner


def own_sets(owner: Owner, sets: list[BackupSet]) -> list[BackupSet]:
    """The sets that this installation sends: its own and those it has adopted."""
    return [backup for backup in sets if backup.state == "complete" and owner.relation(backup) in ("own", "adopted")]


def application_sets(ws: Workspace, owner: Owner, *, fresh: bool = True) -> list[BackupSet]:
    """Those of the application's own data, which go with the list's."""
    own = ws.application
    return own_sets(owner, own.catalog.sets(fresh=fresh)) if own is not None else []


@contextmanager
def open_store(remote: Remote, *, watch: Watch = SILENT) -> Iterator[Patient]:
    """Open a remote's store and let go of it afterwards; cancelling ``watch`` ends the wait between attempts."""
    store = registry.opened(remote, pause=partial(_wait, remote, watch))
    try:
        yield store
    finally:
        store.close()


def _wait(remote: Remote, watch: Watch, seconds: float) -> None:
    """Wait before the next attempt, a piece at a time so that a person who gives up need not wait for it."""
    until = time.monotonic() + seconds
    while True:
        watch.step(f"Remote {remote.name} does not answer; trying again")
        if (left := until - time.monotonic()) <= 0:
            return
        time.sleep(min(left, STEP_SECONDS))


def _tested(ws: Workspace, database: Database[dict[str, Any]], name: str) -> Changed:
    remote, owner = registry.one(ws, name, database), writer_of(ws, database)
    with open_store(remote) as store:
        try:
            claims.require(store, owner.database_id, owner.database, ws.clock())
        except ForeignTarget as foreign:  # stays until it is taken over, or another address is given
            line = queue.read(ws.storage, name)
            line.failed(str(foreign), ws.clock())
            queue.write(ws.storage, name, line)
            raise
        proven = probe(store, remote.address)
    remote = replace(remote, cannot=proven.cannot, lock=proven.lock, proven=ws.clock())
    registry.note(database, remote)
    line = queue.read(ws.storage, name)
    line.went_well()
    queue.write(ws.storage, name, line)
    words = f" It {'; it '.join(proven.cannot)}." if proven.cannot else ""
    return Changed(remote, f"Remote {name} works.{words}")


def _shown_key(remote: Remote) -> str:
    with open_store(remote) as store:
        try:
            store.stat("probe/key")
        except HostKeyUnknown as asked:
            return asked.fingerprint
        except BackupError as problem:
            if remote.address.options.get("host_key"):
                raise BadInput("The key of this server stands in its address: change it there.") from problem
            raise
    raise BadInput("The key of this server stands in its address.")


def _both(ws: Workspace, owner: Owner) -> tuple[list[BackupSet], list[BackupSet]]:
    return own_sets(owner, ws.catalog.sets(fresh=False)), application_sets(ws, owner, fresh=False)


def _standing(
    ws: Workspace, name: str, remote: Remote | None, sets: list[BackupSet], own: list[BackupSet]
) -> Standing:
    line = queue.read(ws.storage, name)
    waiting = tuple(queue.waiting(line, sets, own))
    missing = {backup.backup_id for backup in waiting}
    there = (backup for backup in queue.to_send(sets) if backup.backup_id not in missing)
    return Standing(name, remote, line, waiting, tuple(sorted(there, key=lambda backup: backup.rank)))
