"""The key that opens a safety set on the machine that made it, for as long as the restore it belongs to can be undone.

A host that knows public keys only could make a safety set and not bring it back. So the set is encrypted for one more
key, which lies here, 0600, in the work folder (else in ``.state``), until the *following* restore is over: Undo is that
restore.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterable

from backup_engine.csv_format import age
from backup_engine.errors import BackupError
from backup_engine.model import BackupSet
from backup_engine.storage.base import STATE, Storage
from backup_engine.workspace import Workspace

__all__ = ["forget_others", "identities", "make", "reader"]

log = logging.getLogger(__name__)
_NAME = re.compile(r"safety_(?:([a-z]+)_)?([0-9a-f]{32})\.key")
"""The role of the sets, empty for the list's, and the id of the set."""
MOST_BYTES = 4096


def make(ws: Workspace, backup_id: str) -> str:
    """Make the key of a safety set and keep it on the disk before the set is written; gives the secret half."""
    identity = age.new_identity()
    text = f"# opens the safety backup {backup_id} on this machine\n{identity}\n"
    name = f"safety_{ws.role}_{backup_id}.key" if ws.role else f"safety_{backup_id}.key"
    place(ws).put(STATE, name, text.encode(), exclusive=True)
    return identity


def identities(where: Storage) -> tuple[str, ...]:
    """Give the keys that lie there; one that cannot be read counts as missing."""
    found = []
    for name in sorted(where.names(STATE)):
        if _NAME.fullmatch(name):
            try:
                with where.open(STATE, name) as file:
                    lines = file.read(MOST_BYTES).decode("utf-8", "replace").splitlines()
            except BackupError as problem:
                log.warning("the key %s of a safety backup cannot be read: %s", name, problem)
                continue
            found += [line for line in lines if line.startswith("AGE-SECRET-KEY-1")]
    return tuple(found)


def reader(where: Storage) -> Callable[[], tuple[str, ...]]:
    """Give what a seal asks for further keys."""
    return lambda: identities(where)


def forget_others(ws: Workspace, safety: BackupSet | None) -> None:
    """Remove every key but those of the set that Undo would bring back now, and of the full set it rests on.

    Called once the journal of a restore is closed. What cannot be removed goes at the next one.
    """
    kept = {backup_id for backup in (safety,) if backup for backup_id in (backup.backup_id, backup.base) if backup_id}
    try:
        names = place(ws).names(STATE)
        for name in _others(names, ws.role, kept):
            place(ws).delete(STATE, name)
    except BackupError as problem:
        log.warning("the key of an older safety backup stays until the next restore: %s", problem)


def place(ws: Workspace) -> Storage:
    """Where these keys lie."""
    return ws.key_place or ws.storage


def _others(names: Iterable[str], role: str, kept: set[str]) -> list[str]:
    found = [(name, match) for name in names if (match := _NAME.fullmatch(name))]
    return [name for name, match in found if (match[1] or "") == role and match[2] not in kept]
