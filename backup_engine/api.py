"""The public face: the class with the documented names, and the typed verbs for the application.

``DatabaseBackupRestore`` answers with a success flag and a sentence and never raises to its callers. Code that wants
results and exceptions instead calls the verbs exported here with ``backup_system.workspace``. The machinery behind a
method or a verb is loaded when that is first asked for: a page that only asks whether a backup is due, or a backup
from cron, need not pay for restores and comparisons.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pymongo
from pymongo.database import Database

from backup_engine.answering import Answering, refused
from backup_engine.arguments import checked, database_named, flag, mode_of, rows_of
from backup_engine.assembly import assembled
from backup_engine.csv_format.seal import Compression, Seal
from backup_engine.errors import BackupError, BadInput, DatabaseUnreachable, RestoreStopped
from backup_engine.model import OWNER_SOURCES, SILENT, Application, BackupSet, Clock, Progress, Source, Trigger, Watch
from backup_engine.policy.due import check_interval
from backup_engine.scheduling.preferences import Preferences, load as load_preferences
from backup_engine.storage.mounts import mount_of
from backup_engine.workspace import Workspace

if TYPE_CHECKING:
    import pandas as pd

    from backup_engine.adopt import Holding, adopt, holdings, is_copy, start_anew, was_rolled_back
    from backup_engine.compare import Comparison, compare
    from backup_engine.create import Created, create
    from backup_engine.deeds import Deed, system_user, take_untold, untold
    from backup_engine.drill import drill
    from backup_engine.fetch import fetch, viewed
    from backup_engine.history import History, history_of
    from backup_engine.keys.choice import Choice, checked_recipients, shown as seal_shown
    from backup_engine.keys.identity import Keys, fingerprint, keys_in
    from backup_engine.keys.proofs import needs_key, proven
    from backup_engine.lost import Lost, lost_and_found
    from backup_engine.merge import Merged, Pick, merge, merge_all, plan as plan_merge
    from backup_engine.mongo.guarded import Applied, Change, apply as apply_changes
    from backup_engine.offsite import (
        Standing,
        add_remote,
        confirm_remote_key,
        remote_standings,
        remove_remote,
        take_over_remote,
        test_remote,
    )
    from backup_engine.ownership.lookup import of as owner_of, seen as owner_seen
    from backup_engine.ownership.owner import Owner, called
    from backup_engine.prune import delete, halted as retention_halted, pin, prune, unpin
    from backup_engine.push import push
    from backup_engine.replacing.recovery import recover
    from backup_engine.repository.companions import trouble as application_trouble
    from backup_engine.repository.contents import preview
    from backup_engine.repository.ledger import bad, last_drill, last_verified, read as checks
    from backup_engine.reseal import Resealed, choose as choose_seal, open_sets, reseal
    from backup_engine.restore import plan_replace, replace
    from backup_engine.scheduling.scheduler import Check, Scheduler
    from backup_engine.status import Status, status
    from backup_engine.take_in import import_set, import_sets
    from backup_engine.undo import undo, undoable
    from backup_engine.unlock import unlock
    from backup_engine.unsaved import Unsaved
    from backup_engine.verify import Verification, require as require_sound, verify

__all__ = [
    "Application", "Applied", "BackupError", "BackupSet", "BadInput", "Change", "Check", "Choice", "Comparison",
    "Created", "DatabaseBackupRestore", "DatabaseUnreachable", "Deed", "History", "Holding", "Keys", "Lost", "Merged",
    "Owner", "Pick", "Preferences", "Progress", "Resealed", "RestoreStopped", "Scheduler", "Source", "Standing",
    "Status", "Unsaved", "Verification", "Watch", "Workspace",
    "add_remote", "adopt", "application_trouble", "apply_changes", "bad", "called", "check_interval",
    "checked_recipients", "checks", "choose_seal", "compare", "confirm_remote_key", "create", "delete", "drill",
    "fetch", "fingerprint", "history_of", "holdings", "import_set", "import_sets", "is_copy", "keys_in", "last_drill",
    "last_verified", "lost_and_found", "merge", "merge_all", "mount_of", "needs_key", "open_sets", "owner_of",
    "owner_seen", "pin", "plan_merge", "plan_replace", "preview", "proven", "prune", "push", "recover",
    "remote_standings", "remove_remote", "replace", "require_sound", "reseal", "retention_halted", "seal_shown",
    "start_anew", "status", "system_user", "take_over_remote", "take_untold", "test_remote", "undo", "undoable",
    "unlock", "unpin", "untold", "verify", "viewed", "was_rolled_back",
]

LATE = {
    "compare": ("Comparison", "compare"), "repository.contents": ("preview",), "create": ("Created", "create"),
    "keys.choice": ("Choice", "checked_recipients", "seal_shown"),
    "keys.identity": ("Keys", "fingerprint", "keys_in"), "keys.proofs": ("needs_key", "proven"),
    "offsite": ("Standing", "add_remote", "confirm_remote_key", "remote_standings", "remove_remote",
                "take_over_remote", "test_remote"),
    "fetch": ("fetch", "viewed"), "push": ("push",),
    "drill": ("drill",), "mongo.guarded": ("Applied", "Change", "apply_changes"),
    "history": ("History", "history_of"), "lost": ("Lost", "lost_and_found"), "take_in": ("import_set", "import_sets"),
    "deeds": ("Deed", "system_user", "take_untold", "untold"),
    "adopt": ("Holding", "adopt", "holdings", "is_copy", "start_anew", "was_rolled_back"),
    "ownership.lookup": ("owner_of", "owner_seen"), "ownership.owner": ("Owner", "called"),
    "repository.companions": ("application_trouble",),
    "repository.ledger": ("bad", "checks", "last_drill", "last_verified"),
    "merge": ("Merged", "Pick", "merge", "merge_all", "plan_merge"),
    "prune": ("delete", "pin", "prune", "retention_halted", "unpin"), "replacing.recovery": ("recover",),
    "reseal": ("Resealed", "choose_seal", "open_sets", "reseal"),
    "restore": ("plan_replace", "replace"), "scheduling.scheduler": ("Check", "Scheduler"),
    "status": ("Status", "status"), "undo": ("undo", "undoable"), "unlock": ("unlock",), "unsaved": ("Unsaved",),
    "verify": ("Verification", "require_sound", "verify"),
}
"""Modules loaded when one of their names is first asked for: together they take longer than all the rest."""

OWN_NAMES = {"application_trouble": "trouble", "apply_changes": "apply", "checks": "read", "choose_seal": "choose",
             "owner_of": "of", "owner_seen": "seen", "plan_merge": "plan", "require_sound": "require", "seal_shown":
             "shown", "retention_halted": "halted"}
"""What some of them are called in their modules."""


def __getattr__(name: str) -> Any:
    """Load a verb with its module."""
    for module, names in LATE.items():
        if name in names:
            loaded = getattr(importlib.import_module(f"backup_engine.{module}"), OWN_NAMES.get(name, name))
            # Python asks here only for names the module lacks: the next look-up finds it by itself.
            globals()[name] = loaded
            return loaded
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def local_now() -> datetime:
    """The present moment, aware, in local time."""
    return datetime.now().astimezone()


class DatabaseBackupRestore(Answering):
    """Back up and restore the collections of one database into one folder. Every method is thread-safe."""

    version = ""
    """Of the program around it, for the recovery sheet."""

    def __init__(
        self,
        connection_string: str | None = None,
        *,
        client: pymongo.MongoClient[dict[str, Any]] | None = None,
        database: str | None = None,
        backup_folder: str | Path | None = None,
        keep_days: int = 7,
        sources: tuple[Source, ...] = OWNER_SOURCES,
        seal: Seal | None = None,
        compression: Compression | None = None,
        recipients: str | Sequence[str] | None = None,
        identities: str | Sequence[str] | None = None,
        signing_key: str | Path | None = None,
        clock: Clock = local_now,
        workers: int | None = None,
        interval_hours: float | None = None,
        connect: Callable[[], Database[dict[str, Any]]] | None = None,
        work_folder: str | None = None,
        remotes: Mapping[str, str] | str | None = None,
        application: Application | None = None,
        **unknown: Any,
    ) -> None:
        """Remember where everything is; nothing is contacted yet, so this works with the database down.

        One of ``connection_string``, ``client`` and ``connect`` leads to the database; ``connect`` gives the database
        itself and goes without ``database``. Without ``database`` it is the one in the path of the connection string,
        else ``Equipment_DB``. ``keep_days`` (1–3650) is the retention in days, ``interval_hours`` (0.1–168) the default
        time between backups, ``workers`` the processes that encode. ``work_folder`` takes the safety backup of a
        restore from a folder that can only be read, and the keys of safety backups. ``application`` names
        collections that are saved with the list and apart from it, in ``.app``. ``remotes`` are addresses by name, or
        ``name=URL`` with blanks.

        ``compression`` (none, gzip, zstd) and ``recipients`` (age public keys) say how new backups are stored; what is
        not said is what an administrator stored in the database. ``identities`` (age secret keys) open encrypted ones.
        ``seal`` says all of it at once. ``signing_key`` is the file of a key that signs new backups.

        Raises ``TypeError`` for an unknown argument and for contradictory ones, ``BadInput`` for an unusable value.
        """
        given = checked({
            "connection_string": connection_string, "client": client, "connect": connect, "database": database,
            "backup_folder": backup_folder, "keep_days": keep_days, "interval_hours": interval_hours,
            "sources": sources, "seal": seal, "compression": compression, "recipients": recipients,
            "identities": identities, "signing_key": signing_key, "clock": clock, "workers": workers,
            "work_folder": work_folder, "application": application, "remotes": remotes, **unknown,
        })
        name = "" if connect else database or database_named(given) or "Equipment_DB"
        self.interval_hours = given.get("interval_hours", 1.0)
        self.workspace = assembled(given, name)

    def create_backup(
        self, backup_interval_hours: float | None = None, *, force: bool = False, watch: Watch = SILENT
    ) -> tuple[bool, str | None, str]:
        """Make a backup if one is due: ``(success, path of the equipment CSV, message)``; ``force`` skips the check."""

        def run() -> tuple[bool, str | None, str]:
            created = self.create(backup_interval_hours, force=force, watch=watch)
            return created.set is not None, self.first_file(created.set), created.message

        return self._answer(run, lambda message: (False, None, message))

    def create(
        self, interval_hours: float | None = None, *, force: bool = False, trigger: Trigger = "manual",
        watch: Watch = SILENT,
    ) -> Created:
        """Do what ``create_backup`` does, with the typed result; raises ``BackupError``.

        Without ``interval_hours`` the interval is the stored one, else this installation's.
        """
        from backup_engine.create import create

        if interval_hours is None:
            interval_hours = load_preferences(self.workspace.connect(), Preferences(self.interval_hours)).interval_hours
        hours = check_interval(interval_hours)
        return create(self.workspace, trigger=trigger, interval_hours=hours, force=force, watch=watch)

    def first_file(self, backup: BackupSet | None) -> str | None:
        """Path of the first collection's file (the equipment CSV) of a set."""
        if backup is None:
            return None
        name = backup.parts[self.workspace.sources[0].key].file
        return f"{self.workspace.storage.describe()}/{backup.day}/{name}"

    def get_available_backups(
        self, *, foreign: bool = False, remote: str | None = None
    ) -> dict[str, list[dict[str, Any]]]:
        """List the sets of this database and of the original system: metadata by day, ``sunday`` … ``saturday``,
        newest first; empty days are empty lists. ``foreign`` adds the sets of other databases there. ``remote`` lists
        what lies in the remote of that name; here and in every method below it reads from there."""
        from backup_engine.fetch import listed
        from backup_engine.ownership import lookup

        def run() -> dict[str, list[dict[str, Any]]]:
            with listed(self.workspace, remote) as ws:
                return ws.catalog.by_day((lambda _: True) if foreign else lookup.shown(ws).may_restore)

        return self._answer(run, lambda message: {})

    def restore_from_backup(
        self, backup_metadata: Mapping[str, Any], collection_type: str = "equipment", restore_mode: str = "replace",
        *, foreign: bool = False, remote: str | None = None, watch: Watch = SILENT,
    ) -> tuple[bool, str]:
        """Restore one collection from a set: ``replace`` makes it exactly the backup, ``merge`` brings back what
        the backup has and keeps the rest. ``(success, message)``. ``foreign`` says that a set of another database is
        meant.

        A merge of which MongoDB refused every record, or which others were faster than, is no success;
        ``merge_backup`` tells it in numbers.
        """
        from backup_engine.restore import plan_replace, replace

        def run() -> tuple[bool, str]:
            key = self._key(collection_type)
            mode = mode_of(restore_mode)
            if mode == "merge":
                merged = self._merge(backup_metadata, key, foreign, remote, watch)
                return merged.extent != "nothing", merged.message
            with self._reading(backup_metadata, remote, watch) as (ws, backup):
                plan = plan_replace(ws, backup, (key,), foreign=foreign, watch=watch)
                return True, replace(ws, plan, watch=watch).message

        return self._answer(run, refused)

    def merge_backup(
        self, backup_metadata: Mapping[str, Any], collection_type: str = "equipment", *, foreign: bool = False,
        remote: str | None = None, watch: Watch = SILENT,
    ) -> tuple[bool, Merged | None, str]:
        """Merge one collection as ``restore_from_backup`` does: ``(success, result in numbers, message)``.

        The result's ``extent`` is ``all``, ``partly`` or ``nothing``; its ``report`` names every record.
        """

        def run() -> tuple[bool, Merged | None, str]:
            merged = self._merge(backup_metadata, self._key(collection_type), foreign, remote, watch)
            return merged.extent != "nothing", merged, merged.message

        return self._answer(run, lambda message: (False, None, message))

    def _merge(
        self, backup_metadata: Mapping[str, Any], key: str, foreign: bool, remote: str | None, watch: Watch
    ) -> Merged:
        from backup_engine.merge import merge, plan as plan_merge

        with self._reading(backup_metadata, remote, watch) as (ws, backup):
            return merge(ws, plan_merge(ws, backup, key, foreign=foreign, watch=watch), watch=watch)

    def preview_backup(
        self, backup_metadata: Mapping[str, Any], collection_type: str = "equipment", limit: int | None = 100, *,
        remote: str | None = None,
    ) -> tuple[bool, pd.DataFrame | None, str]:
        """Show the first rows of a set, without a limit all, as a table of text: ``(success, table, message)``."""
        from backup_engine.repository.contents import preview

        def run() -> tuple[bool, pd.DataFrame | None, str]:
            key, rows = self._key(collection_type), rows_of(limit)
            with self._reading(backup_metadata, remote, by_range=True) as (ws, backup):
                table, total = preview(ws, backup, key, rows, 0, "", all_rows=remote is None)
            return True, table, f"{len(table)} of {total} records"

        return self._answer(run, lambda message: (False, None, message))

    def compare_backup(
        self, backup_metadata: Mapping[str, Any], other: Mapping[str, Any] | str = "current",
        collection_type: str = "equipment", *, remote: str | None = None,
    ) -> tuple[bool, Comparison | None, str]:
        """Compare a set with the live collection or with another set: ``(success, comparison, message)``. Only the
        first is read from a ``remote``."""
        from backup_engine.compare import compare

        def run() -> tuple[bool, Comparison | None, str]:
            key = self._key(collection_type)
            now = isinstance(other, str) and other == "current"
            with self._reading(backup_metadata, remote) as (ws, left):
                comparison = compare(ws, left, "current" if now else ws.catalog.find(other), key)
            return True, comparison, comparison.message

        return self._answer(run, lambda message: (False, None, message))

    def verify_backup(
        self, backup_metadata: Mapping[str, Any], level: int = 2, *, remote: str | None = None
    ) -> tuple[bool, str]:
        """Check a set: level 1 compares stored hashes, level 2 decodes every row. ``(sound, message)``."""
        sound, _, message = self.verify(backup_metadata, level, remote=remote)
        return sound, message

    def verify(
        self, backup_metadata: Mapping[str, Any], level: int = 2, *, remote: str | None = None
    ) -> tuple[bool, Verification | None, str]:
        """Check a set as ``verify_backup`` does, and name every damage: ``(sound, verification, message)``."""
        from backup_engine.fetch import listed
        from backup_engine.verify import verify

        def run() -> tuple[bool, Verification | None, str]:
            with listed(self.workspace, remote) as ws:
                verification = verify(ws, ws.catalog.find(backup_metadata), level, remember=remote is None)
            return verification.ok, verification, verification.message

        return self._answer(run, lambda message: (False, None, message))

    def status(self) -> tuple[bool, Status | None, str]:
        """Say how the backups stand, from the folder alone: ``(the newest is recent enough, status, message)``."""
        from backup_engine.status import status
        from backup_engine.verify import freshness

        def run() -> tuple[bool, Status | None, str]:
            stale = freshness(self.workspace)
            message = f"Attention: {stale}." if stale else "The backups are up to date."
            return not stale, status(self.workspace), message

        return self._answer(run, lambda message: (False, None, message))

    def drill(
        self, backup_metadata: Mapping[str, Any] | None = None, *, remote: str | None = None
    ) -> tuple[bool, str]:
        """Rehearse a restore into scratch collections: ``(restorable, message)``. Live data is not touched. A drill
        from a ``remote`` needs to be told which set."""
        from backup_engine.drill import drill

        def run() -> tuple[bool, str]:
            if backup_metadata is None and remote is None:
                return True, drill(self.workspace, None).message
            with self._reading(backup_metadata or {}, remote) as (ws, backup):
                return True, drill(ws, backup).message

        return self._answer(run, refused)

    def undo_restore(self) -> tuple[bool, str]:
        """Take back the last restore: ``(success, message)``."""
        from backup_engine.undo import undo

        return self._answer(lambda: (True, undo(self.workspace).message), refused)

    def prune(self, dry_run: bool = True) -> tuple[bool, str]:
        """Apply the retention rules, or say what they would do: ``(success, message)``."""
        from backup_engine.prune import prune

        def run() -> tuple[bool, str]:
            return True, prune(self.workspace, dry_run=flag("dry_run", dry_run)).message

        return self._answer(run, refused)

    def unlock(self) -> tuple[bool, str]:
        """Release the lock of a run that died, or say who holds it: ``(released or free, message)``."""
        from backup_engine.unlock import unlock

        return self._answer(lambda: (True, unlock(self.workspace).message), refused)

    def pin(self, backup_metadata: Mapping[str, Any], pinned: bool = True) -> tuple[bool, str]:
        """Protect a set from retention, or release it: ``(success, message)``."""
        from backup_engine.prune import pin, unpin

        def run() -> tuple[bool, str]:
            verb = pin if flag("pinned", pinned) else unpin
            backup = verb(self.workspace, self.workspace.catalog.find(backup_metadata))
            return True, f"Backup {backup.label} is {'pinned' if pinned else 'no longer pinned'}."

        return self._answer(run, refused)

    def unpin(self, backup_metadata: Mapping[str, Any]) -> tuple[bool, str]:
        """Give a set back to retention: ``(success, message)``."""
        return self.pin(backup_metadata, False)
