"""The class with the documented names. It loads the machinery behind each method when that is first called: a page
that only asks whether a backup is due, or a backup from cron, need not pay for restores and comparisons.

``DatabaseBackupRestore`` never raises to its callers: every method answers with a success flag and a sentence.
"""

from __future__ import annotations

import logging
import secrets
import threading
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlsplit

import pymongo
from pymongo.database import Database
from pymongo.errors import PyMongoError

from backup_engine.csv_format.seal import Seal
from backup_engine.errors import BackupError, BadInput, DatabaseUnreachable
from backup_engine.model import OWNER_SOURCES, SILENT, BackupSet, Clock, Source, Trigger, Watch
from backup_engine.policy.due import check_interval
from backup_engine.repository.catalog import Catalog
from backup_engine.scheduling.preferences import Preferences, load as load_preferences
from backup_engine.storage import open_storage
from backup_engine.workspace import Workspace

if TYPE_CHECKING:
    import pandas as pd

    from backup_engine.compare import Comparison
    from backup_engine.create import Created

__all__ = ["DatabaseBackupRestore", "local_now"]

log = logging.getLogger(__name__)
Answer = TypeVar("Answer")
SELECTION_TIMEOUT_MS = 2500
"""A page about an unreachable database must stand within 3 s."""



def local_now() -> datetime:
    """The present moment, aware, in local time."""
    return datetime.now().astimezone()


class DatabaseBackupRestore:
    """Back up and restore the collections of one database into one folder. Every method is thread-safe."""

    def __init__(
        self,
        connection_string: str | None = None,
        *,
        client: pymongo.MongoClient[dict[str, Any]] | None = None,
        database: str = "Equipment_DB",
        backup_folder: str = "restore_data_to_db",
        keep_days: int = 7,
        sources: tuple[Source, ...] = OWNER_SOURCES,
        seal: Seal | None = None,
        clock: Clock = local_now,
        workers: int | None = None,
        interval_hours: float = 1.0,
        connect: Callable[[], Database[dict[str, Any]]] | None = None,
    ) -> None:
        """Remember where everything is; nothing is contacted yet, so this works with the database down.

        ``connect`` gives the database itself and then stands in for ``connection_string``, ``client`` and
        ``database``. ``keep_days`` is the retention in days, ``interval_hours`` the default time between backups.
        """
        storage = open_storage(backup_folder)
        self.interval_hours = interval_hours
        self.workspace = Workspace(
            sources=sources,
            storage=storage,
            catalog=Catalog(storage, sources),
            connect=connect or _Connection(connection_string or "mongodb://127.0.0.1:27017", client, database),
            clock=clock,
            seal=seal or Seal(),
            keep_days=keep_days,
            workers=workers,
        )

    def create_backup(
        self, backup_interval_hours: float | None = None, *, force: bool = False, watch: Watch = SILENT
    ) -> tuple[bool, str | None, str]:
        """Make a backup if one is due: ``(success, path of the equipment CSV, message)``; ``force`` skips the check."""

        def run() -> tuple[bool, str | None, str]:
            created = self.create(backup_interval_hours, force=force, watch=watch)
            return created.set is not None, self.first_file(created.set), created.message

        return _answer(run, lambda message: (False, None, message))

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

    def get_available_backups(self) -> dict[str, list[dict[str, Any]]]:
        """List every set: metadata by day, ``sunday`` … ``saturday``, newest first; empty days are empty lists."""
        return _answer(self.workspace.catalog.by_day, lambda message: {})

    def restore_from_backup(
        self, backup_metadata: Mapping[str, Any], collection_type: str = "equipment", restore_mode: str = "replace",
        *, watch: Watch = SILENT,
    ) -> tuple[bool, str]:
        """Restore one collection from a set: ``replace`` makes it exactly the backup, ``merge`` brings back what
        the backup has and keeps the rest. ``(success, message)``."""
        from backup_engine.merge import merge, plan as plan_merge
        from backup_engine.restore import plan_replace, replace

        def run() -> tuple[bool, str]:
            key = self._key(collection_type)
            mode = _mode(restore_mode)
            backup = self.workspace.catalog.find(backup_metadata)
            if mode == "replace":
                return True, replace(self.workspace, plan_replace(self.workspace, backup, (key,)), watch=watch).message
            return True, merge(self.workspace, plan_merge(self.workspace, backup, key), watch=watch).message

        return _answer(run, _refused)

    def preview_backup(
        self, backup_metadata: Mapping[str, Any], collection_type: str = "equipment", limit: int = 100
    ) -> tuple[bool, pd.DataFrame | None, str]:
        """Show the first rows of a set as a table of text: ``(success, table, message)``."""
        from backup_engine.repository.contents import preview

        def run() -> tuple[bool, pd.DataFrame | None, str]:
            key = self._key(collection_type)
            backup = self.workspace.catalog.find(backup_metadata)
            table, total = preview(self.workspace, backup, key, limit, 0, "")
            return True, table, f"{len(table)} of {total} records"

        return _answer(run, lambda message: (False, None, message))

    def compare_backup(
        self, backup_metadata: Mapping[str, Any], other: Mapping[str, Any] | str = "current",
        collection_type: str = "equipment",
    ) -> tuple[bool, Comparison | None, str]:
        """Compare a set with the live collection or with another set: ``(success, comparison, message)``."""
        from backup_engine.compare import compare

        def run() -> tuple[bool, Comparison | None, str]:
            key = self._key(collection_type)
            left = self.workspace.catalog.find(backup_metadata)
            right = None if other == "current" else self.workspace.catalog.find(other)
            found = compare(self.workspace, left, right or "current", key)
            return True, found, found.message

        return _answer(run, lambda message: (False, None, message))

    def verify_backup(self, backup_metadata: Mapping[str, Any], level: int = 2) -> tuple[bool, str]:
        """Check a set: level 1 compares stored hashes, level 2 decodes every row. ``(sound, message)``."""
        from backup_engine.verify import verify

        def run() -> tuple[bool, str]:
            found = verify(self.workspace, self.workspace.catalog.find(backup_metadata), level)
            return found.ok, found.message

        return _answer(run, _refused)

    def drill(self, backup_metadata: Mapping[str, Any] | None = None) -> tuple[bool, str]:
        """Rehearse a restore into scratch collections: ``(restorable, message)``. Live data is not touched."""
        from backup_engine.drill import drill

        def run() -> tuple[bool, str]:
            backup = None if backup_metadata is None else self.workspace.catalog.find(backup_metadata)
            return True, drill(self.workspace, backup).message

        return _answer(run, _refused)

    def undo_restore(self) -> tuple[bool, str]:
        """Take back the last restore: ``(success, message)``."""
        from backup_engine.undo import undo

        return _answer(lambda: (True, undo(self.workspace).message), _refused)

    def prune(self, dry_run: bool = True) -> tuple[bool, str]:
        """Apply the retention rules, or say what they would do: ``(success, message)``."""
        from backup_engine.prune import prune

        return _answer(lambda: (True, prune(self.workspace, dry_run=dry_run).message), _refused)

    def pin(self, backup_metadata: Mapping[str, Any], pinned: bool = True) -> tuple[bool, str]:
        """Protect a set from retention, or release it: ``(success, message)``."""
        from backup_engine.prune import pin, unpin

        def run() -> tuple[bool, str]:
            verb = pin if pinned else unpin
            backup = verb(self.workspace, self.workspace.catalog.find(backup_metadata))
            return True, f"Backup {backup.label} is {'pinned' if pinned else 'no longer pinned'}."

        return _answer(run, _refused)

    def _key(self, collection_type: str) -> str:
        keys = [source.key for source in self.workspace.sources]
        if collection_type not in keys:
            raise BadInput(f"Unknown collection type {collection_type!r}: use one of {', '.join(keys)}.")
        return collection_type


def _mode(restore_mode: str) -> str:
    modes = {"replace": "replace", "merge": "merge", "smart_merge": "merge"}
    if restore_mode not in modes:
        raise BadInput(f"Unknown restore mode {restore_mode!r}: use replace or merge.")
    return modes[restore_mode]


def _refused(message: str) -> tuple[bool, str]:
    return False, message


def _answer(run: Callable[[], Answer], refuse: Callable[[str], Answer]) -> Answer:
    try:
        return run()
    except BackupError as error:
        return refuse(str(error))
    except Exception:
        reference = secrets.token_hex(4)
        log.exception("unexpected fault, reference %s", reference)
        return refuse(f"Backup error: unexpected fault (reference {reference}). See the log.")


class _Connection:
    """Connect lazily, once, and ping before every use."""

    def __init__(self, uri: str, client: pymongo.MongoClient[dict[str, Any]] | None, database: str) -> None:
        self._uri = uri
        self._client = client
        self._database = database
        self._lock = threading.Lock()

    def __call__(self) -> Database[dict[str, Any]]:
        """Give the database; raises ``DatabaseUnreachable`` naming the host, never the password."""
        try:
            with self._lock:
                if self._client is None:
                    self._client = pymongo.MongoClient(
                        self._uri, serverSelectionTimeoutMS=SELECTION_TIMEOUT_MS, tz_aware=False
                    )
            self._client.admin.command("ping")
        except NotImplementedError:
            return self._client[self._database]  # type: ignore[index]  # mongomock has no commands
        except PyMongoError as error:
            host = urlsplit(self._uri).netloc.rpartition("@")[2] or "the given client"
            raise DatabaseUnreachable(
                f"{host}, database {self._database}: {type(error).__name__}",
                hint="Check that MongoDB runs, the address, and the login.",
            ) from error
        return self._client[self._database]
