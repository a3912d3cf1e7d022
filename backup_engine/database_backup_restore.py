"""The class with the documented names: it answers with a success flag and a sentence, and never raises.

The machinery behind a method is loaded when that is first called: a backup from cron need not pay for restores and
comparisons.
"""

from __future__ import annotations

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
from backup_engine.model import OWNER_SOURCES, SILENT, Application, BackupSet, Clock, Source, Trigger, Watch
from backup_engine.policy.due import check_interval
from backup_engine.scheduling.preferences import Preferences, load as load_preferences

if TYPE_CHECKING:
    import pandas as pd

    from backup_engine.compare import Comparison
    from backup_engine.create import Created
    from backup_engine.merge import Merged
    from backup_engine.status import Status
    from backup_engine.verify import Verification

__all__ = ["DatabaseBackupRestore", "local_now"]


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
        tiers: Mapping[str, int] | None = None,
        sources: tuple[Source, ...] = OWNER_SOURCES,
        seal: Seal | None = None,
        compression: Compression | None = None,
        recipients: str | Sequence[str] | None = None,
        identities: str | Sequence[str] | None = None,
        signing_key: str | Path | None = None,
        clock: Clock = local_now,
        workers: int | None = None,
        interval_hours: float | None = None,
        schedules: Mapping[str, str] | None = None,
        connect: Callable[[], Database[dict[str, Any]]] | None = None,
        work_folder: str | None = None,
        remotes: Mapping[str, str] | str | None = None,
        application: Application | None = None,
        **unknown: Any,
    ) -> None:
        """Remember where everything is; nothing is contacted yet, so this works with the database down.

        One of ``connection_string``, ``client`` and ``connect`` leads to the database; ``connect`` gives the database
        itself and goes without ``database``. Without ``database`` it is the one in the path of the connection string,
        else ``Equipment_DB``. ``keep_days`` (1–3650) is the retention in days; ``tiers`` such as ``{"weekly": 8}`` keep
        the newest good backup of each of so many hours, days, weeks, months and years besides, and what they do not
        name is what an administrator stored. ``interval_hours`` (0.1–168) is the default time between backups;
        ``schedules`` are cron texts of ``backup``, ``verify`` and ``drill`` and the ``time_zone`` they go by, and what
        they do not name is what an administrator stored. ``workers`` are the processes that encode. ``work_folder``
        takes the safety backup of a restore from a folder that can only be read, and the keys of safety backups.
        ``application`` names collections that are saved with the list and apart from it, in ``.app``. ``remotes`` are
        addresses by name, or ``name=URL`` with blanks.

        ``compression`` (none, gzip, zstd) and ``recipients`` (age public keys) say how new backups are stored; what is
        not said is what an administrator stored in the database. ``identities`` (age secret keys) open encrypted ones.
        ``seal`` says all of it at once. ``signing_key`` is the file of a key that signs new backups.

        Raises ``TypeError`` for an unknown argument and for contradictory ones, ``BadInput`` for an unusable value.
        """
        given = checked({
            "connection_string": connection_string, "client": client, "connect": connect, "database": database,
            "backup_folder": backup_folder, "keep_days": keep_days, "interval_hours": interval_hours,
            "tiers": tiers, "schedules": schedules,
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
        remotes: bool = True, watch: Watch = SILENT,
    ) -> Created:
        """Do what ``create_backup`` does, with the typed result; raises ``BackupError``. Without ``remotes`` nothing is
        said of what is wrong with those.

        Without ``interval_hours`` the schedule decides: a cron text where there is one, else the stored interval, else
        this installation's.
        """
        from backup_engine.create import create

        if interval_hours is None:
            stored = load_preferences(self.workspace.connect(), Preferences(self.interval_hours),
                                      self.workspace.schedules)
            return create(self.workspace, trigger=trigger, schedule=stored.backups, force=force, remotes=remotes,
                          watch=watch)
        hours = check_interval(interval_hours)
        return create(self.workspace, trigger=trigger, interval_hours=hours, force=force, remotes=remotes,
                      watch=watch)

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

    def comment(self, backup_metadata: Mapping[str, Any], text: str) -> tuple[bool, str]:
        """Say something about a set in up to 500 characters, never encrypted; empty text takes it away:
        ``(success, message)``."""
        from backup_engine.comment import comment

        def run() -> tuple[bool, str]:
            backup = comment(self.workspace, self.workspace.catalog.find(backup_metadata), text)
            return True, f"Backup {backup.label} bears {'the' if backup.comment else 'no'} comment."

        return self._answer(run, refused)

    def unpin(self, backup_metadata: Mapping[str, Any]) -> tuple[bool, str]:
        """Give a set back to retention: ``(success, message)``."""
        return self.pin(backup_metadata, False)
