"""Which tiers retention keeps backups in: what was said at the start, else what an administrator stored.

Each of the five numbers for itself: an argument or the environment wins; what they do not say stands beside the other
preferences in ``backup_restore_state``, so that every process, and cron, keeps what the screen promises.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pymongo.database import Database

from backup_engine.errors import BackupError, BadInput, DatabaseUnreachable
from backup_engine.mongo import versions
from backup_engine.policy.tiers import TIERS, Tiers, checked
from backup_engine.workspace import Workspace

__all__ = ["choose", "counting", "load", "shown", "unknown"]

DOCUMENT = "preferences"
FIELD = "tiers"


def load(database: Database[dict[str, Any]]) -> dict[str, int]:
    """Give the numbers that are stored. Raises ``DatabaseUnreachable``, ``BadInput`` for what is no number."""
    stored = versions.stored(database, DOCUMENT)
    return checked(stored.get(FIELD, {}))


def choose(ws: Workspace, numbers: Mapping[str, int], *, by: str = "") -> Tiers:
    """Store these numbers for the tiers they name, as somebody wants it; gives what counts then.

    Raises ``BadInput``, also for a tier that an option decides, and ``DatabaseUnreachable``.
    """
    chosen = checked(numbers)
    said = sorted(name for name, number in chosen.items() if ws.tiers.get(name, number) != number)
    if said:
        raise BadInput(f"An option of this installation decides about {', '.join(said)}.",
                       hint="Change it there, or take it away first.")
    database = ws.connect()
    try:
        before = load(database)
    except BadInput:  # whatever stands there, it is replaced
        before = {}
    after = {**before, **{name: number for name, number in chosen.items() if name not in ws.tiers}}
    versions.store(database, DOCUMENT, {FIELD: after}, by=by)
    return _heard(ws, database)


def shown(ws: Workspace) -> Tiers:
    """Give what counts, for a screen; with the database down as it was last heard of.

    Raises ``BadInput`` when what is stored is no number.
    """
    try:
        return counting(ws)
    except DatabaseUnreachable:
        return Tiers(**ws.tiers)


def counting(ws: Workspace, database: Database[dict[str, Any]] | None = None) -> Tiers:
    """Give what counts now. Raises ``BadInput``, and ``DatabaseUnreachable`` when nothing was heard of it yet.

    Then nobody knows what is to be kept, which is not the same as nothing.
    """
    if len(ws.tiers) == len(TIERS):
        return Tiers(**ws.tiers)
    try:
        return _heard(ws, ws.connect() if database is None else database)
    except DatabaseUnreachable:
        if ws.remembered.tiers is None:
            raise
        return Tiers(**{**ws.remembered.tiers, **ws.tiers})


def unknown(problem: BackupError) -> str:
    """Say why nothing may be deleted while ``counting`` raises."""
    if isinstance(problem, DatabaseUnreachable):
        return "the database could not be asked which tiers of backups are kept"
    return f"the stored tiers of retention cannot be used: {problem.detail.rstrip('.')}"


def _heard(ws: Workspace, database: Database[dict[str, Any]]) -> Tiers:
    ws.remembered.tiers = load(database)
    return Tiers(**{**ws.remembered.tiers, **ws.tiers})
