"""The new collection beside the live one: what a restore will put in place, and what a drill rehearses.

Both call this and nothing else, so that a drill that passed and a restore that works cannot be two things. Options
and indexes are those of the set; the live collection's own play no part, except for a set of the original system,
which knows none. Views, capped and time-series collections come as ordinary ones (``mongo.kinds``).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pymongo.database import Database
from pymongo.errors import PyMongoError

from backup_engine.errors import BackupError, RestoreStopped
from backup_engine.failpoints import reach
from backup_engine.model import SILENT, BackupSet, Batch, Part, Watch
from backup_engine.mongo import kinds
from backup_engine.mongo.capabilities import Capabilities, named
from backup_engine.mongo.snapshot import take
from backup_engine.records import expiry, raw
from backup_engine.records.content_sum import EMPTY, Content
from backup_engine.records.expiry import Tally
from backup_engine.replacing import loading, staging
from backup_engine.replacing.from_live import documents as live_documents
from backup_engine.replacing.journal import Swap
from backup_engine.replacing.loading import Loaded
from backup_engine.repository import contents, record_stream
from backup_engine.workspace import Workspace

__all__ = ["Filled", "Prepared", "Shape", "expiring", "fill", "prepare", "prove", "shape_of"]

Doc = dict[str, Any]


@dataclass(frozen=True)
class Shape:
    """How the new collection is made."""

    options: Mapping[str, Any]
    indexes: Sequence[Mapping[str, Any]]
    notes: tuple[str, ...] = ()
    """What is not as it was, in sentences without a full stop."""


@dataclass(frozen=True)
class Prepared:
    """A collection that is filled and proven."""

    content: Content
    """What was read back from it."""
    notes: tuple[str, ...] = ()
    """What a person should know of it, in sentences without a full stop."""
    expired: bool = False
    """Whether it holds records that MongoDB deletes by itself from now on."""

    @property
    def records(self) -> int:
        """How many records it holds."""
        return self.content.records


def shape_of(
    ws: Workspace, database: Database[Doc], capabilities: Capabilities, backup: BackupSet, swap: Swap
) -> Shape:
    """Say how the collection is made: as the set says; a set of the original system keeps what live has."""
    if backup.state == "legacy":
        with take(database, [ws.source(swap.key)], capabilities) as view:
            return Shape(kinds.ordinary(view.options(swap.key)), view.indexes(swap.key))
    part = backup.parts[swap.key]
    kind = kinds.kind_of(part.options)
    notes = () if kind is None else (f"{swap.live} was {kind.name} when it was saved; it is restored as an ordinary "
                                     f"collection{'' if kind.unique_id else ', with _id as the first field'}",)
    return Shape(kinds.ordinary(part.options), part.indexes, notes)


def expiring(ws: Workspace, backup: BackupSet, swap: Swap, shape: Shape, *, watch: Watch = SILENT) -> tuple[str, ...]:
    """Say how many records of the set MongoDB would delete at once; reads the set only where an index says so."""
    tally = Tally(expiry.rules(shape.indexes, shape.options), ws.clock())
    if tally.rules:
        live = record_stream.profile_of(ws, record_stream.CURRENT, swap.key) if backup.state == "legacy" else None
        for _ in tally.over(contents.documents(ws, backup, swap.key, live=live, watch=watch)):
            pass
    return tally.sentences(swap.live)


@dataclass(frozen=True)
class Filled:
    """A collection that is loaded; nothing about it is proven yet."""

    swap: Swap
    part: Part
    shape: Shape
    options: Mapping[str, Any]
    """Those it was made with."""
    loaded: Loaded
    tally: Tally
    ordered: _IdFirst | None = None
    """What was read, where ``_id`` had to be moved."""
    expires_later: bool = False
    """Whether its own expiry is an option it gets after the proof."""


def prepare(
    ws: Workspace, database: Database[Doc], capabilities: Capabilities, backup: BackupSet, swap: Swap, *,
    step: str = "", beat: Callable[[], object] = lambda: None, watch: Watch = SILENT,
) -> Prepared:
    """Create the staging collection, load it, build its indexes, prove it; TTL indexes come last.

    ``step`` names the failpoints, ``beat`` is a majority write. Raises ``RestoreStopped`` where the server refuses
    something, ``VerificationFailed`` where the collection does not hold what the set promises, ``NoMajority``, and what
    reading the set raises.
    """
    filled = fill(ws, database, capabilities, backup, swap, watch=watch)
    if step:
        reach(f"{step}2")
    return prove(database, filled, step=step, beat=beat, watch=watch)


def fill(
    ws: Workspace, database: Database[Doc], capabilities: Capabilities, backup: BackupSet, swap: Swap, *,
    from_live: bool = False, watch: Watch = SILENT,
) -> Filled:
    """Create the staging collection and load it: the first half of ``prepare``, in which nothing need be listened to.

    ``from_live`` takes from the live collection what that still has of the set.
    """
    part, shape = backup.parts[swap.key], shape_of(ws, database, capabilities, backup, swap)
    kind = kinds.kind_of(part.options)
    profile = record_stream.profile_of(ws, record_stream.CURRENT, swap.key, watch) if backup.state == "legacy" else None
    tally = Tally(expiry.rules(shape.indexes, shape.options), ws.clock())
    # A clustered collection expires by an option, which only collMod can give it later: a right of dbAdmin, so that
    # way is taken only where a record would be deleted under the proof.
    later = expiry.clustered(shape.options) and bool(expiring(ws, backup, swap, shape, watch=watch))
    options = {name: value for name, value in shape.options.items() if not (later and name == "expireAfterSeconds")}
    staging.create(database, swap.staging, options)
    same = live_documents(ws, database, backup, swap.key, swap.live, watch) if from_live and kind is None else None
    documents = tally.over(contents.documents(ws, backup, swap.key, live=profile, watch=watch))
    ordered = None if kind is None or kind.unique_id else _IdFirst(documents)
    batches: Iterable[Batch | list[bytes]] = tally.over(same) if same is not None else ordered or documents
    loaded = loading.load(database, swap.staging, batches, expected=part.records, numbered=same is None,
                          digest=bool(ordered) or not part.content_sha256, validated="validator" in options,
                          live=swap.live, phase=f"Loading {swap.live}", watch=watch)
    return Filled(swap, part, shape, options, loaded, tally, ordered, later)


def prove(
    database: Database[Doc], filled: Filled, *, step: str = "", beat: Callable[[], object] = lambda: None,
    watch: Watch = SILENT,
) -> Prepared:
    """Build the indexes of a loaded collection and prove it from what a majority has: the other half of ``prepare``."""
    swap, part, shape, loaded, ordered = filled.swap, filled.part, filled.shape, filled.loaded, filled.ordered
    lasting = [index for index in shape.indexes if not expiry.expires(index)]
    measured = staging.build_and_measure(database, swap.staging, lasting, total=loaded.records, beat=beat,
                                         watch=watch)
    if step:
        reach(f"{step}3")
    if ordered is None:
        staging.prove(measured, loaded.content, part, swap.live)
    else:
        staging.check(ordered.read, Content.of_part(part), swap.live)
        staging.check(measured, loaded.content, swap.live)
    broken = _broken_rules(database, swap, filled.options, loaded)
    # After the proof, in which the server would otherwise delete what has expired: with a TTL monitor that runs every
    # second, 60,000 records of which all had expired made three restores of three fail as "not those of the backup".
    staging.build(database, swap.staging, [index for index in shape.indexes if expiry.expires(index)], beat)
    if filled.expires_later:
        _let_expire(database, swap, shape)
    return Prepared(measured, (*shape.notes, *broken, *filled.tally.sentences(swap.live)),
                    any(filled.tally.counts.values()))


class _IdFirst:
    """Documents with ``_id`` in front, where the server puts it; views and time-series collections have it anywhere."""

    def __init__(self, batches: Iterable[Batch]) -> None:
        self._batches = batches
        self.read = EMPTY
        """What they were before."""

    def __iter__(self) -> Iterator[Batch]:
        for batch in self._batches:
            documents = raw.documents_of(batch)
            self.read += Content.of(documents)
            if any(b"_id" not in dict(raw.elements(document)) for document in documents):
                raise RestoreStopped("it holds records without _id")
            yield b"".join(map(raw.id_first, documents))


def _broken_rules(
    database: Database[Doc], swap: Swap, options: Mapping[str, Any], loaded: Loaded
) -> tuple[str, ...]:
    if not loaded.refused:
        return ()
    counted = staging.violations(database, swap.staging, options["validator"]) if loaded.more else loaded.refused
    # where the rules fail on a record, the server cannot count
    number = f"{counted:,} records" if counted else f"more than {loaded.refused - 1:,} records"
    return (f"{number} of {swap.live} do not meet its validation rules; they are restored as they are",)


def _let_expire(database: Database[Doc], swap: Swap, shape: Shape) -> None:
    try:
        database.command({"collMod": swap.staging, "expireAfterSeconds": shape.options["expireAfterSeconds"]})
    except PyMongoError as problem:
        why = named(problem, database)
        raise RestoreStopped(why.detail, hint=why.hint) if type(why) is BackupError else why from problem
