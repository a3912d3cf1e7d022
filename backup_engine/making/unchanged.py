"""The application's own data as an earlier set of the day holds it: then a list's set names that one, and none is made.

What the application does not count (``Application.counts``), such as entries about backups, is no change: each backup
would be the reason for the next one. Only what was touched since is read, not everything.

The last look must come once the snapshot stands. Whatever came before its instant has come by in the change stream by
then, and what came after it only makes the answer a no too many. Asked before alone, a record that is moved to the
trash in between would be in neither of the two.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any

from pymongo.database import Database

from backup_engine.errors import BackupError, Cancelled
from backup_engine.keys.signing import is_signed_by
from backup_engine.making import resume_tokens
from backup_engine.making.digests import NEVER_BASE
from backup_engine.making.resume_tokens import Mark
from backup_engine.model import BackupSet
from backup_engine.mongo import raw_batches
from backup_engine.mongo.capabilities import database_errors
from backup_engine.mongo.snapshot import Snapshot
from backup_engine.ownership import lookup
from backup_engine.records import raw
from backup_engine.repository import ledger
from backup_engine.repository.manifest import bson_to_json
from backup_engine.workspace import Workspace

__all__ = ["candidate", "is_same_place", "seen"]

MOST_TOUCHED = 10_000
"""Touched documents beyond this are not looked at one by one."""
_IDS_PER_QUERY = 1000
Counts = Callable[[str, bytes], bool]


def candidate(own: Workspace, now: datetime, sets: Sequence[BackupSet], database: str) -> BackupSet | None:
    """Choose the set that could be named again: the newest one of this local day, stored as new ones are, whole with
    what it rests on, and not found damaged. So each day has one of its own, and damage to it costs no other day."""
    owner = lookup.seen(own)
    mine = (backup for backup in reversed(sets) if backup.trigger not in NEVER_BASE and owner.owns(backup))
    newest = next(mine, None)
    if newest is None or newest.state != "complete" or not newest.label.startswith(now.strftime("%Y%m%d")):
        return None
    same = newest.database == database and {*newest.parts} == {source.key for source in own.sources}
    alike = newest.metadata.get("codec", {}).get("recipients") == list(own.seal.recipients)
    signed = own.signer is None or is_signed_by(newest.metadata, own.signer.public)
    return newest if same and alike and signed and not newest.superseded and _is_sound(own, newest) else None


def seen(
    own: Workspace, database: Database[dict[str, Any]], backup: BackupSet, counts: Counts, since: Mark | None = None
) -> Mark | None:
    """Look through the change stream ``since`` the last look; gives how far that was, None when something that counts
    was touched since the set, or nobody can tell.

    The server goes through all that anybody wrote, 4 us each: a look before the snapshot leaves little for the one
    that has to come while the snapshot stands.
    """
    mark = since or resume_tokens.seen_until(own.storage, backup)
    if mark is None:
        return None
    try:
        followed = resume_tokens.follow(database, own.sources, mark.token, MOST_TOUCHED)
        changed = any(_matters(database, own.source(key).collection, sorted(identities), partial(counts, key))
                      for key, identities in followed.touched.items())
    except Cancelled:
        raise
    except BackupError:  # also that the stream does not reach back
        return None
    return None if changed else Mark(followed.token, mark.uuids)


def is_same_place(view: Snapshot, backup: BackupSet, mark: Mark) -> bool:
    """Whether the collections are those of the set: of a new index or another option the stream says nothing."""
    return all(_is_same_collection(view, key, backup, mark.uuids) for key in backup.parts)


def _is_sound(own: Workspace, backup: BackupSet) -> bool:
    try:
        needed = (backup, own.catalog.base_of(backup))
    except BackupError:
        return False
    bad = ledger.bad(ledger.read(own.storage))
    return all(own.catalog.is_whole(each) and each.backup_id not in bad for each in needed)


def _is_same_collection(view: Snapshot, key: str, backup: BackupSet, uuids: Mapping[str, str]) -> bool:
    part = backup.parts[key]
    return (view.kind(key) is None and uuids.get(key) == (view.uuid(key) or b"").hex()
            and bson_to_json(part.options) == bson_to_json(view.options(key))
            and [*map(bson_to_json, part.indexes)] == [*map(bson_to_json, view.indexes(key))])


def _matters(
    database: Database[dict[str, Any]], name: str, identities: Sequence[bytes], counts: Callable[[bytes], bool]
) -> bool:
    """Whether one of these documents is a change: it is gone, or counts."""
    for start in range(0, len(identities), _IDS_PER_QUERY):
        some = identities[start : start + _IDS_PER_QUERY]
        there = 0
        with database_errors(database):
            for batch in raw_batches.find(database[name], raw.filter_by_ids(some)):
                for document in raw.documents_of(batch):
                    there += 1
                    if counts(document):
                        return True
        if there < len(some):  # deleted
            return True
    return False
