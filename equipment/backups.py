"""One backup engine and one scheduler per process, and who may use them.

Every privileged verb asks its ``Caller`` first, whatever the page showed: by the database, or by the app around it.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pymongo.database import Database
from pymongo.errors import PyMongoError

from backup_engine import api
from backup_engine.api import BackupError, BackupSet, DatabaseBackupRestore, Preferences, Watch
from equipment import data_disk
from equipment.caller import NO_KEYS as NO_KEYS, NOBODY as NOBODY, Caller as Caller
from equipment.domain.counting import number_of
from equipment.exchange import archive
from equipment.fetched_sets import FetchedSets
from equipment.jobs import Job, Jobs, in_words
from equipment.logs import deeds, reference
from equipment.restores import works
from equipment.settings import Settings, write_file
from equipment.store import activity
from equipment.store.saved import application_of
from equipment.store.work import Told

if TYPE_CHECKING:
    import pandas as pd

log = logging.getLogger(__name__)
Connect = Callable[[], Database[dict[str, Any]]]
Beside = Callable[["Backups", Caller, works.Work, Watch], Any]

WRITING = "backup"
"""The kind of job that backups, restores and undo share: one at a time."""
CHECKING = "verify"
LIST = "equipment"
"""The engine's key of the equipment list."""


class Backups:
    """What the Backup & Restore screens can do. Build one per process through ``of``."""

    def __init__(self, engine: DatabaseBackupRestore, connect: Connect, defaults: Preferences) -> None:
        self.engine = engine
        self._workspace = engine.workspace
        self.jobs = Jobs()
        self.fetched = FetchedSets()
        self.scheduler = api.Scheduler(replace(engine.workspace, tell=self._hear), defaults, tell=self._tell)
        self.risk = api.Unsaved(engine.workspace)
        self.beside: Beside | None = None
        """Does large work in a process of its own; None where nobody arranged for that, as in another app."""
        self._connect = connect
        self._seeded = False

    @property
    def place(self) -> str:
        """Where the backups lie, for people."""
        return self._workspace.storage.describe()

    def workspace(self, caller: Caller) -> api.Workspace:
        """What the verbs work with, and the keys that this visitor gave."""
        seal = self._workspace.seal.with_keys(caller.keys.identities, caller.keys.phrases)
        return replace(self._workspace, seal=seal)

    def now(self) -> datetime:
        """The engine's present moment, in local time."""
        return self._workspace.clock()

    def sets(self, caller: Caller) -> list[BackupSet]:
        """Every set of this database and of the original system, newest first. Works with the database down."""
        caller.check("backup.see")
        return api.owner_seen(self._workspace).at_hand(reversed(self._workspace.catalog.sets(fresh=False)))

    def foreign_sets(self, caller: Caller) -> list[BackupSet]:
        """The sets of other databases in the folder, newest first."""
        caller.check("backup.see")
        return api.owner_seen(self._workspace).foreign(reversed(self._workspace.catalog.sets(fresh=False)))

    def owner(self, *, fresh: bool = False) -> api.Owner:
        """Who this database is, and what has to be said about it; ``fresh`` asks it, where it can be asked."""
        return api.owner_of(self._workspace) if fresh else api.owner_seen(self._workspace)

    def holdings(self, caller: Caller) -> list[api.Holding]:
        """Whose sets lie in the folder."""
        caller.check("backup.see")
        return api.holdings(self._workspace, self.owner())

    def adopt(self, caller: Caller, which: str, *, gone: bool | None = None) -> None:
        """Take over the sets of another database; ``gone`` lets retention clear them away."""
        caller.check("backup.let_go" if gone else "backup.settings")
        adopted = api.adopt(self._workspace, which, gone=gone)
        self.scheduler.excuse()
        names = (f"{holding.called}{' (gone)' if holding.gone else ''}" for holding in adopted)
        self.note(caller, "backup.adopt", which or "backups of another database", ", ".join(names))

    def answer(self, caller: Caller, answer: Callable[[api.Workspace], api.Owner]) -> None:
        """Answer the question that is open: ``api.start_anew``, ``is_copy`` or ``was_rolled_back``."""
        caller.check("backup.settings")
        owner = answer(self._workspace)
        self.scheduler.excuse()
        self.note(caller, f"backup.{answer.__name__}", owner.database, f"id {owner.database_id}")

    def newest_good(self) -> BackupSet | None:
        """The newest set that nothing speaks against."""
        return self._workspace.catalog.newest_good(api.owner_seen(self._workspace).owns)

    def application_trouble(self, backup: BackupSet) -> str:
        """Why accounts, settings, trash and activity saved with that set cannot be relied on; empty when they can."""
        return api.application_trouble(self._workspace, backup)

    def find(self, caller: Caller, label: str) -> BackupSet:
        """Give the set of that label. Raises ``NoBackupsFound``."""
        caller.check("backup.see")
        return self._workspace.catalog.find(label)

    def aside(self, backup: BackupSet) -> str:
        """Name the work folder for a set that lies there because the backup folder could only be read; else empty."""
        place = self._workspace.storage.place(backup.day, backup.metadata_file)
        return "" if place == self.place else place

    def create(self, caller: Caller, *, force: bool = False) -> Job:
        """Start a backup if anything changed or one is due, with ``force`` in any case; the result is ``Created``."""
        caller.check("backup.create")
        by, schedule = replace(caller, keys=NO_KEYS), self.scheduler.preferences.backups
        return self.start(caller, "backup.create", "Create backup", lambda watch: self.do(
            by, works.Create({"schedule": schedule, "force": force or self.changed()}), watch))

    def replace(
        self, caller: Caller, backup: BackupSet, keys: tuple[str, ...], *, expected: works.Counts | None = None,
        foreign: bool = False, remote: str = "",
    ) -> Job:
        """Start a replace restore of these collections; the result is ``Done``.

        ``expected`` is what a comparison with the current list counted; when that has changed nothing is restored.
        ``foreign`` says that a set of another database is meant. ``remote``, here and in the verbs below, names the
        place off this machine that the set is read from; empty is the backup folder.
        """
        caller.check("backup.replace")
        work = works.Replace(backup, keys, expected or {}, foreign)
        return self._start_on_set(caller, "backup.replace", f"Restore {backup.label}{from_words(remote)}", work, remote)

    def merge(
        self, caller: Caller, backup: BackupSet, picks: Mapping[str, api.Pick | None], *, foreign: bool = False,
        remote: str = "",
    ) -> Job:
        """Start a merge restore of what is picked by collection key (None: all); the result is ``Done``."""
        caller.check("backup.merge")
        title = f"Merge {backup.label}{from_words(remote)}"
        return self._start_on_set(caller, "backup.merge", title, works.Merge(backup, picks, foreign), remote)

    def undoable(self) -> BackupSet | None:
        """Give the safety copy an undo would bring back, or None."""
        return api.undoable(self._workspace)

    def undo(
        self, caller: Caller, safety: BackupSet, keys: tuple[str, ...], *, expected: works.Counts | None = None,
        title: str = "Undo restore",
    ) -> Job:
        """Start taking the last restore back, by the safety set and the collections that were shown; gives ``Done``.

        It stops when something else was restored since, or the list is not what ``expected`` says, see ``replace``.
        """
        caller.check("backup.replace")
        work = works.Undo(safety, keys, expected or {})
        return self.start(caller, "backup.undo", title, lambda watch: self.do(caller, work, watch))

    def import_set(self, caller: Caller, source: Any) -> Job:
        """Start taking in every set of a zip stream or a folder; the result are its sets, oldest first."""
        caller.check("backup.restore")
        ws = self.workspace(caller)
        return self.start(caller, "backup.import", "Take in a backup",
                          lambda watch: api.import_sets(ws, source, watch=watch))

    def compare(
        self, caller: Caller, backup: BackupSet, keys: tuple[str, ...], other: BackupSet | None, *,
        kind: str, about: Any, remote: str = "",
    ) -> Job:
        """Start comparing a set with the current list or a set here; the result is a ``Comparison`` per key."""
        caller.check("backup.see")

        def work(watch: Watch) -> dict[str, api.Comparison]:
            with self._reading(caller, backup, remote, watch) as (ws, found):
                return {key: api.compare(ws, found, other or "current", key, watch=watch) for key in keys}

        return self.jobs.start(kind, f"Compare{from_words(remote)}", caller.name, about=about, work=work)

    def verify(
        self, caller: Caller, backup: BackupSet, *, remote: str = "", kind: str = CHECKING, about: Any = None
    ) -> Job:
        """Start a check of one set, a full one where the key is at hand; the result is ``Verification``.

        In a ``remote`` what lies there is read, whatever was fetched before.
        """
        caller.check("backup.create")

        def work(watch: Watch) -> api.Verification:
            with api.listed_in(self.workspace(caller), remote or None, watch=watch) as ws:
                found = ws.catalog.find(backup.backup_id) if remote else backup
                level = 1 if api.needs_key(ws, found) else 2
                return api.verify(ws, found, level, remember=not remote, watch=watch)

        return self.jobs.start(kind, f"Verify {backup.label}{from_words(remote)}", caller.name, work, about=about)

    def drill(self, caller: Caller, backup: BackupSet | None = None, *, remote: str = "") -> Job:
        """Start a restore drill, by default of the newest good set here; the result is ``Drilled``."""
        caller.check("backup.create")

        def work(watch: Watch) -> Any:
            if backup is None:
                return api.drill(self.workspace(caller), watch=watch)
            with self._reading(caller, backup, remote, watch) as (ws, found):
                return api.drill(ws, found, watch=watch)

        return self.start(caller, "backup.drill", f"Restore drill{from_words(remote)}", work)

    def pin(self, caller: Caller, backup: BackupSet, pinned: bool) -> None:
        """Protect a set from retention, or release it."""
        caller.check("backup.settings" if pinned else "backup.let_go")
        (api.pin if pinned else api.unpin)(self._workspace, backup)
        self.note(caller, "backup.pin" if pinned else "backup.unpin", backup.label, "")

    def comment(self, caller: Caller, backup: BackupSet, text: str) -> None:
        """Say something about a set; empty text takes it away."""
        caller.check("backup.settings")
        self.note(caller, "backup.comment", backup.label, api.comment(self._workspace, backup, text).comment)

    def delete(self, caller: Caller, backup: BackupSet) -> None:
        """Delete one set; raises ``BadInput`` for the newest good one and for whatever else rests on it."""
        caller.check("backup.delete")
        api.delete(self._workspace, backup)
        self.note(caller, "backup.delete", backup.label, number_of(sum(backup.counts.values()), "record"))

    def write_settings(self, caller: Caller, settings: Settings) -> Path:
        """Write the options in force into the settings file of lines that run elsewhere; gives its path."""
        caller.check("settings.write_file")
        self.note(caller, "settings.write_file", str(path := write_file(settings)), "")
        return path

    def preview(
        self, caller: Caller, backup: BackupSet, key: str, limit: int, skip: int, search: str, words: Any = None
    ) -> tuple[pd.DataFrame, int]:
        """Give a page of a set's rows as text and how many rows match; a changed file raises before any is shown."""
        caller.check("backup.see")
        api.require_sound(self._workspace, backup, 1)
        return api.preview(self.workspace(caller), backup, key, limit, skip, search, words=words)

    def history(self, caller: Caller, record: str) -> api.History:
        """Join every set into the timeline of one equipment record."""
        caller.check("records.read")
        return api.history_of(self.workspace(caller), LIST, record)

    def status(self) -> api.Status:
        """How the backups stand, from the folder alone."""
        return api.status(self._workspace)

    def changed(self) -> bool:
        """Whether anything but the activity log changed since the newest good backup; True where nobody knows."""
        return self.risk.anything(besides=("activity",))

    def running(self) -> bool:
        """Whether a backup, restore or drill of this process runs now."""
        return (job := self.jobs.latest(WRITING)) is not None and job.running

    def check_now(self, caller: Caller) -> api.Check:
        """Make a backup if one is due, in this thread."""
        caller.check("backup.create")
        return self.scheduler.check("manual")

    def seed_interval(self, hours: float) -> None:
        """Set the interval unless one is set; asked once per process, raises ``BadInput`` for a bad interval."""
        if not self._seeded:
            api.check_interval(hours)
            self._seeded = True
            self.scheduler.seed(hours)

    def zip_stream(self, caller: Caller, backup: BackupSet) -> Iterator[bytes]:
        """Give the files of one set as the pieces of a zip."""
        caller.check("backup.see")
        return archive.stream(self._workspace.storage.open, backup)

    def checks(self) -> Mapping[str, Any]:
        """The last check of each set by ``backup_id``; one without was read back when it was made."""
        return api.checks(self._workspace.storage)

    def last_drill(self) -> datetime | None:
        """When a set was last proven restorable."""
        return api.last_drill(self._workspace)

    @contextmanager
    def _reading(
        self, caller: Caller, backup: BackupSet, remote: str, watch: Watch
    ) -> Iterator[tuple[api.Workspace, BackupSet]]:
        """Give the workspace to read a set in, with this visitor's keys, and the set as it lies there."""
        if not remote:
            yield self.workspace(caller), backup
            return
        with self.fetched.reading(self.workspace(caller), remote, backup.backup_id, watch=watch) as found:
            yield found

    def do(self, caller: Caller, work: works.Work, watch: Watch) -> Any:
        """Do it now, beside this process where that was arranged and pays. Raises what the work raises."""
        if self.beside is not None:
            return self.beside(self, caller, work, watch)
        return work.run(self.workspace(caller), caller.name, watch)

    def _start_on_set(self, by: Caller, action: str, title: str, work: works.Replace | works.Merge, remote: str) -> Job:
        def run(watch: Watch) -> Any:
            if not remote:
                return self.do(by, work, watch)
            with self._reading(by, work.backup, remote, watch) as (ws, found):
                done = replace(work, backup=found).run(ws, by.name, watch)
            return replace(done, source=work.backup)

        return self.start(by, action, title, run)

    def start(self, caller: Caller, action: str, title: str, work: Callable[[Watch], Any]) -> Job:
        """Start what may not run beside a backup or restore, and note it in the activity log when it is over."""
        def noted(watch: Watch) -> Any:
            try:
                result = work(watch)
            except BackupError as error:
                self.note(caller, f"{action}.failed", title, str(error))
                raise
            self.note(caller, action, title, in_words(result))
            return result

        return self.jobs.start(WRITING, title, caller.name, noted, about=action,
                               hear=Told(self._connect, WRITING, action))

    def note(self, caller: Caller, action: str, target: str, note: str) -> None:
        """Write into the activity log; where that cannot be done it is no reason to fail."""
        self.risk.forget()  # whatever was done, the next page shows what is true after it
        try:
            activity.record(self._connect(), caller.who, action, target, note=note)
        except (BackupError, PyMongoError) as error:
            log.warning("activity not recorded (%s %s): %s", action, target, error)
            deeds.tell(action, caller.who.name, caller.who.address, target, note)

    def _hear(self, deed: api.Deed) -> None:
        """What the scheduler did besides backups: drills, clearing away. Of those ``_tell`` hears, in its words."""
        if not deed.action.startswith("backup.create"):
            with reference.request():
                self.note(NOBODY, deed.action, deed.target, deed.note)

    def _tell(self, check: Any) -> None:
        with reference.request():
            self.note(NOBODY, f"backup.auto.{check.result}", check.trigger, check.message)


_built: dict[tuple[str, str], Backups] = {}
_building = threading.Lock()


def of(settings: Settings, connect: Connect) -> Backups:
    """Give the process's ``Backups`` for these settings, building it at the first call."""
    where = (str(settings.backup_folder), settings.mongodb_database)
    with _building:
        if where not in _built:
            defaults = Preferences(interval_hours=settings.backup_interval_hours)
            engine = DatabaseBackupRestore(
                connect=connect, backup_folder=str(settings.backup_folder), keep_days=settings.backup_keep_days,
                tiers=settings.backup_tiers, interval_hours=settings.backup_interval_hours,
                work_folder=str(settings.work_folder), compression=settings.backup_compression,
                recipients=settings.backup_recipients or None, signing_key=settings.backup_signing_key,
                application=application_of(settings), remotes=settings.backup_remote,
                schedules=settings.backup_schedules)
            engine.workspace = replace(
                engine.workspace, database_name=settings.mongodb_database, room=lambda: data_disk.look(settings))
            _built[where] = Backups(engine, connect, defaults)
        return _built[where]


def start(settings: Settings, connect: Connect, beside: Beside | None = None) -> Backups:
    """Start the scheduler; the server's lifespan calls this once, and says what does large work ``beside`` it."""
    (backups := of(settings, connect)).beside = beside
    backups.scheduler.start()
    return backups


def stop() -> None:
    """Stop every scheduler and let running jobs reach a safe point."""
    for backups in _built.values():
        backups.scheduler.stop()
        backups.jobs.wait(10)
        backups.fetched.close()
    _built.clear()


def from_words(remote: str) -> str:
    """Name the place a set is read from; nothing for the backup folder."""
    return f" from remote {remote}" if remote else ""
