"""What a set holds, whatever its kind: full, differential over its full set, or of the original system.

Nothing here proves that the bytes are right; ``verify.require`` does, before.
"""

from __future__ import annotations

from collections.abc import Iterator

from backup_engine.csv_format.reader import read, read_changes
from backup_engine.errors import VerificationFailed
from backup_engine.model import SILENT, BackupSet, Batch, Part, Watch
from backup_engine.records.live_profile import LiveProfile
from backup_engine.records.raw import documents_of, id_of
from backup_engine.repository import legacy
from backup_engine.repository.text_view import part_of, preview
from backup_engine.workspace import Workspace

__all__ = ["changes", "decisions", "documents", "preview"]

UNKNOWN = LiveProfile()


def documents(
    ws: Workspace, backup: BackupSet, key: str, *, live: LiveProfile | None = None, watch: Watch = SILENT
) -> Iterator[Batch]:
    """Give the documents one collection had, in batches. ``live`` gives text of a legacy set its types.

    Raises ``BackupFileNotFound``, ``VerificationFailed`` where bytes make no sense, ``WrongKey``, ``NewerFormat``.
    """
    part = part_of(backup, key)
    if backup.state == "legacy":
        return _legacy(ws, backup, part, live or UNKNOWN, None, watch)
    if backup.kind == "differential":
        return _overlaid(ws, backup, part, watch)
    return _full(ws, backup, part, watch)


def decisions(ws: Workspace, backup: BackupSet, key: str, live: LiveProfile, *, watch: Watch = SILENT) -> list[str]:
    """Say how the text of a legacy set would be understood, in sentences; nothing for other sets."""
    decided: list[str] = []
    if backup.state == "legacy":
        for _ in _legacy(ws, backup, part_of(backup, key), live, decided, watch):
            pass
    return decided


def _full(ws: Workspace, backup: BackupSet, part: Part, watch: Watch) -> Iterator[Batch]:
    with ws.catalog.open_part(backup, part.key) as source:
        yield from read(source, part, seal=ws.seal, workers=ws.workers, watch=watch)


def _overlaid(ws: Workspace, backup: BackupSet, part: Part, watch: Watch) -> Iterator[Batch]:
    """The full set without what the differential changes or deletes, then what it holds. Memory: the changed ids."""
    base = ws.catalog.base_of(backup)
    replaced = set()
    for batch, deleted in changes(ws, backup, part, watch):
        replaced |= {id_of(document) for document in (*documents_of(batch), *deleted)}
    for batch in _full(ws, base, part_of(base, part.key), watch):
        kept = b"".join(document for document in documents_of(batch) if id_of(document) not in replaced)
        if kept:
            yield kept
    for batch, _ in changes(ws, backup, part, watch):
        if batch:
            yield batch


def changes(
    ws: Workspace, backup: BackupSet, part: Part, watch: Watch = SILENT
) -> Iterator[tuple[Batch, list[bytes]]]:
    """Give what the file of a differential set holds: documents, and ``{"_id": …}`` of those that are gone."""
    with ws.catalog.open_part(backup, part.key) as source:
        yield from read_changes(source, part, seal=ws.seal, workers=ws.workers, watch=watch)


def _legacy(
    ws: Workspace, backup: BackupSet, part: Part, live: LiveProfile, decided: list[str] | None, watch: Watch
) -> Iterator[Batch]:
    if part.file is None:
        if part.records:
            raise VerificationFailed(f"backup {backup.label} has no file for its {part.records:,} {part.key} records")
        return iter(())
    return legacy.documents(
        lambda: ws.catalog.open_part(backup, part.key), live, f"{backup.backup_id}/{part.key}", decided=decided,
        watch=watch,
    )
