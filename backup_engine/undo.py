"""Take the last restore back: replace by the safety set it made, late writes included.

An undo is a restore like any other, with a safety set of its own: undoing twice brings the restore back.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from pymongo.database import Database

from backup_engine.deeds import told
from backup_engine.errors import DatabaseUnreachable, NoBackupsFound, RestoreStopped
from backup_engine.locking.locks import hold
from backup_engine.model import SILENT, BackupSet, Watch
from backup_engine.ownership import lookup
from backup_engine.replacing import journal, recovery
from backup_engine.replacing.journal import Entry
from backup_engine.replacing.steps import After
from backup_engine.restore import Restored, plan_replace, replace_held
from backup_engine.workspace import Workspace

__all__ = ["Past", "past", "undo", "undoable"]

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Past:
    """A restore, merge or undo that changed the list."""

    entry: Entry
    undone: bool
    """Whether a later undo took it back, and was not taken back itself."""


def past(database: Database[dict[str, Any]]) -> list[Past]:
    """Give what changed the list of a database, the last one first, as far as the journal goes back.

    Raises ``DatabaseUnreachable``.
    """
    return list(_past(journal.changes(database)))


def _past(entries: list[Entry]) -> Iterator[Past]:
    taken_back: set[str] = set()
    for entry in entries:  # an undo comes after what it takes back, so it is met first
        undone = bool(entry.safety) and entry.safety in taken_back
        if entry.kind == "undo" and not undone:
            taken_back.add(entry.backup_id)
        yield Past(entry, undone)


def undoable(ws: Workspace) -> BackupSet | None:
    """Give the set an undo would bring back, None when there is nothing to undo. Works with the database down."""
    try:
        return _last(ws)[0]
    except NoBackupsFound as missing:
        log.warning("%s", missing)
        return None


@told("backup.undo")
def undo(
    ws: Workspace, *, actor: str = "", after: After | None = None, watch: Watch = SILENT, expected: str = "",
    counted: Mapping[str, Mapping[str, int]] | None = None,
) -> Restored:
    """Bring back what was there before the last restore, for the collections it concerned.

    ``expected`` is the ``backup_id`` of the safety set that somebody was shown, ``counted`` what it changes, for the
    journal. Raises ``NoBackupsFound`` when there is nothing to undo, ``RestoreStopped`` when something else was
    restored since, and what ``restore.replace`` raises.
    """
    with hold(ws, "undo") as held:
        recovery.recover(ws, held)  # a restore that crashed is finished first: it is the last one
        safety, keys = _last(ws)
        if safety is None:
            raise NoBackupsFound("there is no restore to undo")
        if expected and safety.backup_id != expected:
            raise RestoreStopped("something else was restored or taken back since", hint="Look again.")
        plan = plan_replace(ws, safety, keys, foreign=True, watch=watch)  # this database's own journal names it
        return replace_held(ws, held, replace(plan, counted=counted), actor=actor, after=after, watch=watch)


def _last(ws: Workspace) -> tuple[BackupSet | None, tuple[str, ...]]:
    """The safety set of the last restore and the keys it concerned; the journal knows, else the folder does.

    Raises ``NoBackupsFound`` for a set that the journal knows and the folder does not: an older one is not the same.
    """
    try:
        database = ws.connect()
        entry = journal.last_changed(database)
        if entry is not None and entry.safety:
            return _safety(ws, entry.safety), entry.keys
        if journal.exists(database):
            return None, ()  # safety sets in the folder are of restores that stopped
    except DatabaseUnreachable as problem:
        log.info("asking the folder what can be undone: %s", problem)
    latest = ws.catalog.latest("pre_restore", lookup.of(ws).owns)
    return latest, tuple(latest.parts) if latest else ()


def _safety(ws: Workspace, backup_id: str) -> BackupSet:
    try:
        return ws.catalog.find(backup_id)
    except NoBackupsFound:
        places = " or ".join(place for place in (ws.storage.describe(), ws.storage.aside) if place)
        raise NoBackupsFound(f"the safety backup of the last restore is not in {places}",
                             hint="Name the work folder it was written to (--work-folder PATH).") from None
