"""From a set of the list to the set of the application's own data that was made with it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from backup_engine.model import BackupSet
from backup_engine.repository import ledger
from backup_engine.workspace import Workspace

__all__ = ["finder", "of", "trouble"]


def of(ws: Workspace, backup: BackupSet) -> BackupSet | None:
    """Give it as it lies in ``.app``; None where there is none, or none any more."""
    own = ws.application
    if own is None or not backup.companion:
        return None
    return finder(own.catalog.sets(fresh=False))(backup)


def finder(own: Sequence[BackupSet]) -> Callable[[BackupSet], BackupSet | None]:
    """From sets of the list to those of ``own`` that were made with them."""
    # one that was stored anew is known by the ids it had before
    known = {name: backup for backup in own for name in backup.originals} | {
        backup.backup_id: backup for backup in own}
    return lambda backup: known.get(backup.companion) if backup.companion else None


def trouble(ws: Workspace, backup: BackupSet) -> str:
    """Say why the application's own data of that set cannot be relied on; empty when it can.

    Also empty where there is nothing to rely on: a set of an earlier version, or of an engine without an application.
    """
    own, annex = ws.application, ws.annex
    if own is None or annex is None:
        return ""
    if not backup.companion:
        return next((warning for warning in backup.warnings if warning.startswith(annex.about.called)), "")
    found = of(ws, backup)
    if found is None:
        return f"{annex.about.called}: their backup {backup.companion[:8]} is missing in {own.storage.describe()}"
    if found.state != "complete":
        return f"{annex.about.called}: {found.problem or found.state}"
    if found.backup_id in ledger.bad(ledger.read(own.storage)):
        return f"{annex.about.called}: a check found their backup {found.label} damaged"
    return ""
