"""A recovered copy that stands by, for the screens: whose it is, and letting it act. Asks its ``Caller`` first."""

from __future__ import annotations

from dataclasses import replace

from backup_engine import api
from equipment.backups import Backups, Caller

__all__ = ["activate", "read"]


def read(backups: Backups, caller: Caller) -> api.Standby | None:
    """Whose copy this is while it does not act as the original, as last heard; None for one that acts."""
    caller.check("backup.see")
    return backups.owner().standby


def activate(backups: Backups, caller: Caller) -> str:
    """Let it act; says what is on from now on.

    Raises ``AdminOnly``, ``BadInput`` for one that acts, ``Busy``, ``DatabaseUnreachable``.
    """
    caller.check("backup.settings")
    ws = backups.workspace(caller)
    told = replace(ws, tell=lambda deed: backups.note(caller, deed.action, deed.target, deed.note))
    message = api.activate(told).message
    backups.scheduler.excuse()
    return message
