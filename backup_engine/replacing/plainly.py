"""Replace on a stand-in in memory (the demonstration): no rename, no change stream, so delete and insert.

Weaker, and said so: somebody reading meanwhile may see half a list. If inserting fails, the old records are put back.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import bson
from pymongo.errors import PyMongoError

from backup_engine.errors import BackupError, RestoreStopped
from backup_engine.keys import safety
from backup_engine.making.write_set import write_set
from backup_engine.model import Batch
from backup_engine.records import raw
from backup_engine.replacing import journal
from backup_engine.replacing.steps import Replacing
from backup_engine.repository import contents, record_stream

__all__ = ["replace_plainly"]

Doc = dict[str, Any]


def replace_plainly(run: Replacing) -> None:
    """Safety backup, then delete and insert; on failure put back what was there. Raises ``RestoreStopped``."""
    run.entry = journal.start(run.database, run.entry)
    old: dict[str, list[Doc]] = {}
    try:
        run.safety = write_set(run.ws, run.held, trigger="pre_restore", watch=run.watch)
        # all of it is decoded before the first record is deleted
        new = {swap.key: _wanted(run, swap.key) for swap in run.entry.swaps}
        for swap in run.entry.swaps:
            old[swap.live] = list(run.database[swap.live].find({}))
            _fill(run, swap.live, new[swap.key])
    except (BackupError, PyMongoError, bson.errors.BSONError) as problem:
        _put_back(run, old)
        journal.close(run.database, run.entry, "stopped", problem=str(problem))
        raise problem if isinstance(problem, BackupError) else RestoreStopped(str(problem)) from problem
    run.counts = {key: len(documents) for key, documents in new.items()}
    journal.close(run.database, run.entry, "done", safety=run.safety.backup_id, changed=True)
    safety.forget_others(run.ws, run.safety)


def _wanted(run: Replacing, key: str) -> list[Doc]:
    legacy = run.backup.state == "legacy"
    profile = record_stream.profile_of(run.ws, record_stream.CURRENT, key) if legacy else None
    batches = contents.documents(run.ws, run.backup, key, live=profile, watch=run.watch)
    return list(_decoded(batches))


def _decoded(batches: Iterable[Batch]) -> Iterable[Doc]:
    for batch in batches:
        for document in raw.documents_of(batch):
            yield bson.decode(document, codec_options=raw.PYTHON.with_options(tz_aware=False))


def _fill(run: Replacing, name: str, documents: list[Doc]) -> None:
    run.database[name].delete_many({})
    if documents:
        run.database[name].insert_many(documents)


def _put_back(run: Replacing, old: Mapping[str, list[Doc]]) -> None:
    for name, documents in old.items():
        _fill(run, name, documents)
