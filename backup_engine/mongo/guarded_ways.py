"""How ``guarded`` writes: in a transaction, with a guard on ``$$ROOT``, or by plain comparison."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol, cast

import bson
from bson.codec_options import CodecOptions, DatetimeConversion
from bson.errors import InvalidDocument
from bson.raw_bson import RawBSONDocument
from pymongo import ReadPreference
from pymongo.client_session import ClientSession
from pymongo.collection import Collection
from pymongo.errors import BulkWriteError, OperationFailure, ServerSelectionTimeoutError
from pymongo.operations import DeleteOne, InsertOne, UpdateOne
from pymongo.read_concern import ReadConcern
from pymongo.write_concern import WriteConcern

from backup_engine.mongo.capabilities import named
from backup_engine.mongo.rights import lacking_on, lacks_bypass
from backup_engine.records import raw
from backup_engine.records.changes import Applied, Change, Status, judge

__all__ = ["Also", "Guard", "InMemory", "Transactions", "Way", "read"]

Also = Callable[[ClientSession | None, list[Applied]], None]
"""Writes what belongs to a batch, in the same transaction where there is one. May be called again when MongoDB
asks to repeat the transaction, so it must write nowhere else."""

Operation = InsertOne[RawBSONDocument] | UpdateOne | DeleteOne
Raw = Collection[RawBSONDocument]
State = dict[bytes, bytes | None]
"""The records as they are stored, by their ``_id`` element."""

MAX_REPEATS = 20
"""Refused records after which a batch is written record by record: each refusal repeats its transaction."""

# A rename acknowledged with w:1 was gone after kill -9 of the server, twice out of two; with j:true never.
_DURABLE = WriteConcern(w="majority", j=True)
COMMIT_MS = 10_000
"""With a wtimeout in its place ``with_transaction`` would ask again for two minutes."""
_DUPLICATE_KEY = 11000
_VALIDATION = 121
_TOO_LARGE = 10334
_TOO_LARGE_TO_GUARD = ("before and after it are too large for one command, and a server that is no replica set "
                       "compares and writes in one")
_ABOUT_THE_COLLECTION = frozenset({13, 20, 166, 263})
"""Not allowed, illegal here, a view, not in transactions: no record can be written, so none is to blame."""
_MOCK: CodecOptions[dict[str, Any]] = CodecOptions(datetime_conversion=DatetimeConversion.DATETIME_AUTO)


class Way(Protocol):
    """One way of writing to one collection."""

    def write(self, group: Sequence[Change], also: Also | None) -> list[Applied]:
        """Make a batch of changes, then call ``also``; tells what became of each change, in order."""


@dataclass
class Transactions:
    """A replica set or a sharded cluster: what was judged is what is overwritten, because both see one snapshot."""

    collection: Raw
    bypass_validation: bool
    """Whether records that the validator refuses are to be written past it."""
    lacking: str = ""
    """The right to do so that this user turned out to lack, in words."""

    def write(self, group: Sequence[Change], also: Also | None) -> list[Applied]:
        """All in one transaction, repeated without the records that the server refuses."""
        refused: dict[int, str] = {}
        bypass = False
        with self.collection.database.client.start_session() as session:
            while len(refused) <= MAX_REPEATS:
                try:
                    return session.with_transaction(
                        partial(self._try_once, group, also, refused, bypass),
                        read_concern=ReadConcern("snapshot"),
                        write_concern=_DURABLE,
                        # Else it comes from the client's options, and with a secondary's every transaction fails.
                        read_preference=ReadPreference.PRIMARY,
                        max_commit_time_ms=COMMIT_MS,
                    )
                except _RecordRefused as error:
                    if error.by_validator and self.bypass_validation and not (bypass or self.lacking):
                        bypass = True
                    elif error.number is None and len(group) > 1:
                        break
                    else:
                        refused[error.number or 0] = _with_right(error, self.lacking)
                except OperationFailure as error:
                    if not (bypass and lacks_bypass(error)):
                        raise
                    bypass, self.lacking = False, lacking_on(self.collection)
        return [applied for change in group for applied in self.write([change], also)]

    def _try_once(
        self, group: Sequence[Change], also: Also | None, refused: Mapping[int, str], bypass: bool,
        session: ClientSession,
    ) -> list[Applied]:
        """Do not let ``with_transaction`` look two minutes for a server that is gone."""
        try:
            results = self._judge_and_write(group, refused, session, bypass)
            if also is not None:
                also(session, results)
            return results
        except ServerSelectionTimeoutError as error:
            raise named(error, cast(Any, self.collection.database)) from error

    def _judge_and_write(
        self, group: Sequence[Change], refused: Mapping[int, str], session: ClientSession, bypass: bool
    ) -> list[Applied]:
        state = read(self.collection, group, session)
        results: list[Applied] = []
        operations: list[Operation] = []
        owners: list[int] = []
        for number, change in enumerate(group):
            applied = _judged(change, state, refused.get(number, ""))
            results.append(applied)
            if applied.written:
                # A later change of the same record in this batch is judged by this one.
                state[change.identity] = applied.current
                steps = _operations(change, raw.filter_by_id(change.identity))
                operations += steps
                owners += [number] * len(steps)
        if operations:
            self._send(operations, owners, session, bypass)
        return results

    def _send(self, operations: list[Operation], owners: Sequence[int], session: ClientSession, bypass: bool) -> None:
        try:
            # None leaves the option out of the command: asking for it takes a right of its own
            self.collection.bulk_write(operations, session=session, bypass_document_validation=bypass or None)
        except InvalidDocument as error:  # the driver did not send it, and does not say which it is
            raise _RecordRefused(None, _not_sent(error)) from error
        except BulkWriteError as error:
            failed = error.details.get("writeErrors")
            if not failed:
                raise  # the write concern failed, which no record is to blame for
            _raise_if_about_the_collection(failed[0])
            raise _RecordRefused(owners[failed[0]["index"]], _why_refused(failed[0]),
                                 by_validator=failed[0]["code"] == _VALIDATION) from error


@dataclass
class Guard:
    """A standalone server: record by record, each write asking in its filter whether the record is still the same.

    Weaker, because the server's comparison takes 5 and 5.0 for the same; and a batch that stops half-way stays half.
    """

    collection: Raw
    bypass_validation: bool
    lacking: str = ""

    def write(self, group: Sequence[Change], also: Also | None) -> list[Applied]:
        """One after the other, each on the disk before the next."""
        durable = self.collection.with_options(write_concern=WriteConcern(w=1, j=True))
        state = read(self.collection, group, None)
        results: list[Applied] = []
        for change in group:
            applied = _judged(change, state, "")
            if applied.written:
                applied = self._write_one(durable, change, applied)
                state[change.identity] = applied.current
            results.append(applied)
        if also is not None:
            also(None, results)
        return results

    def _write_one(self, durable: Raw, change: Change, wished: Applied, bypass: bool = False) -> Applied:
        operations = _operations(change, self._filter(change))
        try:
            result = durable.bulk_write(operations, bypass_document_validation=bypass or None)
        except BulkWriteError as error:
            failed = error.details["writeErrors"][0]
            _raise_if_about_the_collection(failed)
            current = self._current(change)
            if failed["code"] == _DUPLICATE_KEY and change.before is None and current is not None:
                return Applied(change, *_as_conflict(change, current))
            refusal = _RecordRefused(0, _why_refused(failed), by_validator=failed["code"] == _VALIDATION)
            return self._refused(durable, change, wished, refusal, bypass)
        except InvalidDocument as error:
            return Applied(change, "refused", self._current(change), _not_sent(error))
        except OperationFailure as error:
            if error.code != _TOO_LARGE:
                raise
            return Applied(change, "refused", self._current(change), _TOO_LARGE_TO_GUARD)
        if result.inserted_count + result.matched_count + result.deleted_count:
            return wished
        return Applied(change, *_as_conflict(change, self._current(change)))

    def _refused(
        self, durable: Raw, change: Change, wished: Applied, refusal: _RecordRefused, bypassed: bool
    ) -> Applied:
        if refusal.by_validator and self.bypass_validation and not (bypassed or self.lacking):
            try:
                return self._write_one(durable, change, wished, bypass=True)
            except OperationFailure as error:
                if not lacks_bypass(error):
                    raise
                self.lacking = lacking_on(self.collection)
        return Applied(change, "refused", self._current(change), _with_right(refusal, self.lacking))

    def _filter(self, change: Change) -> RawBSONDocument:
        if change.before is None:
            return raw.filter_by_id(change.identity)
        # $literal: a record may hold text such as "$a", which an expression would take for a field.
        # $in of one: MongoDB 4.4 fails to optimize $eq of $$ROOT and a document.
        same = bson.encode({"$in": ["$$ROOT", [{"$literal": RawBSONDocument(change.before)}]]})
        return RawBSONDocument(raw.build([(b"_id", change.identity), (b"$expr", b"\x03" + same)]))

    def _current(self, change: Change) -> bytes | None:
        return read(self.collection, [change], None)[change.identity]


@dataclass(frozen=True)
class InMemory:
    """The demonstration's stand-in for a server, which knows no raw BSON: a record is compared, then written."""

    collection: Collection[dict[str, Any]]

    def write(self, group: Sequence[Change], also: Also | None) -> list[Applied]:
        """One after the other."""
        results: list[Applied] = []
        for change in group:
            identity = {"_id": raw.value_of(change.identity)}
            stored = self.collection.find_one(identity)
            applied = _judged(change, {change.identity: None if stored is None else bson.encode(stored)}, "")
            if applied.status == "deleted":
                self.collection.delete_one(identity)
            elif applied.written and change.after is not None:
                document = bson.decode(change.after, codec_options=_MOCK)
                if applied.status == "inserted":
                    self.collection.insert_one(document)
                else:
                    self.collection.replace_one(identity, document)
            results.append(applied)
        if also is not None:
            also(None, results)
        return results


def read(collection: Raw, group: Sequence[Change], session: ClientSession | None = None) -> State:
    """Give the records that changes are about, as they are stored."""
    state: State = {change.identity: None for change in group}
    batches = cast("Iterable[bytes]", collection.find_raw_batches(raw.filter_by_ids(state), session=session))
    for batch in batches:
        for document in raw.documents_of(batch):
            state[raw.id_of(document)] = document
    return state


def _judged(change: Change, state: State, refusal: str) -> Applied:
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
    # A pipeline, because an update by operators corrupts names such as "a.b", "" or "$x", or refuses them.
    exactly = [{"$replaceWith": {"$literal": after}}]
    if change.before is not None:
        return [UpdateOne(where, exactly)]
    steps: list[Operation] = [InsertOne(after)]
    # An insert puts the server's time where a Timestamp(0, 0) was; this update does not.
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


def _not_sent(error: InvalidDocument) -> str:
    return f"MongoDB would refuse the record: {error}"


class _RecordRefused(Exception):
    """One record of a batch cannot be written (None: nobody can say which); the transaction is repeated without it."""

    def __init__(self, number: int | None, why: str, *, by_validator: bool = False) -> None:
        super().__init__(why)
        self.number = number
        self.why = why
        self.by_validator = by_validator


def _with_right(refusal: _RecordRefused, lacking: str) -> str:
    return f"{refusal.why}, and {lacking}" if refusal.by_validator and lacking else refusal.why
