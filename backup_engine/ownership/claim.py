"""Sets without an id, as version 1.1 and before wrote them: the first database of that name claims them.

The claim stands in the folder and in the database. Where the two do not agree, or sets of another id bear the same
name, the sets belong to nobody: they can be restored after saying so, and retention leaves them alone.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence

from backup_engine.model import BackupSet
from backup_engine.ownership.identity import Identity
from backup_engine.repository.notes import Note
from backup_engine.storage.base import Storage

__all__ = ["holds", "is_open", "stake"]


def holds(storage: Storage, identity: Identity, name: str) -> bool:
    """Whether the claim of this database stands on both sides."""
    return identity.claimed is True and _note(name).read_anyway(storage) == identity.database_id


def is_open(storage: Storage, identity: Identity, name: str, sets: Sequence[BackupSet]) -> bool:
    """Whether nobody has claimed them yet, so that this database may: until then they count as its own.

    Also of a database that has an id: an earlier version may have made backups of it since.
    """
    if identity.claimed is not None:
        return False
    # who has lost the claim's note has still written sets with an id since
    if any(backup.database == name and backup.database_id not in ("", identity.database_id) for backup in sets):
        return False
    return _note(name).read_anyway(storage) in ("", identity.database_id)


def stake(storage: Storage, identity: Identity, name: str, sets: Sequence[BackupSet]) -> bool:
    """Claim the sets of that name that carry no id, once and for all; says whether they are this database's now."""
    unnamed = any(backup.database == name and not backup.database_id for backup in sets)
    if not unnamed or not is_open(storage, identity, name, sets):
        return False
    note = _note(name)
    try:
        note.write(storage, {"database": name, "database_id": identity.database_id}, exclusive=True)
    except FileExistsError:
        return note.read_anyway(storage) == identity.database_id
    return True


def _note(name: str) -> Note[str]:
    # hashed: the name of a database may hold what the name of a file must not
    return Note(f"claim_{hashlib.sha256(name.encode()).hexdigest()[:16]}.json", _claimant, str)


def _claimant(about: Mapping[str, object]) -> str:
    return str(about["database_id"])
