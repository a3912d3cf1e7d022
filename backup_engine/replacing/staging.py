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
from pymongo.errors import (
    AutoReconnect,
    BulkWriteError,
    ConnectionFailure,
    OperationFailure,
    PyMongoError,
    WriteError,
)

from backup_engine.errors import BackupError, PermissionDenied, RestoreStopped, VerificationFailed
from backup_engine.model import SILENT, Batch, Part, Watch
from backup_engine.mongo import raw_batches
from backup_engine.mongo.capabilities import database_errors, named
from backup_engine.mongo.rights import lacks_bypass, no_bypass
from backup_engine.records import raw
from backup_engine.records.content_sum import EMPTY, Content

__all__ = ["Loaded", "build", "build_and_measure", "check", "create", "drop", "load", "prove", "violations"]

CHUNK = 2_000
"""Documents per insert; 2,000 was the fastest of 500–10,000 for records of half a KiB."""
CHUNK_BYTES = 8 << 20
THREADS = 2
"""More than two insert threads did not pay on two cores."""
DUPLICATE_KEY = 11000
VALIDATION = 121
REPEATS = 20
"""Refused documents of a chunk that are sent again one by one."""
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
    more: bool = False
    """Whether that may be more: nobody asked for each."""
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
    validated: bool = False, live: str = "", phase: str = "Loading", watch: Watch = SILENT,
) -> Loaded:
    """Insert every document. Raises ``RestoreStopped`` naming the rows when an ``_id`` occurs twice.

    ``digest`` adds up what is sent: for sets that do not say what they hold. ``validated`` says that there is a
    validator, ``live`` what people call the collection. Raises ``LacksBypass`` when the validator refuses a record and
    the user may not pass it by.
    """
    collection = database.get_collection(name, codec_options=raw.RAW, write_concern=WriteConcern(w=1))
    loaded = Loaded()
    chunks: queue.Queue[_Chunk | None] = queue.Queue(maxsize=THREADS * 2)
    work = (collection, chunks, loaded, validated, live or name)
    threads = [threading.Thread(target=_insert_all, args=work, daemon=True) for _ in range(THREADS)]
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
                         codec_options=raw.FORGIVING)
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


def violations(database: Database[Doc], name: str, validator: Mapping[str, Any]) -> int | None:
    """Count the records the validator would refuse today; None where it fails on one instead of saying no."""
    try:
        return database[name].count_documents({"$nor": [dict(validator)]})
    except (ConnectionFailure, AutoReconnect) as problem:
        raise named(problem, database) from problem
    except PyMongoError:
        return None


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
    collection: Collection[Any], chunks: queue.Queue[_Chunk | None], loaded: Loaded, validated: bool, live: str
) -> None:
    while (chunk := chunks.get()) is not None:
        if loaded.errors:
            continue  # keep taking, so that the reader never waits for room
        try:
            refused = _insert(collection, chunk, validated, live)
        except (PyMongoError, BackupError) as problem:
            loaded.errors.append(problem)
        except BSONError as problem:  # the driver did not send it
            loaded.errors.append(RestoreStopped(f"records of the backup from {_rows(chunk.only([0]))} on: {problem}"))
        else:
            with _counting:
                loaded.refused += refused
                loaded.more |= refused == REPEATS


_counting = threading.Lock()


def _insert(collection: Collection[Any], chunk: _Chunk, validated: bool, live: str) -> int:
    """Insert, what the validator refuses past it; gives how many that were at least."""
    refused = _insert_validated(collection, chunk, live) if validated else _insert_at_once(collection, chunk)
    for document in chunk.documents:
        if raw.has_zero_timestamp(document):
            _write_again(collection, document)
    return refused


def _insert_at_once(collection: Collection[Any], chunk: _Chunk) -> int:
    try:
        collection.insert_many(map(RawBSONDocument, chunk.documents), ordered=False)
    except BulkWriteError as problem:
        raise _refused_rows(problem, chunk) from problem
    return 0


def _insert_validated(collection: Collection[Any], chunk: _Chunk, live: str) -> int:
    # Ordered, so that an answer tells of one refusal: each shows the refused values and the rules, and the server
    # closed the connection over an answer for 2,000 records of 2 KB that broke 20 rules each.
    rest, refused = chunk, 0
    while rest.documents:
        place = _insert_until_refused(collection, rest)
        if place is None:
            break
        refused += 1
        if refused == REPEATS:  # where nearly all are refused, one by one would take a minute for 100,000
            _past_the_validator(collection, rest.only(range(place, len(rest.documents))), live)
            break
        _past_the_validator(collection, rest.only([place]), live)
        rest = rest.only(range(place + 1, len(rest.documents)))
    return refused


def _insert_until_refused(collection: Collection[Any], chunk: _Chunk) -> int | None:
    """Insert up to the first document that the validator refuses; gives its place."""
    try:
        collection.insert_many(map(RawBSONDocument, chunk.documents))
    except BulkWriteError as problem:
        errors = problem.details.get("writeErrors", [])
        if not errors or errors[0]["code"] != VALIDATION:
            raise _refused_rows(problem, chunk) from problem
        return int(errors[0]["index"])
    return None


def _past_the_validator(collection: Collection[Any], chunk: _Chunk, live: str) -> None:
    try:
        collection.insert_many(map(RawBSONDocument, chunk.documents), ordered=False, bypass_document_validation=True)
    except BulkWriteError as problem:
        raise _refused_rows(problem, chunk) from problem
    except OperationFailure as problem:
        if not lacks_bypass(problem):
            raise
        first = _rows(chunk.only([0]))
        raise no_bypass(collection.database, live, f"records of the backup, the first of them {first}") from problem


def _write_again(collection: Collection[Any], document: bytes) -> None:
    """Put a ``Timestamp(0, 0)`` back where the insert put the time."""
    where, exactly = raw.filter_by_id(raw.id_of(document)), [{"$replaceWith": {"$literal": RawBSONDocument(document)}}]
    try:
        collection.update_one(where, exactly)
    except WriteError as problem:
        if problem.code != VALIDATION:
            raise
        collection.update_one(where, exactly, bypass_document_validation=True)


def _refused_rows(problem: BulkWriteError, chunk: _Chunk) -> RestoreStopped:
    errors = problem.details.get("writeErrors", [])
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
