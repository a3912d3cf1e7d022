"""How ``guarded`` writes: in a transaction, with a guard on ``$$ROOT``, or by plain comparison."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, cast

import bson
from bson.codec_options import CodecOptions, DatetimeConversion
from bson.raw_bson import RawBSONDocument
from pymongo.client_session import ClientSession
from pymongo.collection import Collection
from pymongo.errors import BulkWriteError, OperationFailure, ServerSelectionTimeoutError
from pymongo.operations import DeleteOne, InsertOne, UpdateOne
from pymongo.read_concern import ReadConcern
from pymongo.write_concern import WriteConcern

from backup_engine.mongo.capabilities import answers_commands, named
from backup_engine.records import raw
from backup_engine.records.changes import Applied, Change, Status, judge

Also = Callable[[ClientSession | None, list[Applied]], None]
"""Writes what belongs to a batch, in the same transaction where there is one. May be called again when MongoDB
asks to repeat the transaction, so it must write nowhere else."""

Way = Callable[[Sequence[Change], Also | None], list[Applied]]
Operation = InsertOne[RawBSONDocument] | UpdateOne | DeleteOne
Raw = Collection[RawBSONDocument]

MAX_REPEATS = 20
"""Refused records after which a batch is written record by record: each refusal repeats its transaction."""

_DURABLE = WriteConcern(w="majority", j=True)
_DUPLICATE_KEY = 11000
_VALIDATION = 121
_ABOUT_THE_COLLECTION = frozenset({13, 20, 166, 263})
"""Not allowed, illegal here, a view, not in transactions: no record can be written, so none is to blame."""
_MOCK: CodecOptions[dict[str, Any]] = CodecOptions(datetime_conversion=DatetimeConversion.DATETIME_AUTO)


def way_of(collection: Collection[dict[str, Any]], bypass_validation: bool) -> Way:
    """Choose by what the server can do."""
    if not answers_commands(collection.database):
        return lambda group, also: _in_memory(collection, group, also)
    hello = collection.database.client.admin.command("hello")
    exact = collection.with_options(codec_options=raw.RAW)
    if "setName" in hello or hello.get("msg") == "isdbgrid":
        return lambda group, also: _in_transactions(exact, group, also, bypass_validation)
    return lambda group, also: _with_guard(exact, group, also, bypass_validation)


def _in_transactions(collection: Raw, group: Sequence[Change], also: Also | None, bypass: bool) -> list[Applied]:
    refused: dict[int, str] = {}
    with collection.database.client.start_session() as session:
        while len(refused) <= MAX_REPEATS:
            try:
                return session.with_transaction(
                    lambda inside: _try_once(collection, group, also, bypass, refused, inside),
                    read_concern=ReadConcern("snapshot"),
                    write_concern=_DURABLE,
                )
            except _RecordRefused as error:
                refused[error.number] = error.why
    return [applied for change in group for applied in _in_transactions(collection, [change], also, bypass)]


def _try_once(
    collection: Raw,
    group: Sequence[Change],
    also: Also | None,
    bypass: bool,
    refused: Mapping[int, str],
    session: ClientSession,
) -> list[Applied]:
    """Do not let ``with_transaction`` look two minutes for a server that is gone."""
    try:
        return _one_transaction(collection, group, also, bypass, refused, session)
    except ServerSelectionTimeoutError as error:
        raise named(error, cast(Any, collection.database)) from error


def _one_transaction(
    collection: Raw,
    group: Sequence[Change],
    also: Also | None,
    bypass: bool,
    refused: Mapping[int, str],
    session: ClientSession,
) -> list[Applied]:
    state = _read(collection, group, session)
    results: list[Applied] = []
    operations: list[Operation] = []
    owners: list[int] = []
    for number, change in enumerate(group):
        applied = _judged(change, state, refused.get(number, ""))
        results.append(applied)
        if applied.written:
            state[change.identity] = applied.current
            steps = _operations(change, raw.filter_by_id(change.identity))
            operations += steps
            owners += [number] * len(steps)
    if operations:
        try:
            collection.bulk_write(operations, session=session, bypass_document_validation=bypass or None)
        except BulkWriteError as error:
            failed = error.details.get("writeErrors")
            if not failed:
                raise
            _raise_if_about_the_collection(failed[0])
            raise _RecordRefused(owners[failed[0]["index"]], _why_refused(failed[0])) from error
    if also is not None:
        also(session, results)
    return results


def _with_guard(collection: Raw, group: Sequence[Change], also: Also | None, bypass: bool) -> list[Applied]:
    durable = collection.with_options(write_concern=WriteConcern(w=1, j=True))
    state = _read(collection, group, None)
    results: list[Applied] = []
    for change in group:
        applied = _judged(change, state, "")
        if applied.written:
            applied = _guarded_write(durable, change, applied, bypass)
            state[change.identity] = applied.current
        results.append(applied)
    if also is not None:
        also(None, results)
    return results


def _guarded_write(collection: Raw, change: Change, wished: Applied, bypass: bool) -> Applied:
    try:
        result = collection.bulk_write(_operations(change, _guard(change)), bypass_document_validation=bypass or None)
    except BulkWriteError as error:
        failed = error.details["writeErrors"][0]
        _raise_if_about_the_collection(failed)
        current = _read(collection, [change], None)[change.identity]
        if failed["code"] == _DUPLICATE_KEY and change.before is None and current is not None:
            return Applied(change, *_as_conflict(change, current))
        return Applied(change, "refused", current, _why_refused(failed))
    if result.inserted_count + result.matched_count + result.deleted_count:
        return wished
    current = _read(collection, [change], None)[change.identity]
    return Applied(change, *_as_conflict(change, current))


def _guard(change: Change) -> RawBSONDocument:
    if change.before is None:
        return raw.filter_by_id(change.identity)
    same = bson.encode({"$eq": ["$$ROOT", {"$literal": RawBSONDocument(change.before)}]})
    return RawBSONDocument(raw.build([(b"_id", change.identity), (b"$expr", b"\x03" + same)]))


def _in_memory(collection: Collection[dict[str, Any]], group: Sequence[Change], also: Also | None) -> list[Applied]:
    results: list[Applied] = []
    for change in group:
        identity = {"_id": raw.value_of(change.identity)}
        stored = collection.find_one(identity)
        applied = _judged(change, {change.identity: None if stored is None else bson.encode(stored)}, "")
        if applied.status == "deleted":
            collection.delete_one(identity)
        elif applied.written and change.after is not None:
            document = bson.decode(change.after, codec_options=_MOCK)
            if applied.status == "inserted":
                collection.insert_one(document)
            else:
                collection.replace_one(identity, document)
        results.append(applied)
    if also is not None:
        also(None, results)
    return results


def _read(collection: Raw, group: Sequence[Change], session: ClientSession | None) -> dict[bytes, bytes | None]:
    state: dict[bytes, bytes | None] = {change.identity: None for change in group}
    batches = cast("Iterable[bytes]", collection.find_raw_batches(raw.filter_by_ids(state), session=session))
    for batch in batches:
        for document in raw.documents_of(batch):
            state[raw.id_of(document)] = document
    return state


def _judged(change: Change, state: Mapping[bytes, bytes | None], refusal: str) -> Applied:
    current = state[change.identity]
    if refusal:
        return Applied(change, "refused", current, refusal)
    status, why = judge(change, current)
    written = status in ("inserted", "updated", "deleted")
    return Applied(change, status, _as_stored(change) if written else current, why)


def _as_stored(change: Change) -> bytes | None:
    return None if change.after is None else raw.id_first(change.after)


def _as_conflict(change: Change, current: bytes | None) -> tuple[Status, bytes | None, str]:
    status, why = judge(change, current)
    if status in ("conflict", "unchanged"):
        return status, current, why
    return "conflict", current, "changed by someone else at the same moment"


def _operations(change: Change, where: RawBSONDocument) -> list[Operation]:
    if change.after is None:
        return [DeleteOne(where)]
    after = RawBSONDocument(raw.id_first(change.after))
    exactly = [{"$replaceWith": {"$literal": after}}]
    if change.before is not None:
        return [UpdateOne(where, exactly)]
    steps: list[Operation] = [InsertOne(after)]
    if raw.has_zero_timestamp(change.after):
        steps.append(UpdateOne(where, exactly))
    return steps


def _raise_if_about_the_collection(failed: Mapping[str, Any]) -> None:
    if failed["code"] in _ABOUT_THE_COLLECTION:
        raise OperationFailure(str(failed.get("errmsg", "")), failed["code"])


def _why_refused(failed: Mapping[str, Any]) -> str:
    if failed["code"] == _DUPLICATE_KEY:
        pairs = ", ".join(f"{name} = {value}" for name, value in dict(failed.get("keyValue", {})).items())
        return f"another record already has {pairs or 'the same unique value'}"
    if failed["code"] == _VALIDATION:
        return "the collection's validation rule rejects the record"
    return f"MongoDB refuses the record: {failed.get('errmsg', failed['code'])}"


class _RecordRefused(Exception):
    """One record of a batch cannot be written; the transaction is repeated without it."""

    def __init__(self, number: int, why: str) -> None:
        super().__init__(why)
        self.number = number
        self.why = why
