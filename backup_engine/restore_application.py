"""Bring the application's own data back from the set that was made with a list's, by the application's own rules.

The list is not touched. What is there is saved first, in a safety set in ``.app``, and ``undo`` takes that back by the
same rules. The engine proves the set and reads it; what becomes of accounts, settings and trash only the application
knows (``Application.take_back``).
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from backup_engine import verify
from backup_engine.deeds import told
from backup_engine.errors import BackupError, BackupFileNotFound, BadInput, NoBackupsFound
from backup_engine.failpoints import reach
from backup_engine.keys import safety as safety_keys
from backup_engine.locking.locks import Hold, hold
from backup_engine.making.write_set import write_set
from backup_engine.model import SILENT, Application, BackupSet, Batch, TakeBack, TakenBack, Watch
from backup_engine.ownership import lookup
from backup_engine.replacing import recovery
from backup_engine.repository import companions, contents
from backup_engine.workspace import Workspace

__all__ = ["ApplicationPlan", "ApplicationRestored", "plan", "restore", "restore_held", "undo"]

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class ApplicationPlan:
    """What bringing it back would do; ``own`` is the set of the application's own data made with ``backup``."""

    backup: BackupSet
    own: BackupSet
    would: TakenBack


@dataclass(frozen=True)
class ApplicationRestored:
    """What came of it. ``safety`` is the set in ``.app`` that ``undo`` takes back."""

    message: str
    own: BackupSet
    safety: BackupSet
    done: TakenBack


def plan(ws: Workspace, backup: BackupSet, *, foreign: bool = False, watch: Watch = SILENT) -> ApplicationPlan:
    """Say what would change, after the set has been verified. Nothing is written.

    Raises ``BadInput`` where there is none or the application refuses, ``BackupFileNotFound``, ``VerificationFailed``;
    ``ForeignBackup`` for a set of another database unless ``foreign`` says that it is meant.
    """
    own, about, take_back = _parts(ws)
    database = ws.connect()
    lookup.require_own(ws, database, backup, foreign=foreign)
    found = companions.of(ws, backup)
    if not backup.companion:
        raise BadInput(f"With backup {backup.label} {about.called} were not saved.", hint="Choose a later one.")
    if found is None:
        raise BackupFileNotFound(companions.trouble(ws, backup))
    verify.require(own, found, 2, watch=watch)
    return ApplicationPlan(backup, found, take_back(
        database, _reader(own, found, watch), undo=False, dry_run=True, watch=watch))


@told("backup.restore_application")
def restore(ws: Workspace, planned: ApplicationPlan, *, watch: Watch = SILENT) -> ApplicationRestored:
    """Bring it back as the plan says.

    Raises what stopped it before anything changed, or ``RestoreIncomplete``; then the same once more, or ``undo``.
    """
    with hold(ws, "restore") as held:
        return restore_held(ws, held, planned, watch=watch)


def restore_held(ws: Workspace, held: Hold, planned: ApplicationPlan, *, watch: Watch) -> ApplicationRestored:
    """Bring it back under locks that the caller holds."""
    return _bring_back(ws, held, planned.own, watch, undoing=False)


@told("backup.undo_application")
def undo(ws: Workspace, *, watch: Watch = SILENT) -> ApplicationRestored:
    """Bring back what was there before the last time. Raises ``NoBackupsFound`` when there is nothing to undo."""
    own, about, _ = _parts(ws)
    with hold(ws, "undo") as held:
        safety = own.catalog.latest("pre_restore", lookup.of(ws, held.database).owns)
        if safety is None:
            raise NoBackupsFound(f"{about.called} were never restored here")
        return _bring_back(ws, held, safety, watch, undoing=True)


def _bring_back(
    ws: Workspace, held: Hold, backup: BackupSet, watch: Watch, *, undoing: bool
) -> ApplicationRestored:
    own, about, take_back = _parts(ws)
    database = held.need_database()
    lookup.of(ws, database)  # whose the safety set will be
    recovery.recover(ws, held)
    verify.require(own, backup, 2, watch=watch)
    saved = _reader(own, backup, watch)
    take_back(database, saved, undo=undoing, dry_run=True, watch=watch)  # what the application refuses changes nothing
    own.storage.refusal()  # a folder that can only be read: the safety set goes into the work folder
    safety = write_set(own, held, trigger="pre_restore", watch=watch)
    reach("B1")
    held.check()
    done = take_back(database, saved, undo=undoing, dry_run=False, watch=watch)
    reach("B2")
    safety_keys.forget_others(own, safety)
    added, changed = (sum(counts.get(name, 0) for counts in done.counts.values()) for name in ("added", "changed"))
    sentences = [f"Restored {about.called} as of backup {backup.label}: {added:,} added, {changed:,} changed."]
    sentences += [f"{note[:1].upper()}{note[1:]}." for note in done.notes]
    sentences += ["undo-application takes it back."] if _can_be_undone(own, safety, database, take_back) else []
    return ApplicationRestored(" ".join(sentences), backup, safety, done)


def _can_be_undone(own: Workspace, safety: BackupSet, database: Any, take_back: TakeBack) -> bool:
    """Whether the application would take back what was there before: not where nobody could administer that, such as an
    empty database."""
    try:
        take_back(database, _reader(own, safety, SILENT), undo=True, dry_run=True, watch=SILENT)
    except BackupError as refusal:  # all is done by now: whatever keeps it from being asked, it is only not offered
        log.info("undo-application is not offered: %s", refusal)
        return False
    return True


def _parts(ws: Workspace) -> tuple[Workspace, Application, TakeBack]:
    own, annex = ws.application, ws.annex
    if own is None or annex is None or annex.about.take_back is None:
        raise BadInput("Nothing but the lists is saved here.", hint="Use the program that belongs to the installation.")
    return own, annex.about, annex.about.take_back


def _reader(own: Workspace, backup: BackupSet, watch: Watch) -> Callable[[str], Iterable[Batch]]:
    def saved(key: str) -> Iterable[Batch]:
        return contents.documents(own, backup, key, watch=watch) if key in backup.parts else ()

    return saved
