"""Before an import or a bulk edit changes many records, an ordinary backup is made of what is there.

It is one of the automatic backups, under their rules; a restore makes its own safety backup beside it.
"""

from __future__ import annotations

from typing import Final

from backup_engine.api import BackupError, Watch
from backup_engine.errors import Cancelled
from equipment.backups import Backups
from equipment.caller import NOBODY
from equipment.restores import works

__all__ = ["MANY", "back_up", "promise"]

MANY: Final = 100
"""Records that are changed or added without a backup of their own."""


def back_up(backups: Backups, count: int, watch: Watch) -> None:
    """Make the backup when more than ``MANY`` records are to be written and something changed since the last one.

    Raises what making it raises, saying that nothing was changed: whoever changes so much without one has no way back.
    """
    if count <= MANY or not backups.changed():
        return
    try:
        backups.do(NOBODY, works.Create({"trigger": "auto", "force": True}), watch)
    except Cancelled:
        raise
    except BackupError as error:
        raise BackupError(f"The backup that is made before so many changes failed, so nothing was changed: "
                          f"{error.detail}", hint=error.hint) from error


def promise(count: int) -> str:
    """Say that one will be made; empty when none will."""
    return "A backup is made first, if anything has changed since the last one." if count > MANY else ""
