"""For which public keys a drill has shown that the secret half is at hand and opens what is made for it.

Until then files are encrypted for a key that nobody may have any more, so nothing calls them "encrypted". A rebuildable
note in ``.state``; losing it costs a drill.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime

from backup_engine.csv_format import age
from backup_engine.csv_format.seal import seal_of
from backup_engine.errors import BackupError, VerificationFailed, WrongKey
from backup_engine.model import BackupSet
from backup_engine.repository.notes import Note
from backup_engine.storage.base import Storage
from backup_engine.workspace import Workspace

__all__ = ["needs_key", "note_drill", "proven", "require_key"]


def require_key(ws: Workspace, backup: BackupSet) -> None:
    """Go on only if the keys at hand open every encrypted file of the set and of the full set it rests on.

    Reads the first bytes of each. Raises ``KeyNeeded``, ``WrongKey``; damage is for ``verify`` to find.
    """
    _open_all(ws, backup)
    if backup.kind == "differential":
        try:
            base = ws.catalog.base_of(backup)
        except VerificationFailed:
            return
        _open_all(ws, base)


def needs_key(ws: Workspace, backup: BackupSet) -> bool:
    """Whether the set is encrypted and the keys at hand do not open it."""
    try:
        require_key(ws, backup)
    except WrongKey:
        return True
    return False


def note_drill(ws: Workspace, backup: BackupSet, when: datetime) -> tuple[str, ...]:
    """Note which of the set's public keys the drill that has just passed is a proof for, and give them.

    Each identity is tried alone: two that were given together prove only what each of them opens.
    """
    recipients = backup.metadata.get("codec", {}).get("recipients", ())
    shown = []
    for identity in ws.seal.identities:
        public = age.public_half(identity)
        alone = replace(ws, seal=replace(ws.seal, identities=(identity,), phrases=(), passphrase=None, also=None))
        if public in recipients and not needs_key(alone, backup):
            shown.append(public)
    if shown:
        _note.write(ws.storage, {**proven(ws.storage), **dict.fromkeys(shown, when)})
    return tuple(shown)


def proven(storage: Storage) -> dict[str, datetime]:
    """Give when each public key was last proven (UTC)."""
    return _note.read_anyway(storage)


def _open_all(ws: Workspace, backup: BackupSet) -> None:
    for key, part in backup.parts.items():
        if not seal_of(part.file or "")[1]:
            continue
        try:
            with ws.catalog.open_part(backup, key) as stored, ws.seal.open(stored, str(part.file)) as plain:
                plain.read(1)
        except WrongKey:
            raise
        except BackupError:
            continue


def _parsed(entries: Mapping[str, str]) -> dict[str, datetime]:
    return {key: datetime.fromisoformat(text).astimezone(UTC) for key, text in entries.items()}


_note: Note[dict[str, datetime]] = Note("proven_keys.json", _parsed, dict)
