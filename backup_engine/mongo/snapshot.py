"""One consistent instant of all collections under backup.

On a replica set every read goes through one snapshot session. MongoDB refuses that for a capped collection or a view of
one (code 246): it is read plainly, and ``apart`` says so. A snapshot has a blind spot: a collection that is dropped
meanwhile reads as empty without any error. So UUIDs, indexes and options are compared before and after, and
``Snapshot.changed`` raises ``SnapshotChanged`` when they differ: the caller starts again.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any, Literal

import bson
from pymongo import ReadPreference
from pymongo.client_session import ClientSession
from pymongo.database import Database
from pymongo.errors import OperationFailure, PyMongoError

from backup_engine.errors import BackupError
from backup_engine.model import Batch, Source
from backup_engine.mongo import raw_batches
from backup_engine.mongo.capabilities import Capabilities, database_errors, named
from backup_engine.mongo.kinds import Kind, kind_of
from backup_engine.records.raw import PYTHON, filter_by_ids

MAJORITY_SECONDS = 5.0
"""How long a snapshot may wait for members that lag behind."""
BATCH_BYTES = 4 << 20
"""What a batch from a stand-in without raw batches holds at most; the server sends up to 16 MiB."""
BATCH_DOCUMENTS = 10_000
"""What the server is asked for at a time; its own 16 MiB keep the workers waiting at the start for 0.15 s."""
_TOO_OLD = 239
_START_AGAIN = frozenset({
    246,  # SnapshotUnavailable
    175,  # QueryPlanKilled: the collection was dropped or renamed under the cursor
    43,  # CursorNotFound
    26,  # NamespaceNotFound
})
_BAD_HINT = 2  # BadValue: the index of the hint is not there any more
_INTERNAL = ("idIndex",)


class SnapshotChanged(BackupError):
    """The collections changed under the snapshot in a way that needs a new one."""

    opening = "The collections changed during the backup"


class SnapshotTooOld(SnapshotChanged):
    """Reading took longer than the server keeps an instant for reading (300 seconds unless configured)."""

    opening = "The collections could not be read within the server's snapshot window"


@dataclass(frozen=True)
class About:
    """A collection as the catalog of the server describes it; all empty when it does not exist."""

    uuid: bytes | None = None
    kind: str = "collection"
    options: Mapping[str, Any] = field(default_factory=dict)
    indexes: tuple[Mapping[str, Any], ...] = ()
    estimate: int = 0


class Snapshot:
    """A view of all sources. Use ``take`` to get one."""

    def __init__(
        self, database: Database[dict[str, Any]], sources: Sequence[Source], capabilities: Capabilities,
        session: ClientSession | None, why_plain: str = "", beside: Sequence[Source] = (),
    ) -> None:
        self.why_plain = why_plain
        """Why there is no common instant of all collections, in words; empty when there is one."""
        self.consistency: Literal["snapshot", "none"] = "snapshot" if session is not None else "none"
        self.capabilities = capabilities
        self._database = database
        self.without: BackupError | None = None
        """Why the sources beside cannot be read, when they cannot; the others can."""
        self._names = {source.key: source.collection for source in (*sources, *beside)}
        self._beside = [source.key for source in beside]
        self._session = session
        self._before = self._look([source.key for source in sources])
        try:
            self._before |= self._look(self._beside)
        except BackupError as problem:
            self.without = problem
        self._apart: set[str] = set()
        self._empty: dict[str, set[bool]] = {key: set() for key in self._names}
        """What the readings of a collection said: one answer, unless it was away in between."""

    def options(self, key: str) -> Mapping[str, Any]:
        """Options of the collection as ``create`` takes them."""
        return self._before[key].options

    def indexes(self, key: str) -> tuple[Mapping[str, Any], ...]:
        """Indexes as ``listIndexes`` gives them, ``_id_`` included; an index being built is left out."""
        return self._before[key].indexes

    def uuid(self, key: str) -> bytes | None:
        """UUID of the collection, None when it does not exist or the server has none."""
        return self._before[key].uuid

    def count(self, key: str) -> int:
        """How many documents there are, roughly: for progress and for choosing workers."""
        return self._before[key].estimate

    def kind(self, key: str) -> Kind | None:
        """What the collection is where it is no ordinary one."""
        return kind_of(self._before[key].options)

    @property
    def apart(self) -> frozenset[str]:
        """Keys of the collections that MongoDB does not read in the common instant."""
        return frozenset(self._apart)

    def establish(self) -> None:
        """Fix the instant now, by a first read."""
        self._read_first([key for key in self._names if key not in self._beside])
        if self.without is None:
            try:
                self._read_first(self._beside)
            except BackupError as problem:
                self.without = problem

    def _read_first(self, keys: Collection[str]) -> None:
        if self._session is not None:
            for key in keys:
                self._empty[key].add(self._is_empty(key))

    def read(self, key: str) -> Iterator[Batch]:
        """Give all documents in ``_id`` order, whole BSON documents by the batch. Raises ``SnapshotChanged``."""
        empty = True
        for batch in self._find(key, {}):
            empty = False
            yield batch
        self._empty[key].add(empty)

    def read_some(self, key: str, identities: Sequence[bytes]) -> Iterator[Batch]:
        """Give the documents with these ``_id`` elements, as far as they exist."""
        yield from self._find(key, filter_by_ids(identities))

    def changed(self, keys: Collection[str] | None = None) -> None:
        """Raise ``SnapshotChanged`` when one of these (or any) was dropped, renamed, created, indexed or set anew."""
        keys = [*self._names] if keys is None else keys
        # Once more: a collection that was away until now has read as empty every time, and without an error.
        self._read_first(keys)
        after = self._look(keys)
        for key in keys:
            name = self._names[key]
            if len(self._empty[key]) > 1:
                raise SnapshotChanged(f"{name} was away for a while")
            if _identity(self._before[key]) != _identity(after[key]):
                raise SnapshotChanged(f"{name} was dropped, renamed, created, or got other indexes or options")

    def _is_empty(self, key: str) -> bool:
        try:
            return next(self._find(key, {}, limit=1), None) is None
        except SnapshotChanged:
            if self.kind(key) is None or key in self._apart:
                raise
            self._apart.add(key)
            return self._is_empty(key)

    def _find(self, key: str, query: Mapping[str, Any], limit: int = 0) -> Iterator[Batch]:
        if not self.capabilities.commands:
            yield from _plain_batches(self._database[self._names[key]], query)
            return
        # Whatever the connection string says: a secondary may lag behind.
        collection = self._database.get_collection(self._names[key], read_preference=ReadPreference.PRIMARY)
        hint = {"hint": [("_id", 1)], "sort": [("_id", 1)]} if self._has_id_index(key) else {}
        try:
            with raw_batches.find(
                collection, query, session=self._session_for(key), limit=limit, batch_size=BATCH_DOCUMENTS, **hint
            ) as batches:
                yield from filter(None, batches)  # read takes any batch for a sign that the collection is not empty
        except OperationFailure as problem:
            if problem.code == _TOO_OLD:
                raise SnapshotTooOld() from problem
            if problem.code in _START_AGAIN or (hint and problem.code == _BAD_HINT):
                raise SnapshotChanged(str(problem)) from problem
            raise named(problem, self._database) from problem
        except PyMongoError as problem:
            raise named(problem, self._database) from problem

    def _session_for(self, key: str) -> ClientSession | None:
        return None if key in self._apart else self._session

    def _has_id_index(self, key: str) -> bool:
        return any(index.get("name") == "_id_" for index in self._before[key].indexes)

    def _look(self, keys: Collection[str]) -> dict[str, About]:
        names = {key: self._names[key] for key in keys}
        if not names:
            return {}
        if not self.capabilities.commands:
            return {key: About(estimate=self._database[name].count_documents({})) for key, name in names.items()}
        with database_errors(self._database):
            listed = _list(self._database, {"listCollections": 1, "filter": {"name": {"$in": [*names.values()]}}})
            by_name = {entry["name"]: entry for entry in listed}
            return {key: self._describe(by_name.get(name)) for key, name in names.items()}

    def _describe(self, listed: Mapping[str, Any] | None) -> About:
        if listed is None:
            return About()
        if listed["type"] == "view":
            return About(kind="view", options=listed.get("options", {}))
        try:
            indexes = tuple(_indexes(self._database, listed["name"]))
            estimate = self._database[listed["name"]].estimated_document_count()
        except OperationFailure as problem:
            if problem.code == 26:  # NamespaceNotFound: dropped between the two commands
                return About()
            raise
        options = {name: value for name, value in listed.get("options", {}).items() if name not in _INTERNAL}
        uuid = listed.get("info", {}).get("uuid")
        return About(bytes(uuid) if uuid is not None else None, listed["type"], options, indexes, estimate)


@contextmanager
def take(
    database: Database[dict[str, Any]], sources: Sequence[Source], capabilities: Capabilities | None = None, *,
    plain: bool = False, beside: Sequence[Source] = (),
) -> Iterator[Snapshot]:
    """Open a snapshot of the sources; ``plain`` gives up the common instant. Raises ``DatabaseUnreachable``.

    What lies ``beside`` is seen in the same instant; where that fails the rest is there all the same, and
    ``Snapshot.without`` says why.

    A snapshot shows what a majority of the members has. Where no majority follows the primary, that can be days old:
    then what the primary has now is read, without a common instant.
    """
    capabilities = capabilities or Capabilities.of(database)
    with ExitStack() as opened:
        session, why_plain = None, _why_plain(database, capabilities, plain)
        if not why_plain:
            with database_errors(database):
                session = opened.enter_context(database.client.start_session(snapshot=True))
        snapshot = Snapshot(database, sources, capabilities, session, why_plain, beside)
        # After the look at UUIDs and indexes: what happens between the two then differs in the look at the end.
        snapshot.establish()
        yield snapshot


def _why_plain(database: Database[dict[str, Any]], capabilities: Capabilities, plain: bool) -> str:
    if not capabilities.snapshot_reads:
        return f"server: {capabilities.topology}"
    if plain:
        return "it took longer than the server's snapshot window"
    with database_errors(database):
        return "" if _majority_follows(database) else "too few members of the replica set have the latest writes"


def _majority_follows(database: Database[dict[str, Any]]) -> bool:
    """Wait until a majority has what the primary has now; a few milliseconds, unless members are down or lag."""
    deadline, wanted = time.monotonic() + MAJORITY_SECONDS, None
    while True:
        written = database.command("hello").get("lastWrite", {})
        if "majorityOpTime" not in written:
            return True  # a sharded cluster's router does not know
        wanted = wanted or written["opTime"]["ts"]
        if written["majorityOpTime"]["ts"] >= wanted:
            return True
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)


def _list(database: Database[dict[str, Any]], command: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Run a listing command; pymongo's own would decode with options that refuse some dates."""
    # One batch is all: a collection has at most 64 indexes, and only the sources are asked for.
    answer = database.command({**command, "cursor": {"batchSize": 1000}}, codec_options=PYTHON)
    return list(answer["cursor"]["firstBatch"])


def _indexes(database: Database[dict[str, Any]], name: str) -> Iterator[dict[str, Any]]:
    for index in _list(database, {"listIndexes": name}):
        if "buildUUID" not in index:  # still being built
            index.pop("ns", None)  # servers before 4.4 name database and collection here
            yield index


def _identity(about: About) -> tuple[Any, ...]:
    # As bytes, because to Python 1, 1.0 and True are the same.
    options = bson.encode({"options": about.options})
    indexes = sorted(bson.encode(index) for index in about.indexes)
    return about.uuid, about.kind, options, indexes


def _plain_batches(collection: Any, query: Mapping[str, Any]) -> Iterator[Batch]:
    batch, size = [], 0
    for document in collection.find(query):
        encoded = bson.encode(document)
        batch.append(encoded)
        size += len(encoded)
        if size >= BATCH_BYTES:
            yield b"".join(batch)
            batch, size = [], 0
    if batch:
        yield b"".join(batch)
