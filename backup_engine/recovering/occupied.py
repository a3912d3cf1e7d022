"""What is in a database that is to be recovered into, and whether that is this very recovery, interrupted.

A recovery notes what it is about before it writes, in ``backup_restore_state``. While that note stands unfinished, the
same recovery may go on in what is no longer empty, as long as nothing is there that the backup does not hold.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any

from pymongo.collection import Collection
from pymongo.database import Database

from backup_engine.model import Source, Watch
from backup_engine.mongo import raw_batches
from backup_engine.mongo.capabilities import answers_commands, database_errors
from backup_engine.mongo.pinned import DURABLE
from backup_engine.records import raw
from backup_engine.records.content_sum import Content
from backup_engine.recovering.choosing import Pair
from backup_engine.replacing import staging
from backup_engine.repository import contents
from backup_engine.workspace import Workspace

__all__ = ["Begun", "begin", "begun", "counts", "finish", "holds_the_list", "is_part_of"]

COLLECTION = "backup_restore_state"
DOCUMENT = "recovery"
AT_ONCE = 1000
Doc = dict[str, Any]


@dataclass(frozen=True)
class Begun:
    """The last recovery into this database."""

    backup_id: str
    label: str
    finished: bool

    def is_of(self, pair: Pair) -> bool:
        """Whether it was interrupted and is of that very pair."""
        return not self.finished and self.backup_id == pair.backup.backup_id


def counts(ws: Workspace, database: Database[Doc]) -> dict[str, int]:
    """Give the documents in each collection that holds any, by its name: of the lists and of the application.

    What the application does not count (``Application.counts``), such as entries about backups, is nothing.
    """
    found = {}
    for source in _sources(ws):
        with database_errors(database):
            number = database[source.collection].count_documents({})
        # a stand-in in memory is not read in batches
        if number and (not answers_commands(database) or any(_counted(ws, source, database))):
            found[source.collection] = number
    return found


def begun(database: Database[Doc]) -> Begun | None:
    """Give the last recovery; None where there was none."""
    with database_errors(database):
        document = _state(database).find_one({"_id": DOCUMENT})
    if document is None:
        return None
    return Begun(str(document.get("backup_id")), str(document.get("label")), bool(document.get("finished")))


def begin(database: Database[Doc], pair: Pair, source: str, now: datetime) -> None:
    """Note what is about to be recovered."""
    _write(database, {"backup_id": pair.backup.backup_id, "label": pair.backup.label, "source": source,
                      "begun": now.isoformat(), "finished": None})


def finish(database: Database[Doc], now: datetime) -> None:
    """Note that it is done."""
    _write(database, {"finished": now.isoformat()})


def is_part_of(near: Workspace, pair: Pair, database: Database[Doc], watch: Watch) -> bool:
    """Whether the database holds nothing that the pair does not: lists that are empty or the backup's to the last byte,
    and of the application's data only documents whose ids the backup has."""
    lists = all(_is_empty(database, near.source(key)) or holds_the_list(near, pair, key, database, watch)
                for key in pair.backup.parts)
    own = near.application
    return lists and (own is None or all(_is_within(near, own, pair, source, database) for source in own.sources))


def holds_the_list(near: Workspace, pair: Pair, key: str, database: Database[Doc], watch: Watch) -> bool:
    """Whether a list is what the backup holds, by number and content; never so of one from the original system."""
    measured = staging.measure(database, near.source(key).collection, watch=watch)
    part = pair.backup.parts[key]
    return bool(part.content_sha256) and measured == Content.of_part(part)


def _is_empty(database: Database[Doc], source: Source) -> bool:
    with database_errors(database):
        return database[source.collection].find_one({}, {"_id": 1}) is None


def _is_within(near: Workspace, own: Workspace, pair: Pair, source: Source, database: Database[Doc]) -> bool:
    there = sum(1 for counts in _counted(near, source, database) if counts)
    if not there:
        return True
    if pair.own is None or source.key not in pair.own.parts:
        return False
    known = 0
    for ids in _ids(contents.documents(own, pair.own, source.key)):
        with database_errors(database):
            for batch in raw_batches.find(database[source.collection], raw.filter_by_ids(ids)):
                known += sum(_counts(near, source, document) for document in raw.documents_of(batch))
    return known == there


def _counted(ws: Workspace, source: Source, database: Database[Doc]) -> Iterator[bool]:
    """Say of every document whether it counts."""
    with database_errors(database):
        for batch in raw_batches.find(database[source.collection]):
            for document in raw.documents_of(batch):
                yield _counts(ws, source, document)


def _counts(ws: Workspace, source: Source, document: bytes) -> bool:
    about = ws.annex.about if ws.annex is not None else None
    return about is None or source not in about.sources or about.counts(source.key, document)


def _ids(batches: Iterable[bytes]) -> Iterator[set[bytes]]:
    documents = (document for batch in batches for document in raw.documents_of(batch))
    while group := {raw.id_of(document) for document in islice(documents, AT_ONCE)}:
        yield group


def _sources(ws: Workspace) -> tuple[Source, ...]:
    return (*ws.sources, *(ws.annex.about.sources if ws.annex is not None else ()))


def _write(database: Database[Doc], fields: Doc) -> None:
    with database_errors(database):
        _state(database).update_one({"_id": DOCUMENT}, {"$set": fields}, upsert=True)


def _state(database: Database[Doc]) -> Collection[Doc]:
    if not answers_commands(database):
        return database[COLLECTION]
    return database.get_collection(COLLECTION, write_concern=DURABLE)
