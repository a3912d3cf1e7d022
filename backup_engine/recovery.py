"""Finish or clear up what a crashed restore or drill left, as its journal entry says.

Whether the swap happened is not guessed: the UUID of the live collection is that of the staging collection or it is
not. If it happened for none, the staging collections go and nothing has changed. If it happened for one of two, the
other follows; then the writes of the last moment go into the safety set, from the instant the journal names.
"""

from __future__ import annotations

import logging

from backup_engine import journal, staging, swap
from backup_engine.create import recover as recover_folder
from backup_engine.errors import BackupError, DatabaseUnreachable
from backup_engine.journal import Entry
from backup_engine.late import Late
from backup_engine.locks import Hold
from backup_engine.model import BackupSet
from backup_engine.replacing import Replacing, open_capture
from backup_engine.workspace import Workspace

__all__ = ["recover", "recover_database"]

log = logging.getLogger(__name__)


def recover(ws: Workspace, hold: Hold) -> list[str]:
    """Bring folder and database into order after crashes; says what was done, in sentences."""
    return recover_folder(ws, hold) + recover_database(ws, hold)


def recover_database(ws: Workspace, hold: Hold) -> list[str]:
    """Bring the database into order; nothing happens when it is down, read-only or a stand-in in memory."""
    if hold.database is None or not hold.capabilities.commands or not hold.capabilities.can_write:
        return []
    return [_settle(ws, hold, entry) for entry in journal.running(hold.database)]


def _settle(ws: Workspace, hold: Hold, entry: Entry) -> str:
    database = hold.need_database()
    swapped = [one for one in entry.swaps if swap.happened(database, one)]
    if not swapped and not entry.changed:
        for one in entry.swaps:
            staging.drop(database, one.staging)
        journal.close(database, entry, "stopped", problem="interrupted")
        return f"An interrupted {entry.kind} from backup {entry.label} was cleared up; the data is as it was before."
    problem = _go_forward(ws, hold, entry)
    done = f"An interrupted {entry.kind} from backup {entry.label} was finished"
    return f"{done}, but {problem}" if problem else f"{done}."


def _go_forward(ws: Workspace, hold: Hold, entry: Entry) -> str:
    """Do what was left to do; what cannot be done any more is said and written down."""
    try:
        safety = ws.catalog.find(entry.safety)
        run = Replacing(ws, hold, safety, entry, safety=safety, swapping=True)
        with open_capture(run) as capture:
            if capture is not None:
                run.late = Late(ws, hold, capture, {one.key: one.live for one in entry.swaps}, safety, entry.as_of)
            _swap_the_rest(run, safety)
            run.finish()
        return ""
    except DatabaseUnreachable:
        raise
    except BackupError as problem:
        log.warning("recovery of restore %s: %s", entry.id, problem)
        _close_with(hold, entry, problem)
        return f"writes others made at that moment may be missing from the safety backup: {problem.message}"


def _swap_the_rest(run: Replacing, safety: BackupSet) -> None:
    if not run.entry.changed and not all(swap.happened(run.database, one) for one in run.entry.swaps):
        run.settle()
        run.swap()


def _close_with(hold: Hold, entry: Entry, problem: BackupError) -> None:
    database = hold.need_database()
    for one in entry.swaps:
        staging.drop(database, one.staging)
    journal.close(database, entry, "done", changed=True, problem=problem.message)
