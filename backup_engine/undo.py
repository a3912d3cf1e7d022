"""Take the last restore back: replace by the safety set it made, late writes included.

An undo is a restore like any other, with a safety set of its own: undoing twice brings the restore back.
"""

from __future__ import annotations

import logging

from backup_engine.deeds import told
from backup_engine.errors import DatabaseUnreachable, NoBackupsFound
from backup_engine.locking.locks import hold
from backup_engine.model import SILENT, BackupSet, Watch
from backup_engine.ownership import lookup
from backup_engine.replacing import journal, recovery
from backup_engine.replacing.steps import After
from backup_engine.restore import Restored, plan_replace, replace_held
from backup_engine.workspace import Workspace

__all__ = ["undo", "undoable"]

log = logging.getLogger(__name__)


def undoable(ws: Workspace) -> BackupSet | None:
    """Give the set an undo would bring back, None when there is nothing to undo. Works with the database down."""
    try:
        return _last(ws)[0]
    except NoBackupsFound as missing:
        log.warning("%s", missing)
        return None


@told("backup.undo")
def undo(ws: Workspace, *, actor: str = "", after: After | None = None, watch: Watch = SILENT) -> Restored:
    """Bring back what was there before the last restore, for the collections it concerned.

    Raises ``NoBackupsFound`` when there is nothing to undo, and what ``restore.replace`` raises.
    """
    with hold(ws, "undo") as held:
        recovery.recover(ws, held)  # a restore that crashed is finished first: it is the last one
        safety, keys = _last(ws)
        if safety is None:
            raise NoBackupsFound("there is no restore to undo")
        plan = plan_replace(ws, safety, keys, foreign=True, watch=watch)  # this database's own journal names it
        return replace_held(ws, held, plan, actor=actor, after=after, watch=watch)


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
