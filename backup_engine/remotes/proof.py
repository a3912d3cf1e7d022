"""Reading a backup in a remote to the last byte: what lies there is what was sent."""

from __future__ import annotations

import hashlib

from backup_engine.errors import VerificationFailed
from backup_engine.model import SILENT, Watch
from backup_engine.remotes.entries import Entry
from backup_engine.remotes.target import Target

__all__ = ["read_back"]


def read_back(target: Target, entry: Entry, *, watch: Watch = SILENT) -> None:
    """Read every byte of a set. Raises ``VerificationFailed`` or ``BackupFileNotFound`` naming what is wrong."""
    for part in entry.backup.parts.values():
        whole = hashlib.sha256()
        for piece in target.pieces(entry.files[str(part.file)], watch=watch):
            whole.update(piece)
        if whole.hexdigest() != part.stored_sha256:
            raise VerificationFailed(f"the file was changed: {part.file}")
