"""Finish or clear up what a crashed restore or drill left, as its journal entry says.

Whether the swap happened is not guessed: the UUID of the live collection is that of the staging collection or it is
not. If it happened for none, the staging collections go and nothing has changed. If it happened for one of two, the
other follows; then the writes of the last moment go into the safety set, from the instant the journal names.
"""

from __future__ import annotations

import logging

from backup_engine.errors import BackupError, DatabaseUnreachable, RestoreIncomplete
from backup_engine.locking.locks import Hold, hold
from backup_engine.making import companion
from backup_engine.model import BackupSet
from backup_engine.mongo.capabilities import answers_commands
from backup_engine.replacing import journal, staging
from backup_engine.replacing.journal import Entry
from backup_engine.replacing.late_writes import Late
from backup_engine.replacing.steps import BroughtBack, Replacing, open_capture
from backup_engine.replacing.swap import happened, in_place
from backup_engine.repository import intents
from backup_engine.workspace import Workspace

__all__ = ["recover", "recover_database", "recover_now"]

log = logging.getLogger(__name__)


def recover(ws: Workspace, held: Hold) -> list[str]:
    """Bring folder and database into order after crashes; says what was done, in sentences."""
    done = intents.recover(ws.storage, alone=held.alone, scope=held.scope)
    return done + companion.recover(ws, held) + recover_database(ws, held)


def recover_now(ws: Workspace) -> list[str]:
    """Take the locks and recover, if the journal names anything: for the start of a server and a scheduler's tick.

    One query when there is nothing to do. Raises ``Busy`` while somebody is at work, ``DatabaseUnreachable``.
    """
    database = ws.connect()
    if not answers_commands(database) or not journal.running(database):
        return []
    with hold(ws, "recover") as held:
        return recover(ws, held)


def recover_database(ws: Workspace, held: Hold) -> list[str]:
    """Bring the database into order; nothing happens when it is down, read-only or a stand-in in memory."""
    if held.database is None or not held.capabilities.commands or not held.capabilities.can_write:
        return []
    return [_settle(ws, held, entry) for entry in journal.running(held.database)]


def _settle(ws: Workspace, held: Hold, entry: Entry) -> str:
    database = held.need_database()
    # changed: after R7 somebody may have moved the new list away, and the UUIDs alone would look like before it
    if not entry.changed and not any(in_place(database, entry.swaps, entry.id)):
        for swap in entry.swaps:
            staging.drop(database, swap.staging)
        journal.close(database, entry, "stopped", problem="interrupted")
        return f"An interrupted {entry.kind} from backup {entry.label} was cleared up; the data is as it was before."
    problem = _go_forward(ws, held, entry)
    done = f"An interrupted {entry.kind} from backup {entry.label} was finished"
    return f"{done}, but {problem}" if problem else f"{done}."


def _go_forward(ws: Workspace, held: Hold, entry: Entry) -> str:
    """Do what was left to do; what cannot be done any more is said and written down."""
    try:
        safety = ws.catalog.find(entry.safety)
        # in place of the backup: staging is filled and proven, so the backup itself is not needed any more
        run = Replacing(ws, held, safety, entry, safety=safety, swapping=True)
        with open_capture(run) as capture:
            if capture is not None:
                run.late = Late(ws, held, capture, {swap.key: swap.live for swap in entry.swaps}, safety, entry.as_of)
            _swap_the_rest(run, safety)
            run.finish()
        return ""
    except DatabaseUnreachable:  # the entry stays open, and the next start tries again
        raise
    except BroughtBack as problem:  # which has closed the entry
        return problem.detail
    except BackupError as problem:
        log.warning("recovery of restore %s: %s", entry.id, problem)
        _close_with(held, entry, problem)
        if isinstance(problem, RestoreIncomplete):
            return problem.detail
        return f"writes others made at that moment may be missing from the safety backup: {problem.message}"


def _swap_the_rest(run: Replacing, safety: BackupSet) -> None:
    if not run.entry.changed and not all(happened(run.database, swap) for swap in run.entry.swaps):
        run.settle()  # R6 again: others have written since the crash
        run.swap()


def _close_with(held: Hold, entry: Entry, problem: BackupError) -> None:
    database = held.need_database()
    for swap in entry.swaps:
        staging.drop(database, swap.staging)
    journal.close(database, entry, "stopped" if isinstance(problem, RestoreIncomplete) else "done", changed=True,
                  problem=problem.message)
