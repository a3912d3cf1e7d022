"""What the screens can do with places off this machine. Every verb asks its ``Caller`` first, as in ``backups``.

Whatever speaks to somebody else is a job: a server that does not answer must not hold a page.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import pandas as pd

from backup_engine import api
from backup_engine.api import Watch
from equipment.backups import Backups, Caller
from equipment.jobs import Job

__all__ = [
    "JOB", "There", "add", "confirm_key", "fetch", "listed", "preview", "push", "remove", "standings", "take_over",
    "test",
]

JOB = "remote"
"""The kind of these jobs: one at a time."""


@dataclass(frozen=True)
class There:
    """What lay in a remote when somebody looked."""

    sets: tuple[api.BackupSet, ...]
    """Newest first."""
    looked: datetime
    unseen: tuple[str, ...]
    """Which sets are not among them, and why, in sentences without a full stop."""
    entries: tuple[Any, ...]
    """What the engine found, so that a preview need not look again."""


def standings(backups: Backups, caller: Caller) -> list[api.Standing]:
    """How every remote stands; nobody else is asked."""
    caller.check("backup.see")
    return api.remote_standings(backups.engine.workspace)


def add(backups: Backups, caller: Caller, name: str, url: str) -> Job:
    """Start adding a remote and trying it out. Raises nothing: what is wrong with the address ends the job."""
    caller.check("backup.remotes")
    return _start(backups, caller, f"Add remote {name:.32}", lambda ws, _: api.add_remote(ws, name, url),
                  then_send=True)


def test(backups: Backups, caller: Caller, name: str) -> Job:
    """Start trying a remote out."""
    caller.check("backup.settings")
    return _start(backups, caller, f"Test remote {name}", lambda ws, _: api.test_remote(ws, name), then_send=True)


def confirm_key(backups: Backups, caller: Caller, name: str, fingerprint: str) -> Job:
    """Start confirming the key of an SSH server, and then trying it out; a recovered copy that stands by only reads."""
    caller.check("backup.remotes")

    def work(ws: api.Workspace, _: Watch) -> object:
        confirmed = api.confirm_remote_key(ws, name, fingerprint)
        return confirmed if api.owner_of(ws).standby is not None else api.test_remote(ws, name)

    return _start(backups, caller, f"Confirm remote {name}", work, then_send=True)


def take_over(backups: Backups, caller: Caller, name: str) -> Job:
    """Start making a remote this installation's."""
    caller.check("backup.remotes")
    return _start(backups, caller, f"Take over remote {name}", lambda ws, _: api.take_over_remote(ws, name),
                  then_send=True)


def remove(backups: Backups, caller: Caller, name: str) -> None:
    """Forget a remote that was added here; what lies there stays. Raises ``BadInput`` for one of the settings."""
    caller.check("backup.remotes")
    api.remove_remote(_told(backups, caller), name)


def push(backups: Backups, caller: Caller, name: str) -> Job:
    """Start sending what waits, now."""
    caller.check("backup.create")
    return _start(backups, caller, f"Send to remote {name}",
                  lambda ws, watch: api.push(ws, name, now=True, watch=watch))


def listed(backups: Backups, caller: Caller, name: str, *, kind: str = JOB, about: Any = None) -> Job:
    """Start looking what lies in a remote; the result is ``There``."""
    caller.check("backup.see")

    def work(ws: api.Workspace, watch: Watch) -> There:
        with api.viewed(ws, name, watch=watch) as there:
            sets = tuple(reversed(there.catalog.sets()))
            return There(sets, ws.clock(), tuple(api.unseen(there)), api.entries_in(there))

    return _start(backups, caller, f"Look into remote {name}", work, kind=kind, about=about or name)


def preview(
    backups: Backups, caller: Caller, name: str, there: There, backup: api.BackupSet, key: str, *, limit: int,
    skip: int, search: str, kind: str, about: Any, words: Any = None,
) -> Job:
    """Start reading rows of a set in a remote as text; the result is a table, and how many rows match.

    Of a plain full set only these rows are read, and what is read so is compared with nothing; a search reads all of
    them. Any other set is fetched first.
    """
    caller.check("backup.see")
    ws = backups.workspace(caller)

    def work(_: api.Workspace, watch: Watch) -> tuple[pd.DataFrame, int]:
        if api.is_plain(backup):
            with api.viewed(ws, name, meant=backup.backup_id, found=there.entries, watch=watch) as view:
                return api.preview(view, backup, key, limit, skip, search, all_rows=False, words=words,
                                   watch=watch)
        with backups.fetched.reading(ws, name, backup.backup_id, watch=watch) as (near, found):
            return api.preview(near, found, key, limit, skip, search, words=words, watch=watch)

    return _start(backups, caller, f"Preview from remote {name}", work, kind=kind, about=about)


def fetch(backups: Backups, caller: Caller, name: str, backup_id: str) -> Job:
    """Start bringing a set back into the backup folder, where every other screen finds it."""
    caller.check("backup.restore")
    return _start(backups, caller, f"Fetch from remote {name}",
                  lambda ws, watch: api.fetch(ws, name, backup_id, watch=watch))


def _start(
    backups: Backups, caller: Caller, title: str, work: Callable[[api.Workspace, Watch], object], *, kind: str = JOB,
    about: Any = "", then_send: bool = False,
) -> Job:
    ws = _told(backups, caller)

    def and_send(watch: Watch) -> object:
        done = work(ws, watch)
        if then_send:  # what waited for this need not wait for the next look as well, a minute
            backups.scheduler.uploads.wake()
        return done

    return backups.jobs.start(kind, title, caller.name, and_send, about=about)


def _told(backups: Backups, caller: Caller) -> api.Workspace:
    """The engine's workspace, which writes into the activity log in this person's name."""
    return replace(backups.engine.workspace,
                   tell=lambda deed: backups.note(caller, deed.action, deed.target, deed.note))
