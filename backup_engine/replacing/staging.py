"""A collection made beside the live one, filled, indexed and proven before anything depends on it.

Documents go in as raw BSON, about 2,000 at a time over several threads, each piece acknowledged by a majority, past the
validator: a record that was saved under yesterday's rules must come back under today's. What is read back as proof is
what a majority has, after a majority write, so that no election can take it back. The server rewrites a top-level
``Timestamp(0, 0)`` on insert, so such documents are written a second time by a pipeline, which leaves it alone.
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from bson import Timestamp
from bson.raw_bson import RawBSONDocument
from pymongo import WriteConcern
from pymongo.collection import Collection
from pymongo.database import Database
from pymongo.errors import AutoReconnect, BulkWriteError, PyMongoError
from pymongo.read_concern import ReadConcern

from backup_engine.errors import BackupError, DatabaseUnreachable, NoMajority, RestoreStopped, VerificationFailed
from backup_engine.model import SILENT, Batch, Part, Watch
from backup_engine.mongo import elections, raw_batches
from backup_engine.mongo.capabilities import database_errors, named
from backup_engine.records import raw
from backup_engine.records.content_sum import EMPTY, Content

__all__ = ["Loaded", "build_and_measure", "check", "create", "drop", "load", "measure", "measure_at", "prove",
           "violations"]

CHUNK = 2_000
"""Documents per insert; 2,000 was the fastest of 500–10,000 for records of half a KiB."""
CHUNK_BYTES = 8 << 20
THREADS = 2
"""More than two insert threads did not pay on two cores."""
PIECE = WriteConcern("majority", j=True, wtimeout=15_000)
"""What only the primary has is gone with it: a list loaded with w:1 was proven, swapped in and then empty."""
PROOF = ReadConcern("majority")
ELECTION_SECONDS = 20.0
"""How long a piece waits for a new primary before it is sent again."""
BEAT_SECONDS = 5.0
DUPLICATE_KEY = 11000
_WENT_AWAY = frozenset({91, 189, 11600, 11602})
"""ShutdownInProgress, PrimarySteppedDown, InterruptedAtShutdown, InterruptedDueToReplStateChange."""
_NAMED = 5
Doc = dict[str, Any]


@dataclass
class Loaded:
    """What went into a staging collection."""

    records: int = 0
    content: Content = EMPTY
    """Of the documents sent, where asked for."""
    errors: list[BaseException] = field(default_factory=list)


@dataclass(frozen=True)
class _Chunk:
    first_row: int
    documents: Sequence[bytes]


def create(database: Database[Doc], name: str, options: Mapping[str, Any]) -> None:
    """Make the empty collection with the saved options. Raises ``RestoreStopped`` when the server refuses them."""
    with _refused(database, f"the collection options of the backup cannot be used for {name}"):
        elections.command(database, {"create": name, **options, "writeConcern": PIECE.document})


def drop(database: Database[Doc], name: str) -> None:
    """Remove it; nothing happens when it is not there."""
    with database_errors(database):
        database.drop_collection(name)


def load(
    database: Database[Doc], name: str, batches: Iterable[Batch], *, expected: int | None = None, digest: bool = False,
    bypass: bool = False, phase: str = "Loading", watch: Watch = SILENT,
) -> Loaded:
    """Insert every document. Raises ``RestoreStopped`` naming the rows when an ``_id`` occurs twice.

    ``digest`` adds up what is sent: for sets that do not say what they hold. ``bypass`` passes the validator by, which
    needs a privilege of its own, so it is asked for only where there is a validator.
    """
    collection = database.get_collection(name, codec_options=raw.RAW, write_concern=PIECE)
    loaded = Loaded()
    chunks: queue.Queue[_Chunk | None] = queue.Queue(maxsize=THREADS * 2)
    threads = [threading.Thread(target=_insert_all, args=(collection, chunks, loaded, bypass), daemon=True)
               for _ in range(THREADS)]
    for thread in threads:
        thread.start()
    try:
        for chunk in _chunks(batches):
            if loaded.errors:
                break
            watch.step(phase, chunk.first_row - 1, expected)
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
    beat: Callable[[], object] = lambda: None, watch: Watch = SILENT,
) -> Content:
    """Build the indexes and meanwhile read back what a majority has; ``beat`` is a majority write.

    Raises ``RestoreStopped`` naming the records when a unique index does not hold, ``NoMajority`` when the members go
    away meanwhile.
    """
    beat()  # before the proof: what a majority has from here on is everything that was loaded
    with ThreadPoolExecutor(1, "index") as pool:
        building = pool.submit(_build, database, name, indexes)
        measured = measure(database, name, total=total, watch=watch)
        _await_build(database, name, building, beat)
    return measured


def measure(database: Database[Doc], name: str, *, total: int | None = None, watch: Watch = SILENT) -> Content:
    """Read everything a majority has of a collection."""
    measured = EMPTY
    with database_errors(database):
        for batch in raw_batches.find(database.get_collection(name, read_concern=PROOF), batch_size=100_000):
            measured += Content.of(raw.documents_of(batch))
            watch.step("Proving what was loaded", measured.records, total)
    return measured


def measure_at(database: Database[Doc], name: str, instant: Timestamp, *, watch: Watch = SILENT) -> Content:
    """Read everything a collection held at an instant of the recent past."""
    measured = EMPTY
    # as a command: the find() of the driver cannot name an instant
    command = {"find": name, "readConcern": {"level": "snapshot", "atClusterTime": instant}, "batchSize": 10_000}
    with database_errors(database):
        cursor: Any = database.cursor_command(command, codec_options=raw.RAW)
        for number, document in enumerate(cursor, 1):
            measured += Content.of([document.raw])
            if number % 10_000 == 0:
                watch.step("Proving what is live", number)
    return measured


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


def violations(database: Database[Doc], name: str, validator: Mapping[str, Any] | None) -> int:
    """Count the records the validator would refuse today."""
    if not validator:
        return 0
    with database_errors(database):
        return database[name].count_documents({"$nor": [dict(validator)]})


def _chunks(batches: Iterable[Batch]) -> Iterator[_Chunk]:
    row, held, size = 1, list[bytes](), 0
    for batch in batches:
        for document in raw.documents_of(batch):
            held.append(document)
            size += len(document)
            if len(held) >= CHUNK or size >= CHUNK_BYTES:
                yield _Chunk(row, held)
                row, held, size = row + len(held), [], 0
    if held:
        yield _Chunk(row, held)


def _insert_all(
    collection: Collection[Any], chunks: queue.Queue[_Chunk | None], loaded: Loaded, bypass: bool
) -> None:
    while (chunk := chunks.get()) is not None:
        if loaded.errors:
            continue  # keep taking, so that the reader never waits for room
        try:
            _insert(collection, chunk, bypass)
        except (PyMongoError, BackupError) as problem:
            loaded.errors.append(problem)


def _insert(collection: Collection[Any], chunk: _Chunk, bypass: bool) -> None:
    """Send a piece; once more when its answer was lost, as in an election, and the driver's own repetition as well."""
    try:
        _send(collection, chunk, bypass)
    except AutoReconnect:
        _await_primary(collection.database)
        _send(collection, chunk, bypass, again=True)


def _send(collection: Collection[Any], chunk: _Chunk, bypass: bool, *, again: bool = False) -> None:
    documents = [RawBSONDocument(document) for document in chunk.documents]
    try:
        # None leaves the option out of the command
        collection.insert_many(documents, ordered=False, bypass_document_validation=bypass or None)
    except BulkWriteError as problem:
        _judge(problem, chunk, again)
    for document in chunk.documents:
        if raw.has_zero_timestamp(document):
            exactly = {"$replaceWith": {"$literal": RawBSONDocument(document)}}
            collection.update_one(raw.filter_by_id(raw.id_of(document)), [exactly],
                                  bypass_document_validation=bypass or None)


def _judge(problem: BulkWriteError, chunk: _Chunk, again: bool) -> None:
    """Raise what is wrong with a piece; nothing is when the first sending did arrive."""
    errors, unmet = problem.details.get("writeErrors", []), problem.details.get("writeConcernErrors", [])
    # A second sending meets what the first one left: these very records, and the proof says whether they are right.
    refused = [error for error in errors if not (again and error.get("code") == DUPLICATE_KEY)]
    if refused:
        raise _refused_rows(refused, chunk, problem) from problem
    if unmet and unmet[0].get("code") in _WENT_AWAY and not again:
        raise AutoReconnect(unmet[0].get("errmsg", "")) from problem
    if unmet:
        raise NoMajority(f"too few members of the replica set take the records: {unmet[0].get('errmsg', '')}",
                         hint="Start the members that are down, or wait until they have caught up.") from problem


def _await_primary(database: Database[Doc]) -> None:
    deadline = time.monotonic() + ELECTION_SECONDS
    while True:
        try:
            elections.election_id(database)
            return
        except DatabaseUnreachable:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.2)


def _refused_rows(errors: Sequence[Mapping[str, Any]], chunk: _Chunk, problem: BulkWriteError) -> RestoreStopped:
    rows = [f"row {chunk.first_row + error['index']} ({_value(error, chunk)})" for error in errors[:_NAMED]]
    more = f" and {len(errors) - _NAMED} more" if len(errors) > _NAMED else ""
    if all(error.get("code") == DUPLICATE_KEY for error in errors):
        return RestoreStopped(f"the backup holds the same _id twice: {', '.join(rows)}{more}")
    reason = errors[0].get("errmsg", "") if errors else str(problem)
    return RestoreStopped(f"the server refuses records of the backup: {', '.join(rows)}{more}: {reason}")


def _value(error: Mapping[str, Any], chunk: _Chunk) -> str:
    return f"_id {raw.element_text(raw.id_of(chunk.documents[error['index']]))}"


def _build(database: Database[Doc], name: str, indexes: Sequence[Mapping[str, Any]]) -> None:
    # these two come with the collection
    wanted = [index for index in indexes if index.get("name") != "_id_" and not index.get("clustered")]
    if not wanted:
        return
    command = {"createIndexes": name, "indexes": [dict(index) for index in wanted], "writeConcern": PIECE.document}
    try:
        if "setName" in database.command("hello"):
            command["commitQuorum"] = "majority"  # by default one member that is down holds the build up for ever
        elections.command(database, command)
    except PyMongoError as problem:
        if getattr(problem, "code", None) == DUPLICATE_KEY:
            raise _twice(database[name], wanted) from problem
        why = named(problem, database)
        raise why if type(why) is not BackupError else RestoreStopped(
            f"an index of the backup cannot be built: {why.detail}") from problem


def _await_build(database: Database[Doc], name: str, building: Future[None], beat: Callable[[], object]) -> None:
    while True:
        try:
            return building.result(BEAT_SECONDS)
        except TimeoutError:
            try:
                beat()
            except NoMajority:  # the build waits for a majority without end; only dropping the collection ends it
                database.get_collection(name, write_concern=WriteConcern(1)).drop()
                raise


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
    return list(collection.aggregate(stages, collation=index.get("collation"), allowDiskUse=True))


def _group_text(index: Mapping[str, Any], group: Doc) -> str:
    values = ", ".join(f"{path} {group['_id'].get(str(number))!r}" for number, path in enumerate(index["key"]))
    ids = ", ".join(raw.element_text(raw.element_of(value)) for value in group["ids"])
    return f"{values} in {group['n']} records (_id {ids})"


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
