"""A collection made beside the live one, filled, indexed and proven before anything depends on it.

Documents go in as raw BSON, about 2,000 at a time over several threads. Those that the validator refuses go in again
past it, because a record that was saved under yesterday's rules must come back under today's; that takes a right of
its own, so nothing else asks for it. A validator whose expression fails on a record (a division by zero, ``$toInt`` of
text) refuses it with the same code as one that says no. The server rewrites a top-level ``Timestamp(0, 0)`` on insert,
so such documents are written a second time by a pipeline, which leaves it alone.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from bson.errors import BSONError
from bson.raw_bson import RawBSONDocument
from pymongo import WriteConcern
from pymongo.collection import Collection
from pymongo.database import Database
from pymongo.errors import BulkWriteError, OperationFailure, PyMongoError, WriteError

from backup_engine.errors import BackupError, PermissionDenied, RestoreStopped, VerificationFailed
from backup_engine.model import SILENT, Batch, Part, Watch
from backup_engine.mongo import raw_batches
from backup_engine.mongo.capabilities import database_errors, named
from backup_engine.mongo.rights import lacks_bypass, no_bypass
from backup_engine.records import raw
from backup_engine.records.content_sum import EMPTY, Content

__all__ = ["Loaded", "build", "build_and_measure", "check", "create", "drop", "load", "prove"]

CHUNK = 2_000
"""Documents per insert; 2,000 was the fastest of 500–10,000 for records of half a KiB."""
CHUNK_BYTES = 8 << 20
THREADS = 2
"""More than two insert threads did not pay on two cores."""
DUPLICATE_KEY = 11000
VALIDATION = 121
_NAMED = 5
Doc = dict[str, Any]


@dataclass
class Loaded:
    """What went into a staging collection."""

    records: int = 0
    content: Content = EMPTY
    """Of the documents sent, where asked for."""
    refused: int = 0
    """How many of them the validator refused; they went in past it."""
    errors: list[BaseException] = field(default_factory=list)


@dataclass(frozen=True)
class _Chunk:
    rows: Sequence[int]
    """Numbers of the rows, from 1."""
    documents: Sequence[bytes]

    def only(self, places: Iterable[int]) -> _Chunk:
        chosen = list(places)
        return _Chunk([self.rows[place] for place in chosen], [self.documents[place] for place in chosen])


def create(database: Database[Doc], name: str, options: Mapping[str, Any]) -> None:
    """Make the empty collection with the saved options. Raises ``RestoreStopped`` when the server refuses them."""
    with _refused(database, f"the collection options of the backup cannot be used for {name}"):
        database.command({"create": name, **options, "writeConcern": {"w": "majority"}})


def drop(database: Database[Doc], name: str) -> None:
    """Remove it; nothing happens when it is not there."""
    try:
        with database_errors(database):
            database.drop_collection(name)
    except PermissionDenied:
        # refused before MongoDB looks whether it is there: who could not create it need not be able to drop it
        with database_errors(database):
            if database.list_collection_names(filter={"name": name}):
                raise


def load(
    database: Database[Doc], name: str, batches: Iterable[Batch], *, expected: int | None = None, digest: bool = False,
    live: str = "", phase: str = "Loading", watch: Watch = SILENT,
) -> Loaded:
    """Insert every document. Raises ``RestoreStopped`` naming the rows when an ``_id`` occurs twice.

    ``digest`` adds up what is sent: for sets that do not say what they hold. ``live`` is what people call the
    collection. Raises ``LacksBypass`` when the validator refuses a record and the user may not pass it by.
    """
    collection = database.get_collection(name, codec_options=raw.RAW, write_concern=WriteConcern(w=1))
    loaded = Loaded()
    chunks: queue.Queue[_Chunk | None] = queue.Queue(maxsize=THREADS * 2)
    threads = [threading.Thread(target=_insert_all, args=(collection, chunks, loaded, live or name), daemon=True)
               for _ in range(THREADS)]
    for thread in threads:
        thread.start()
    try:
        for chunk in _chunks(batches):
            if loaded.errors:
                break
            watch.step(phase, chunk.rows[0] - 1, expected)
            if digest:
                loaded.content += Content.of(chunk.documents)
            loaded.records += len(chunk.documents)
            chunks.put(chunk)
    finally:
        for _ in threads:
            chunks.put(None)
        for thread in threads:
            thread.join()
    if loaded.errors:
        raise _explained(loaded.errors[0], database)
    return loaded


def build_and_measure(
    database: Database[Doc], name: str, indexes: Sequence[Mapping[str, Any]], *, total: int | None = None,
    watch: Watch = SILENT,
) -> Content:
    """Build the indexes and meanwhile read everything back.

    Raises ``RestoreStopped`` naming the records when a unique index does not hold.
    """
    with ThreadPoolExecutor(1, "index") as pool:
        building = pool.submit(build, database, name, indexes)
        measured = _measure(database, name, total, watch)
        building.result()
    return measured


def build(database: Database[Doc], name: str, indexes: Sequence[Mapping[str, Any]]) -> None:
    """Build indexes. Raises ``RestoreStopped`` naming the records when a unique one does not hold."""
    # these two come with the collection
    wanted = [index for index in indexes if index.get("name") != "_id_" and not index.get("clustered")]
    if not wanted:
        return
    try:
        # with options that read any date: a refusal shows the values it is about
        database.command({"createIndexes": name, "indexes": [dict(index) for index in wanted]},
                         codec_options=raw.PYTHON)
    except PyMongoError as problem:
        if getattr(problem, "code", None) == DUPLICATE_KEY:
            raise _twice(database[name], wanted) from problem
        why = named(problem, database)
        raise why if type(why) is not BackupError else RestoreStopped(
            f"an index of the backup cannot be built: {why.detail}") from problem


def prove(measured: Content, loaded: Loaded, part: Part, name: str) -> None:
    """Raise ``VerificationFailed`` unless the collection holds what the set promises (a legacy set: what was sent)."""
    check(measured, Content.of_part(part) if part.content_sha256 else loaded.content, name)


def check(measured: Content, promised: Content, name: str) -> None:
    """Raise ``VerificationFailed`` unless the collection holds exactly what was promised."""
    if measured.records != promised.records:
        raise VerificationFailed(
            f"{name} holds {measured.records:,} records after loading, the backup has {promised.records:,}")
    if measured != promised:
        raise VerificationFailed(f"the records of {name} after loading are not those of the backup")


def _chunks(batches: Iterable[Batch]) -> Iterator[_Chunk]:
    row, held, size = 1, list[bytes](), 0
    for batch in batches:
        for document in raw.documents_of(batch):
            held.append(document)
            size += len(document)
            if len(held) >= CHUNK or size >= CHUNK_BYTES:
                yield _Chunk(range(row, row + len(held)), held)
                row, held, size = row + len(held), [], 0
    if held:
        yield _Chunk(range(row, row + len(held)), held)


def _insert_all(
    collection: Collection[Any], chunks: queue.Queue[_Chunk | None], loaded: Loaded, live: str
) -> None:
    while (chunk := chunks.get()) is not None:
        if loaded.errors:
            continue  # keep taking, so that the reader never waits for room
        try:
            refused = _insert(collection, chunk, live)
        except (PyMongoError, BackupError, BSONError) as problem:
            loaded.errors.append(problem)
        else:
            with _counting:
                loaded.refused += refused


_counting = threading.Lock()


def _insert(collection: Collection[Any], chunk: _Chunk, live: str) -> int:
    """Insert, what the validator refuses past it; gives how many that were."""
    refused = chunk.only(_insert_valid(collection, chunk))
    if refused.documents:
        _past_the_validator(collection, refused, live)
    for document in chunk.documents:
        if raw.has_zero_timestamp(document):
            _write_again(collection, document)
    return len(refused.documents)


def _insert_valid(collection: Collection[Any], chunk: _Chunk) -> list[int]:
    """Insert what the validator lets in; gives the places of the other documents."""
    try:
        collection.insert_many(map(RawBSONDocument, chunk.documents), ordered=False)
    except BulkWriteError as problem:
        errors = problem.details.get("writeErrors", [])
        if not errors or any(error["code"] != VALIDATION for error in errors):
            raise _refused_rows(problem, chunk) from problem
        return [error["index"] for error in errors]
    except BSONError:
        # A refusal shows the values it is about, and the driver cannot read a year 10000 in the server's answer.
        there = _there(collection, chunk)
        return [place for place, document in enumerate(chunk.documents) if raw.id_of(document) not in there]
    return []


def _there(collection: Collection[Any], chunk: _Chunk) -> set[bytes]:
    batches = raw_batches.find(collection, raw.filter_by_ids(map(raw.id_of, chunk.documents)), projection={"_id": 1})
    return {raw.id_of(document) for batch in batches for document in raw.documents_of(batch)}


def _past_the_validator(collection: Collection[Any], chunk: _Chunk, live: str) -> None:
    try:
        collection.insert_many(map(RawBSONDocument, chunk.documents), ordered=False, bypass_document_validation=True)
    except BulkWriteError as problem:
        raise _refused_rows(problem, chunk) from problem
    except OperationFailure as problem:
        if not lacks_bypass(problem):
            raise
        raise no_bypass(collection.database, live, f"records of the backup: {_rows(chunk)}") from problem
    except BSONError as problem:  # not the validator, then: another refusal that shows such a value
        raise RestoreStopped(f"the server refuses records of the backup: among {_rows(chunk)}") from problem


def _write_again(collection: Collection[Any], document: bytes) -> None:
    """Put a ``Timestamp(0, 0)`` back where the insert put the time."""
    where, exactly = raw.filter_by_id(raw.id_of(document)), [{"$replaceWith": {"$literal": RawBSONDocument(document)}}]
    try:
        collection.update_one(where, exactly)
    except (WriteError, BSONError) as problem:
        if isinstance(problem, WriteError) and problem.code != VALIDATION:
            raise
        collection.update_one(where, exactly, bypass_document_validation=True)


def _refused_rows(problem: BulkWriteError, chunk: _Chunk) -> RestoreStopped:
    # that the validator refuses some is no reason: they would have been sent again
    errors = [error for error in problem.details.get("writeErrors", []) if error.get("code") != VALIDATION]
    rows = _rows(chunk.only(error["index"] for error in errors))
    if errors and all(error.get("code") == DUPLICATE_KEY for error in errors):
        return RestoreStopped(f"the backup holds the same _id twice: {rows}")
    reason = errors[0].get("errmsg", "") if errors else str(problem)
    return RestoreStopped(f"the server refuses records of the backup: {rows}: {reason}")


def _rows(chunk: _Chunk) -> str:
    named_rows = [f"row {row} (_id {raw.element_text(raw.id_of(document))})"
                  for row, document in zip(chunk.rows[:_NAMED], chunk.documents, strict=False)]
    more = f" and {len(chunk.rows) - _NAMED} more" if len(chunk.rows) > _NAMED else ""
    return ", ".join(named_rows) + more


def _twice(collection: Collection[Doc], indexes: Sequence[Mapping[str, Any]]) -> RestoreStopped:
    """Name the records that share what a unique index wants different."""
    for index in indexes:
        if index.get("unique") and (groups := _groups(collection, index)):
            said = "; ".join(_group_text(index, group) for group in groups[:_NAMED])
            more = "; and more" if len(groups) > _NAMED else ""
            return RestoreStopped(f"the unique index {index['name']} does not hold for the backup: {said}{more}")
    return RestoreStopped("a unique index does not hold for the backup")


def _groups(collection: Collection[Doc], index: Mapping[str, Any]) -> list[Doc]:
    # a unique index takes a missing field for null; numbered, because a name in $group may hold no dot (code 16412)
    parts = {str(number): {"$ifNull": [f"${path}", None]} for number, path in enumerate(index["key"])}
    partial = index.get("partialFilterExpression")
    stages: list[Doc] = [{"$match": dict(partial)}] if partial else []
    if index.get("sparse"):
        stages.append({"$match": {"$or": [{path: {"$exists": True}} for path in index["key"]]}})
    stages += [
        {"$group": {"_id": parts, "ids": {"$push": "$_id"}, "n": {"$sum": 1}}}, {"$match": {"n": {"$gt": 1}}},
        {"$sort": {"_id": 1}}, {"$limit": _NAMED + 1}, {"$set": {"ids": {"$slice": ["$ids", _NAMED]}}},
    ]
    readable = collection.with_options(codec_options=raw.FORGIVING)
    return list(readable.aggregate(stages, collation=index.get("collation"), allowDiskUse=True))


def _group_text(index: Mapping[str, Any], group: Doc) -> str:
    values = ", ".join(f"{path} {group['_id'].get(str(number))!r}" for number, path in enumerate(index["key"]))
    ids = ", ".join(raw.element_text(raw.element_of(value)) for value in group["ids"])
    return f"{values} in {group['n']} records (_id {ids})"


def _measure(database: Database[Doc], name: str, total: int | None, watch: Watch) -> Content:
    measured = EMPTY
    with database_errors(database):
        for batch in raw_batches.find(database[name], batch_size=100_000):
            measured += Content.of(raw.documents_of(batch))
            watch.step("Proving what was loaded", measured.records, total)
    return measured


def _explained(problem: BaseException, database: Database[Doc]) -> BaseException:
    return named(problem, database) if isinstance(problem, PyMongoError) else problem


class _refused:  # noqa: N801 - reads as a word in a with statement
    """Turn a refusal of the server into ``RestoreStopped``; other database errors into the engine's."""

    def __init__(self, database: Database[Doc], what: str) -> None:
        self._database, self._what = database, what

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, problem: BaseException | None, trace: object) -> None:
        if isinstance(problem, PyMongoError):
            why = named(problem, self._database)
            raise why if type(why) is not BackupError else RestoreStopped(f"{self._what}: {why.detail}") from problem
