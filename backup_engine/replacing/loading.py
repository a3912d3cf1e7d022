"""Documents on their way into a staging collection: raw BSON, about 2,000 at a time over several threads.

Each piece is acknowledged by a majority. Those that the validator refuses go in again
past it, because a record that was saved under yesterday's rules must come back under today's; that takes a right of
its own, so nothing else asks for it. A validator whose expression fails on a record (a division by zero, ``$toInt`` of
text) refuses it with the same code as one that says no. The server rewrites a top-level ``Timestamp(0, 0)`` on insert,
so such documents are written a second time by a pipeline, which leaves it alone.
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from bson.errors import BSONError
from bson.raw_bson import RawBSONDocument
from pymongo.collection import Collection
from pymongo.database import Database
from pymongo.errors import AutoReconnect, BulkWriteError, OperationFailure, PyMongoError, WriteError

from backup_engine.errors import BackupError, DatabaseUnreachable, NoMajority, RestoreStopped
from backup_engine.model import SILENT, Batch, Watch
from backup_engine.mongo import elections, raw_batches
from backup_engine.mongo.capabilities import named
from backup_engine.mongo.rights import lacks_bypass, no_bypass
from backup_engine.records import raw
from backup_engine.records.content_sum import EMPTY, Content
from backup_engine.replacing import pieces, staging
from backup_engine.replacing.staging import DUPLICATE_KEY

__all__ = ["REPEATS", "Loaded", "load"]

CHUNK = 2_000
"""Documents per insert; 2,000 was the fastest of 500–10,000 for records of half a KiB."""
CHUNK_BYTES = 8 << 20
THREADS = 2
"""More than two insert threads did not pay on two cores."""
VALIDATION = 121
REPEATS = 20
"""Refused documents of a chunk that are sent again one by one."""
ELECTION_SECONDS = 20.0
"""How long a piece waits for a new primary before it is sent again."""
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
    refused: int = 0
    """How many of them the validator refused; they went in past it."""
    more: bool = False
    """Whether that may be more: nobody asked for each."""
    errors: list[BaseException] = field(default_factory=list)


@dataclass(frozen=True)
class _Chunk:
    rows: Sequence[int]
    """Numbers of the rows, from 1; 0 where they are not known."""
    documents: Sequence[bytes]

    def only(self, places: Iterable[int]) -> _Chunk:
        chosen = list(places)
        return _Chunk([self.rows[place] for place in chosen], [self.documents[place] for place in chosen])


def load(
    database: Database[Doc], name: str, batches: Iterable[Batch | list[bytes]], *, expected: int | None = None,
    digest: bool = False, validated: bool = False, live: str = "", numbered: bool = True, phase: str = "Loading",
    watch: Watch = SILENT,
) -> Loaded:
    """Insert every document, of batches or lists. Raises ``RestoreStopped`` naming the rows when an ``_id`` is there
    twice.

    ``digest`` adds up what is sent: for sets that do not say what they hold. ``validated`` says that there is a
    validator, ``live`` what people call the collection, ``numbered`` that the documents come in the order of the rows.
    Raises ``LacksBypass`` when the validator refuses a record and the user may not pass it by.
    """
    collection = database.get_collection(name, codec_options=raw.RAW, write_concern=staging.PIECE)
    loaded = Loaded()
    chunks: queue.Queue[_Chunk | None] = queue.Queue(maxsize=THREADS * 2)
    work = (collection, chunks, loaded, validated, live or name)
    threads = [threading.Thread(target=_insert_all, args=work, daemon=True) for _ in range(THREADS)]
    for thread in threads:
        thread.start()
    try:
        for chunk in _chunks(batches, numbered):
            if loaded.errors:
                break
            watch.step(phase, loaded.records, expected)
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


def _chunks(batches: Iterable[Batch | list[bytes]], numbered: bool) -> Iterator[_Chunk]:
    row, held, size = 1, list[bytes](), 0

    def chunk() -> _Chunk:
        return _Chunk(range(row, row + len(held)) if numbered else [0] * len(held), held)

    for batch in batches:
        for document in batch if isinstance(batch, list) else raw.documents_of(batch):
            held.append(document)
            size += len(document)
            if len(held) >= CHUNK or size >= CHUNK_BYTES:
                yield chunk()
                row, held, size = row + len(held), [], 0
    if held:
        yield chunk()


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
    """Send a piece; once more when its answer was lost, as in an election, and the driver's own repetition as well.

    What the validator refuses goes in past it; gives how many that were at least.
    """
    try:
        return _send(collection, chunk, validated, live)
    except AutoReconnect:
        _await_primary(collection.database)
        return _send(collection, chunk, validated, live, again=True)


def _send(collection: Collection[Any], chunk: _Chunk, validated: bool, live: str, *, again: bool = False) -> int:
    refused = 0
    if validated:
        # what arrived the first time would stop an ordered insert at every record
        refused = _send_validated(collection, _missing(collection, chunk) if again else chunk, live, again)
    else:
        _send_at_once(collection, chunk, again)
    for document in filter(raw.has_zero_timestamp, chunk.documents):
        _write_again(collection, document)
    return refused


def _missing(collection: Collection[Any], chunk: _Chunk) -> _Chunk:
    query = raw.filter_by_ids(map(raw.id_of, chunk.documents))
    there = {raw.id_of(document) for batch in raw_batches.find(collection, query, projection={"_id": 1})
             for document in raw.documents_of(batch)}
    return chunk.only(place for place, document in enumerate(chunk.documents) if raw.id_of(document) not in there)


def _send_at_once(collection: Collection[Any], chunk: _Chunk, again: bool, bypass: bool | None = None) -> None:
    if pieces.can_join(chunk.documents):
        _judge(pieces.insert(collection, chunk.documents, bypass=bool(bypass)), chunk, again)
        return
    try:
        # None leaves the option out of the command
        collection.insert_many(map(RawBSONDocument, chunk.documents), ordered=False, bypass_document_validation=bypass)
    except BulkWriteError as problem:
        _judge(problem.details, chunk, again)


def _send_validated(collection: Collection[Any], chunk: _Chunk, live: str, again: bool) -> int:
    # Ordered, so that an answer tells of one refusal: each shows the refused values and the rules, and the server
    # closed the connection over an answer for 2,000 records of 2 KB that broke 20 rules each.
    rest, refused = chunk, 0
    while rest.documents:
        place = _send_until_refused(collection, rest, again)
        if place is None:
            break
        refused += 1
        if refused == REPEATS:  # where nearly all are refused, one by one would take a minute for 100,000
            _past_the_validator(collection, rest.only(range(place, len(rest.documents))), live, again)
            break
        _past_the_validator(collection, rest.only([place]), live, again)
        rest = rest.only(range(place + 1, len(rest.documents)))
    return refused


def _send_until_refused(collection: Collection[Any], chunk: _Chunk, again: bool) -> int | None:
    """Insert up to the first document that the validator refuses; gives its place."""
    try:
        collection.insert_many(map(RawBSONDocument, chunk.documents))
    except BulkWriteError as problem:
        errors = problem.details.get("writeErrors", [])
        if errors and errors[0]["code"] == VALIDATION:
            return int(errors[0]["index"])
        _judge(problem.details, chunk, again)
        if errors:  # it arrived the first time after all, and what follows it was not sent
            at = errors[0]["index"] + 1
            place = _send_until_refused(collection, chunk.only(range(at, len(chunk.documents))), again) \
                if at < len(chunk.documents) else None
            return None if place is None else at + place
    return None


def _past_the_validator(collection: Collection[Any], chunk: _Chunk, live: str, again: bool) -> None:
    try:
        _send_at_once(collection, chunk, again, bypass=True)
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


def _judge(answer: Mapping[str, Any], chunk: _Chunk, again: bool) -> None:
    """Raise what is wrong with a piece; nothing is when the first sending did arrive."""
    errors, unmet = answer.get("writeErrors", []), answer.get("writeConcernErrors", [])
    # A second sending meets what the first one left: these very records, and the proof says whether they are right.
    refused = [error for error in errors if not (again and error.get("code") == DUPLICATE_KEY)]
    if refused:
        raise _refused_rows(refused, chunk)
    if unmet and unmet[0].get("code") in _WENT_AWAY and not again:
        raise AutoReconnect(unmet[0].get("errmsg", ""))
    if unmet:
        raise NoMajority(f"too few members of the replica set take the records: {unmet[0].get('errmsg', '')}",
                         hint="Start the members that are down, or wait until they have caught up.")


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


def _refused_rows(errors: Sequence[Mapping[str, Any]], chunk: _Chunk) -> RestoreStopped:
    rows = _rows(chunk.only(error["index"] for error in errors))
    if all(error.get("code") == DUPLICATE_KEY for error in errors):
        return RestoreStopped(f"the backup holds the same _id twice: {rows}")
    return RestoreStopped(f"the server refuses records of the backup: {rows}: {errors[0].get('errmsg', '')}")


def _rows(chunk: _Chunk) -> str:
    named_rows = [f"{f'row {row} (' if row else '('}_id {raw.element_text(raw.id_of(document))})"
                  for row, document in zip(chunk.rows[:_NAMED], chunk.documents, strict=False)]
    more = f" and {len(chunk.rows) - _NAMED} more" if len(chunk.rows) > _NAMED else ""
    return ", ".join(named_rows) + more


def _explained(problem: BaseException, database: Database[Doc]) -> BaseException:
    return named(problem, database) if isinstance(problem, PyMongoError) else problem
