"""What a comparison or a merge looks at: the live collection or a backup, as a stream of records with its settings."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Literal

from backup_engine.model import SILENT, BackupSet, Batch, Watch
from backup_engine.mongo import snapshot
from backup_engine.records.live_profile import LiveProfile
from backup_engine.records.raw import documents_of
from backup_engine.repository import contents, legacy
from backup_engine.workspace import Workspace

__all__ = ["CURRENT", "RecordStream", "legacy_identity", "of_backup", "of_current", "profile_of"]

CURRENT: Literal["current"] = "current"


@dataclass(frozen=True)
class RecordStream:
    """The records of one collection, live or in a set. ``batches`` can be read once."""

    name: str
    batches: Iterable[Batch]
    indexes: tuple[Mapping[str, Any], ...] | None = None
    """None where they are not known (a set of the original system)."""
    options: Mapping[str, Any] | None = None
    textual: bool = False
    """Values came as text and took types from the other side."""


@contextmanager
def of_current(ws: Workspace, key: str) -> Iterator[RecordStream]:
    """Look at the live collection in one instant. Raises ``DatabaseUnreachable``."""
    with snapshot.take(ws.connect(), [ws.source(key)]) as live:
        yield RecordStream("current", live.read(key), live.indexes(key), live.options(key))


def of_backup(
    ws: Workspace, backup: BackupSet, key: str, *, like: LiveProfile | None = None, watch: Watch = SILENT
) -> RecordStream:
    """Look at one collection of a set; whether its stored bytes are sound, ``verify.require`` has to say before.

    ``like`` gives the text of a legacy set types and identities.
    """
    batches = contents.documents(ws, backup, key, live=like, watch=watch)
    if backup.state == "legacy":
        return RecordStream(f"backup {backup.label}", batches, textual=True)
    part = backup.parts[key]
    return RecordStream(f"backup {backup.label}", batches, part.indexes, part.options)


def profile_of(ws: Workspace, what: BackupSet | Literal["current"], key: str, watch: Watch = SILENT) -> LiveProfile:
    """Learn how records look there, for the text of a legacy set on the other side."""
    if isinstance(what, BackupSet):
        return LiveProfile.over(_each(contents.documents(ws, what, key, watch=watch)), watch=watch)
    with of_current(ws, key) as live:
        return LiveProfile.over(_each(live.batches), watch=watch)


def legacy_identity(ws: Workspace, backup: BackupSet, key: str, like: LiveProfile, watch: Watch = SILENT) -> str | None:
    """Name the field that recognises the records of a legacy set: ``_id`` or one filled and unique on both sides."""
    if backup.parts[key].file is None:
        return "_id"
    convert = legacy.converter(lambda: ws.catalog.open_part(backup, key), like, backup.backup_id, watch)
    return "_id" if "_id" in convert.header else convert.identity


def _each(batches: Iterable[Batch]) -> Iterator[bytes]:
    return (document for batch in batches for document in documents_of(batch))
