"""The time machine: every version of a record in every set on disk.

Works with the database down as far as that is possible.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import bson

from backup_engine.errors import DatabaseUnreachable
from backup_engine.model import SILENT, BackupSet, Watch
from backup_engine.mongo.capabilities import answers_commands, database_errors
from backup_engine.ownership import lookup
from backup_engine.records import raw
from backup_engine.records.planner import FieldChange, Same, exactly, field_changes
from backup_engine.records.text import same_text
from backup_engine.repository.history_index import (
    Entry,
    Wanted,
    fetch,
    identity_hash,
    index_of,
    table_hash,
)
from backup_engine.workspace import Workspace

__all__ = ["History", "Version", "history_of"]


@dataclass(frozen=True)
class Version:
    """What a record was in consecutive sets; ``document`` None: it was not there."""

    document: bytes | None
    first: BackupSet
    last: BackupSet
    sets: int
    changes: tuple[FieldChange, ...] = ()
    """What differs from the version before."""


@dataclass(frozen=True)
class History:
    """The timeline of one record, oldest version first."""

    identity: str
    versions: tuple[Version, ...]
    unreadable: tuple[tuple[BackupSet, str], ...] = ()
    """Sets that could not be read, and why."""


def history_of(ws: Workspace, key: str, record: str, *, watch: Watch = SILENT) -> History:
    """Join every set into the timeline of one record.

    ``record`` is the text of its ``_id`` (``raw.id_text``), or a uuid, ID or Serial of the current list. Sets before
    the first that has the record are left out. Sets of the original system are searched by its uuid, else by its ID
    and Serial, as the current list or the newest set that knows it has them.
    """
    entries = index_of(ws, key, lookup.seen(ws).may_restore, watch=watch)
    live = _live_record(ws, key, record)
    element = raw.id_from_text(record) if live is None else raw.id_of(live)
    identity = identity_hash(element)
    exact = {entry.backup.backup_id: (identity, content) for entry in entries
             if entry.backup.state != "legacy" and (content := entry.content_of(identity)) is not None}
    documents = _documents(ws, key, entries, exact, watch)
    known = live if live is not None else _newest(entries, exact, documents)
    in_tables = None if known is None else table_hash(known)
    tables = {entry.backup.backup_id: (in_tables, content) for entry in entries
              if entry.backup.state == "legacy" and in_tables is not None
              and (content := entry.content_of(in_tables)) is not None}
    documents |= _documents(ws, key, entries, tables, watch)
    return History(
        raw.id_text(element),
        tuple(_timeline(entries, exact | tables, documents)),
        tuple((entry.backup, entry.problem) for entry in entries if entry.problem),
    )


def _documents(
    ws: Workspace, key: str, entries: Sequence[Entry], needed: Mapping[str, Wanted], watch: Watch
) -> dict[Wanted, bytes]:
    """Find the record for each pair of hashes: among what ended, else in the newest set that has it."""
    newest: dict[Wanted, Entry] = {}
    for entry in entries:
        if entry.backup.backup_id in needed:
            newest[needed[entry.backup.backup_id]] = entry
    by_set: dict[str, tuple[Entry, set[Wanted]]] = {}
    for wanted, entry in newest.items():
        by_set.setdefault(entry.backup.backup_id, (entry, set()))[1].add(wanted)
    documents: dict[Wanted, bytes] = {}
    for entry, wanted_here in by_set.values():
        documents |= fetch(ws, key, entries, entry, wanted_here, watch)
    return documents


def _timeline(
    entries: Sequence[Entry], present: Mapping[str, Wanted], documents: Mapping[Wanted, bytes]
) -> Iterator[Version]:
    version: Version | None = None
    table = False
    for entry in entries:
        if entry.problem:
            continue
        wanted = present.get(entry.backup.backup_id)
        document = None if wanted is None else documents.get(wanted)
        if version is None and document is None:
            continue
        textual = entry.backup.state == "legacy"
        changes = _changes(version, document, table, textual)
        table = textual
        if version is None or (version.document is None) != (document is None) or changes:
            if version is not None:
                yield version
            version = Version(document, entry.backup, entry.backup, 1, changes)
        else:
            version = replace(version, document=document, last=entry.backup, sets=version.sets + 1)
    if version is not None:
        yield version


def _changes(
    before: Version | None, after: bytes | None, was_text: bool, is_text: bool
) -> tuple[FieldChange, ...]:
    if before is None or before.document is None or after is None or before.document == after:
        return ()
    changes = field_changes(before.document, after, _rule(was_text, is_text))
    return tuple(change for change in changes if change.name != b"_id")


def _rule(was_text: bool, is_text: bool) -> Same:
    if was_text:
        return same_text
    # same_text takes the text first.
    return (lambda old, new: same_text(new, old)) if is_text else exactly


def _newest(
    entries: Sequence[Entry], present: Mapping[str, Wanted], documents: Mapping[Wanted, bytes]
) -> bytes | None:
    having = [entry.backup.backup_id for entry in entries if entry.backup.backup_id in present]
    return documents.get(present[having[-1]]) if having else None


def _live_record(ws: Workspace, key: str, record: str) -> bytes | None:
    try:
        database = ws.connect()
    except DatabaseUnreachable:
        return None
    element = raw.id_from_text(record)
    # 64 bits hold any number of 17 digits; the driver refuses what they do not hold with OverflowError.
    number = int(record) if record.isdecimal() and len(record) < 18 else record
    others = [{name: {"$in": [record, number]}} for name in ("uuid", "ID", "Serial")]
    collection = database[ws.source(key).collection]
    for query in (None, *others):
        if not answers_commands(database):  # mongomock knows no raw BSON
            stored = collection.find_one(query or {"_id": raw.value_of(element)})
            document = None if stored is None else bson.encode(stored)
        else:
            with database_errors(database):
                exact = collection.with_options(codec_options=raw.RAW).find_one(query or raw.filter_by_id(element))
            document = None if exact is None else bytes(exact.raw)
        if document is not None:
            return document
    return None
