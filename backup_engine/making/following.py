"""What was touched since a set, remembered by the process: each look goes on where the last one stopped.

A differential set every minute would otherwise read the changes of the whole day every minute: at 20 a second those of
three hours are 216,000 events. A process that remembers nothing begins where the newest differential set stopped.
"""

from __future__ import annotations

from typing import Any

from pymongo.database import Database

from backup_engine.making import handed_on, resume_tokens
from backup_engine.making.resume_tokens import Followed, Lost
from backup_engine.model import BackupSet
from backup_engine.workspace import Workspace

__all__ = ["known", "since"]

REMEMBERED = 8
"""Sets: a base and the newest one, of the list and of the application's own data, and those before them."""


def since(ws: Workspace, database: Database[dict[str, Any]], backup: BackupSet, limit: int) -> Followed:
    """Give every record touched since a set's mark.

    Raises ``Lost`` when the stream cannot tell: no mark was kept, or as ``resume_tokens.follow``.
    """
    memory = ws.remembered.followed
    with ws.remembered.following:
        known: Followed | None = memory.pop(backup.backup_id, None) or handed_on.over(ws, backup)
        if known is not None:
            known = known.then(resume_tokens.follow(database, ws.sources, known.token, limit))
            if known.changes > limit:
                raise Lost("there are too many")
        else:
            mark = resume_tokens.of(ws.storage, backup)
            if mark is None:
                raise Lost("the backup has no place in the change stream")
            known = resume_tokens.follow(database, ws.sources, mark.token, limit)
        memory[backup.backup_id] = known  # at the end: the first is the one that was not asked about for longest
        while len(memory) > REMEMBERED:
            del memory[next(iter(memory))]
        return known


def known(ws: Workspace, backup: BackupSet) -> Followed | None:
    """Give what is remembered of a set, without waiting for whoever reads on; None while somebody does, too."""
    followed: Followed | None = ws.remembered.followed.get(backup.backup_id)
    return followed
