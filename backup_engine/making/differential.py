"""Differential sets: only what differs from a full set, with tombstones for what is gone.

The changes come from the change stream since the full set's mark where that still reaches back: then only touched
records are read. Else everything is read and compared by digest. Either way ``records`` and ``content_sha256`` of the
set are of what it restores to, worked out from the full set's digests.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from backup_engine.errors import BackupError
from backup_engine.keys.proofs import needs_key
from backup_engine.locking.locks import Hold
from backup_engine.making import digests, following, resume_tokens
from backup_engine.making.digests import NEVER_BASE, Digests
from backup_engine.making.parts import PartSource
from backup_engine.model import BackupSet, Batch, Part, Watch, Written
from backup_engine.mongo.snapshot import Snapshot
from backup_engine.ownership import lookup
from backup_engine.records import digest_rows, raw
from backup_engine.records.content_sum import Content, digest, digests as digests_of
from backup_engine.repository import ledger
from backup_engine.workspace import Workspace

__all__ = ["Changes", "base_for", "contents_since", "over"]

AT_MOST = 0.25
"""Share of the records that may differ; beyond, a full set is as cheap and simpler to restore."""
_IDS_PER_QUERY = 1000


@dataclass(frozen=True)
class Changes:
    """What differs in one collection: whole documents, no ``_id`` twice, and ``{"_id": …}`` of those that are gone."""

    documents: Iterable[Batch] = ()
    deleted: Sequence[bytes] = ()
    known: Mapping[bytes, bytes] | None = None
    """The digests that the full set has of these records, by ``_id`` element, where whoever found them knows: the table
    of a million records takes 0.1 s to read and search."""


def base_for(
    ws: Workspace, hold: Hold, now: datetime, sets: Sequence[BackupSet], *, wanted: bool
) -> BackupSet | None:
    """Choose the full set of this local day among ``sets`` that a new one may rest on, or None for a full one.

    ``wanted`` skips the question whether the list is long enough for a differential set to pay.
    """
    base = _newest_full(ws, sets)
    if base is not None and not ws.catalog.is_whole(base):
        base = _newest_full(ws, ws.catalog.sets())  # it was cut or taken away since the folder was listed
    today = now.strftime("%Y%m%d")
    if base is None or not base.label.startswith(today) or base.backup_id in ledger.bad(ledger.read(ws.storage)):
        return None
    # the name as well: a set made of documents while the database was down is own, and is nobody's list
    same = base.database == hold.need_database().name and {*base.parts} == {source.key for source in ws.sources}
    if not same or not (wanted or sum(base.counts.values()) >= digests.WORTH_IT):
        return None
    # Who has one of the keys must be able to open both; and what is gone has to be read in the base.
    alike = base.metadata.get("codec", {}).get("recipients") == list(ws.seal.recipients)
    return base if alike and not needs_key(ws, base) else None


def _newest_full(ws: Workspace, sets: Sequence[BackupSet]) -> BackupSet | None:
    owner = lookup.seen(ws)
    return next((backup for backup in reversed(sets)
                 if backup.state == "complete" and backup.kind == "full" and backup.trigger not in NEVER_BASE
                 and owner.owns(backup)), None)


def contents_since(
    ws: Workspace, view: Snapshot, hold: Hold, base: BackupSet, watch: Watch, *, compare: bool = True
) -> list[PartSource] | None:
    """Give what has to be written so that, over the base, it restores to the snapshot; None when a full set is due.

    Without ``compare`` that is also where the change stream does not tell what was touched.
    """
    if any(view.kind(source.key) for source in ws.sources):
        # The change stream does not show what a view shows, what a capped collection drops or what happens in a
        # time-series collection, which may have one _id twice besides.
        return None
    mark = resume_tokens.of(ws.storage, base)
    uuids = {source.key: (view.uuid(source.key) or b"").hex() for source in ws.sources}
    if mark is not None and dict(mark.uuids) != uuids:
        return None
    try:
        changes = _changes(ws, view, hold, base, mark, watch, compare=compare)
    except BackupError as problem:
        watch.step(f"A full backup instead: {problem.message}")
        return None
    if changes is None:
        return None
    return [
        over(ws, base, base.parts[key], changed, watch, view.options(key), view.indexes(key))
        for key, changed in changes.items()
    ]


def _changes(
    ws: Workspace, view: Snapshot, hold: Hold, base: BackupSet, mark: resume_tokens.Mark | None, watch: Watch, *,
    compare: bool,
) -> dict[str, Changes] | None:
    if mark is not None and hold.capabilities.change_streams:
        try:
            return _from_stream(ws, view, hold, base, watch)
        except resume_tokens.Lost as problem:
            watch.step(f"{problem.message}; comparing")
    return _by_comparison(ws, view, base, watch) if compare else None


def over(
    ws: Workspace, base: BackupSet, part: Part, changes: Changes, watch: Watch,
    options: Mapping[str, Any] | None = None, indexes: tuple[Mapping[str, Any], ...] | None = None,
) -> PartSource:
    new: dict[bytes, bytes] = {}
    gone = {raw.id_of(tombstone): tombstone for tombstone in changes.deleted}

    def documents() -> Iterator[Batch]:
        new.clear()
        for batch in changes.documents:
            for document in raw.documents_of(batch):
                identity = raw.id_of(document)
                if identity in new or identity in gone:
                    raise BackupError(f"the record {raw.id_text(identity)} is changed twice")
                new[identity] = digest(document)
            yield batch

    def settle(written: Written) -> Mapping[str, Any]:
        of = Content.of_digests
        restored = Content.of_part(part) - of(_replaced(ws, base, part, changes, [*new, *gone], watch))
        restored += of(new.values())
        return {
            "records": restored.records, "content_sha256": restored.hex, "rows": written.records, "deleted": len(gone),
            "file_sha256": written.content_sha256,
        }

    expected = len(changes.documents) + len(gone) if isinstance(changes.documents, Sequence) else None
    return PartSource(
        part.key, part.collection, documents, expected, part.options if options is None else options,
        part.indexes if indexes is None else indexes, tuple(gone.values()), settle=settle,
    )


def _replaced(
    ws: Workspace, base: BackupSet, part: Part, changes: Changes, identities: Sequence[bytes], watch: Watch
) -> list[bytes]:
    """Give the digests of the full set's records that the changes replace or delete."""
    known = changes.known
    if known is None:
        known = digests.load(ws, base, part.key, watch=watch).lookup(identities) if identities else {}
    return [known[identity] for identity in identities if identity in known]


def _from_stream(
    ws: Workspace, view: Snapshot, hold: Hold, base: BackupSet, watch: Watch
) -> dict[str, Changes] | None:
    """Read again only what was touched since the mark."""
    touched = following.since(ws, hold.need_database(), base, _limit(base)).touched
    changes = {}
    for key, identities in touched.items():
        known = digests.load(ws, base, key, watch=watch).lookup(identities) if identities else {}
        there: list[bytes] = []
        seen: set[bytes] = set()
        for batch in _read_some(view, key, sorted(identities)):
            for document in raw.documents_of(batch):
                identity = raw.id_of(document)
                seen.add(identity)
                if known.get(identity) != digest(document):
                    there.append(document)
        gone = [raw.build([(b"_id", identity)]) for identity in known if identity not in seen]
        changes[key] = Changes(there, gone, known)
    return changes


def _limit(base: BackupSet) -> int:
    return int(AT_MOST * sum(base.counts.values()))


def _read_some(view: Snapshot, key: str, identities: Sequence[bytes]) -> Iterator[Batch]:
    for start in range(0, len(identities), _IDS_PER_QUERY):
        yield from view.read_some(key, identities[start : start + _IDS_PER_QUERY])


def _by_comparison(ws: Workspace, view: Snapshot, base: BackupSet, watch: Watch) -> dict[str, Changes] | None:
    """Read everything, and keep what the base does not have byte for byte."""
    changes, limit = {}, _limit(base)
    for key in base.parts:
        known = digests.load(ws, base, key, watch=watch)
        there, unseen = _differing(view, key, known, limit, watch)
        if len(there) + len(unseen) > limit:
            return None
        changes[key] = Changes(there, list(_identities_at(ws, base, key, unseen, watch)))
    return changes


def _differing(
    view: Snapshot, key: str, known: Digests, limit: int, watch: Watch
) -> tuple[list[bytes], set[int]]:
    """Give the documents that are new or changed, and the base's rows that were not met; stops beyond the limit."""
    import numpy as np

    index = known.sorted()
    met = np.zeros(len(known.first), dtype=np.bool_)
    there: list[bytes] = []
    done = 0
    for batch in view.read(key):
        documents = raw.documents_of(batch)
        rows, same = index.compare(b"".join(map(digest_rows.row, documents, digests_of(documents))))
        met[rows[rows >= 0]] = True
        there += [documents[place] for place in np.flatnonzero(~same).tolist()]
        done += len(documents)
        watch.step("Comparing", done, view.count(key))
        if len(there) > limit:
            return there, set()
    return there, set(np.flatnonzero(~met).tolist())


def _identities_at(ws: Workspace, base: BackupSet, key: str, rows: set[int], watch: Watch) -> Iterator[bytes]:
    """Give ``{"_id": …}`` of these rows of a full set."""
    if rows:
        # the table of digests knows ids by their hash only; the ids themselves stand in the set
        for number, document in enumerate(digests.documents(ws, base, key, watch)):
            if number in rows:
                yield raw.build([(b"_id", raw.id_of(document))])
