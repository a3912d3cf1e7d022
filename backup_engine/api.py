"""The public face: the class with the documented names, and the typed verbs for the application.

``DatabaseBackupRestore`` answers with a success flag and a sentence. Code that wants results and exceptions instead
calls the verbs exported here with ``backup_system.workspace``.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from backup_engine.errors import BackupError, BadInput, DatabaseUnreachable, RestoreStopped
from backup_engine.model import BackupSet, Progress, Source, Watch
from backup_engine.policy.due import check_interval
from backup_engine.scheduling.preferences import Preferences
from backup_engine.system import DatabaseBackupRestore
from backup_engine.workspace import Workspace

if TYPE_CHECKING:
    from backup_engine.compare import Comparison, compare
    from backup_engine.create import Created, create
    from backup_engine.drill import drill
    from backup_engine.history import History, Lost, history_of, lost_and_found
    from backup_engine.merge import Pick, merge, merge_all, plan as plan_merge
    from backup_engine.mongo.guarded import Applied, Change, apply as apply_changes
    from backup_engine.prune import delete, halted as retention_halted, pin, prune, unpin
    from backup_engine.replacing.recovery import recover
    from backup_engine.repository.contents import preview
    from backup_engine.repository.ledger import bad, last_drill, last_verified, read as checks
    from backup_engine.restore import plan_replace, replace
    from backup_engine.scheduling.scheduler import Check, Scheduler
    from backup_engine.status import Status, status
    from backup_engine.take_in import import_set
    from backup_engine.undo import undo, undoable
    from backup_engine.verify import require as require_sound, verify

__all__ = [
    "Applied", "BackupError", "BackupSet", "BadInput", "Change", "Check", "Comparison", "Created",
    "DatabaseBackupRestore", "DatabaseUnreachable", "History", "Lost", "Pick", "Preferences", "Progress",
    "RestoreStopped", "Scheduler", "Source", "Status", "Watch", "Workspace", "apply_changes", "bad", "check_interval",
    "checks", "compare", "create", "delete", "drill", "history_of", "import_set", "last_drill", "last_verified",
    "lost_and_found", "merge", "merge_all", "pin", "plan_merge", "plan_replace", "preview", "prune", "recover",
    "replace", "require_sound", "retention_halted", "status", "undo", "undoable", "unpin", "verify",
]

LATE = {
    "compare": ("Comparison", "compare"), "repository.contents": ("preview",), "create": ("Created", "create"),
    "drill": ("drill",), "mongo.guarded": ("Applied", "Change", "apply_changes"),
    "history": ("History", "Lost", "history_of", "lost_and_found"), "take_in": ("import_set",),
    "repository.ledger": ("bad", "checks", "last_drill", "last_verified"),
    "merge": ("Pick", "merge", "merge_all", "plan_merge"),
    "prune": ("delete", "pin", "prune", "retention_halted", "unpin"), "replacing.recovery": ("recover",),
    "restore": ("plan_replace", "replace"), "scheduling.scheduler": ("Check", "Scheduler"),
    "status": ("Status", "status"), "undo": ("undo", "undoable"), "verify": ("require_sound", "verify"),
}
"""Modules loaded when one of their names is first asked for: together they take longer than all the rest."""

OWN_NAMES = {"apply_changes": "apply", "checks": "read", "plan_merge": "plan", "require_sound": "require",
             "retention_halted": "halted"}
"""What some of them are called in their modules."""


def __getattr__(name: str) -> Any:
    """Load a verb with its module."""
    for module, names in LATE.items():
        if name in names:
            found = getattr(importlib.import_module(f"backup_engine.{module}"), OWN_NAMES.get(name, name))
            globals()[name] = found
            return found
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
