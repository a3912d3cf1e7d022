"""Lost & found: the records that are in backups only."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import bson
import numpy as np

from backup_engine.model import SILENT, BackupSet, Watch
from backup_engine.ownership import lookup
from backup_engine.records import raw
from backup_engine.repository import record_stream
from backup_engine.repository.history_index import Entry, Hashes, Wanted, fetch, identity_hash, index_of, table_hash
from backup_engine.workspace import Workspace

__all__ = ["Lost", "lost_and_found"]


@dataclass(frozen=True)
class Lost:
    """A record that is in backups only: as it was last, and the newest set that has it."""

    identity: str
    document: bytes
    last: BackupSet


def lost_and_found(
    ws: Workspace, key: str, *, present: Iterable[Mapping[str, Any] | bytes] = (), limit: int = 10_000,
    watch: Watch = SILENT,
) -> list[Lost]:
    """List records that are in any set but not in the current list, most recently seen first.

    ``present`` are further records that count as there (the trash): documents with their ``_id``, uuid, ID, Serial.
    Raises ``DatabaseUnreachable``: without the list everything would seem lost.
    """
    entries = index_of(ws, key, lookup.of(ws).may_restore, watch=watch)
    known = _present(ws, key, present, _has_tables(entries))
    needed: list[tuple[Entry, list[Wanted]]] = []
    total = 0
    for entry in reversed(entries):
        lost = np.setdiff1d(entry.identities, known)
        if len(lost):
            at = np.searchsorted(entry.identities, lost)  # an index keeps its identities sorted
            needed.append((entry, list(zip(lost.tolist(), entry.contents[at].tolist(), strict=True))))
            known = np.union1d(known, lost)
            total += len(lost)
        if total >= limit:
            break
    return _lost(ws, key, entries, needed, watch)[:limit]


def _lost(
    ws: Workspace, key: str, entries: Sequence[Entry], needed: Sequence[tuple[Entry, list[Wanted]]], watch: Watch
) -> list[Lost]:
    lost: list[Lost] = []
    tables = _has_tables(entries)
    in_tables: set[int] = set()
    for entry, wanted in needed:
        documents = fetch(ws, key, entries, entry, set(wanted), watch)
        for document in (documents[hashes] for hashes in wanted if hashes in documents):
            by_table = table_hash(document) if tables else None
            # A legacy set has no _id: a record already listed from a newer set would come twice.
            if entry.backup.state == "legacy" and by_table in in_tables:
                continue
            if by_table is not None:
                in_tables.add(by_table)
            lost.append(Lost(raw.id_text(raw.id_of(document)), document, entry.backup))
    return lost


def _present(ws: Workspace, key: str, more: Iterable[Mapping[str, Any] | bytes], tables: bool) -> Hashes:
    hashes: set[int] = set()
    with record_stream.of_current(ws, key) as live:
        for batch in live.batches:
            for document in raw.documents_of(batch):
                hashes |= _hashes_of(document, tables)
    for record in more:
        hashes |= _hashes_of(record if isinstance(record, bytes) else bson.encode(record), tables)
    return np.array(sorted(hashes), np.uint64)


def _has_tables(entries: Sequence[Entry]) -> bool:
    """Whether sets of the original system are there: only they need the search by uuid, ID and Serial."""
    return any(entry.backup.state == "legacy" for entry in entries)


def _hashes_of(document: bytes, tables: bool) -> set[int]:
    by_table = table_hash(document) if tables else None
    return {identity_hash(raw.id_of(document))} | (set() if by_table is None else {by_table})
