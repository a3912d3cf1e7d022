"""A collection made beside the live one, indexed and proven before anything depends on it; ``loading`` fills it.

What is read back as proof is what a majority has, after a majority write, so that no election can take it back.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

from bson import Timestamp
from pymongo import WriteConcern
from pymongo.collection import Collection
from pymongo.database import Database
from pymongo.errors import AutoReconnect, ConnectionFailure, PyMongoError
from pymongo.read_concern import ReadConcern

from backup_engine.errors import BackupError, NoMajority, PermissionDenied, RestoreStopped, VerificationFailed
from backup_engine.model import SILENT, Part, Watch
from backup_engine.mongo import elections, raw_batches
from backup_engine.mongo.capabilities import database_errors, named
from backup_engine.records import raw
from backup_engine.records.content_sum import EMPTY, Content

__all__ = ["build", "build_and_measure", "check", "create", "drop", "measure", "measure_at", "prove", "violations"]

PIECE = WriteConcern("majority", j=True, wtimeout=15_000)
"""What only the primary has is gone with it: a list loaded with w:1 was proven, swapped in and then empty."""
PROOF = ReadConcern("majority")
PROOF_BATCH = 10_000
"""Documents; more of them arrive in 16 MB pieces, for which the reader and the server wait in turns."""
BEAT_SECONDS = 5.0
DUPLICATE_KEY = 11000
_NAMED = 5
Doc = dict[str, Any]


def create(database: Database[Doc], name: str, options: Mapping[str, Any]) -> None:
    """Make the empty collection with the saved options. Raises ``RestoreStopped`` when the server refuses them."""
    with _refused(database, f"the collection options of the backup cannot be used for {name}"):
        elections.command(database, {"create": name, **options, "writeConcern": PIECE.document})


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


def build(database: Database[Doc], name: str, indexes: Sequence[Mapping[str, Any]],
          beat: Callable[[], object] = lambda: None) -> None:
    """Build indexes; ``beat`` is a majority write. Raises ``RestoreStopped`` naming the records when a unique one does
    not hold, ``NoMajority`` when the members go away meanwhile."""
    with ThreadPoolExecutor(1, "index") as pool:
        _await_build(database, name, pool.submit(_build, database, name, indexes), beat)


def measure(database: Database[Doc], name: str, *, total: int | None = None, watch: Watch = SILENT) -> Content:
    """Read everything a majority has of a collection."""
    measured = EMPTY
    with database_errors(database):
        for documents in raw_batches.find_documents(
                database.get_collection(name, read_concern=PROOF), batch_size=PROOF_BATCH):
            measured += Content.of(documents)
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


def prove(measured: Content, sent: Content, part: Part, name: str) -> None:
    """Raise ``VerificationFailed`` unless the collection holds what the set promises (a legacy set: what was sent)."""
    check(measured, Content.of_part(part) if part.content_sha256 else sent, name)


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


def _build(database: Database[Doc], name: str, indexes: Sequence[Mapping[str, Any]]) -> None:
    # these two come with the collection
    wanted = [index for index in indexes if index.get("name") != "_id_" and not index.get("clustered")]
    if not wanted:
        return
    # A free cluster of Atlas refuses to be told the version of an index, even the one that is every server's own.
    plain = [{option: value for option, value in index.items() if (option, value) != ("v", 2)} for index in wanted]
    command = {"createIndexes": name, "indexes": plain, "writeConcern": PIECE.document}
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
    readable = collection.with_options(codec_options=raw.FORGIVING)
    return list(readable.aggregate(stages, collation=index.get("collation"), allowDiskUse=True))


def _group_text(index: Mapping[str, Any], group: Doc) -> str:
    values = ", ".join(f"{path} {group['_id'].get(str(number))!r}" for number, path in enumerate(index["key"]))
    ids = ", ".join(raw.element_text(raw.element_of(value)) for value in group["ids"])
    return f"{values} in {group['n']} records (_id {ids})"


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
