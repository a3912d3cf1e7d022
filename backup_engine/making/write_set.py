"""The one way to write a set, whatever its documents come from: the database, a caller, changes over a full set.

W2 clear up, room, number, label, intent · W3 one instant of all collections · W4–W6 stream the files under temporary
names and sync them · W7 read back and compare · W8 final names · W9 metadata = commit · W10 second copy, intent away.
Whatever goes wrong before W9 leaves the folder as it was; whatever goes wrong after it is said and not raised.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from backup_engine.errors import BackupError, BadInput, DatabaseUnreachable
from backup_engine.failpoints import reach
from backup_engine.locking.locks import Hold
from backup_engine.making import resume_tokens
from backup_engine.making.differential import NEVER_BASE, Changes, base_for, contents_since, over, will_be_base
from backup_engine.making.parts import PartSource, read_back_all, write_all
from backup_engine.making.resume_tokens import Mark
from backup_engine.making.run import Run, running
from backup_engine.model import SILENT, BackupSet, Batch, Kind, Trigger, Watch
from backup_engine.mongo import snapshot
from backup_engine.mongo.snapshot import Snapshot, SnapshotChanged, SnapshotTooOld
from backup_engine.ownership import lookup
from backup_engine.repository.manifest import Origin
from backup_engine.workspace import Workspace

__all__ = ["Made", "after_commit", "write_changes", "write_documents", "write_live", "write_set"]

log = logging.getLogger(__name__)

TRIES = 3
"""Snapshots to try before giving up on collections that keep changing, or a server that keeps going away."""
_BACK_OFF_SECONDS = 0.5


@dataclass(frozen=True)
class Made:
    """A set that is committed, and what could not be done after the commit."""

    set: BackupSet
    problems: tuple[str, ...] = ()
    beside: Sequence[BackupSet] = ()
    """The sets that lay there before it."""


@dataclass(frozen=True)
class _Filled:
    """What is known of the documents once they lie in the run's files."""

    origin: Origin
    base: BackupSet | None = None
    mark: Mark | None = None

    @property
    def kind(self) -> tuple[Kind, str | None]:
        return ("differential", self.base.backup_id) if self.base else ("full", None)


def write_live(
    ws: Workspace, hold: Hold, *, trigger: Trigger, kind: Kind | Literal["auto"] = "full", interval_hours: float = 1.0,
    watch: Watch = SILENT,
) -> Made:
    """Make a set of the live collections under locks that the caller holds.

    ``kind="auto"`` makes it differential where a full set of the same local day is there and that pays.
    """

    def fill(run: Run) -> _Filled:
        base = None if kind == "full" else base_for(run.ws, hold, run.started, run.beside,
                                                    wanted=kind == "differential")
        return _read_one_instant(run, base, watch)

    return _write(ws, hold, fill, trigger=trigger, interval_hours=interval_hours)


def write_set(ws: Workspace, hold: Hold, *, trigger: Trigger, watch: Watch = SILENT) -> BackupSet:
    """Make a full set of the live collections, as ``write_live`` does: the safety set of a restore or a merge."""
    return write_live(ws, hold, trigger=trigger, watch=watch).set


def write_documents(
    ws: Workspace, hold: Hold, documents: Mapping[str, Iterable[Batch]], *, trigger: Trigger = "imported",
    pinned: bool = True, like: BackupSet | None = None, origin: Origin | None = None, warnings: tuple[str, ...] = (),
    watch: Watch = SILENT,
) -> BackupSet:
    """Make a full set of documents that do not come from the database: salvaged or imported ones.

    ``documents`` by collection key; ``like`` gives the collection options and indexes to carry over; without an
    ``origin`` the set belongs to the database for which it is made.
    """

    def fill(run: Run) -> _Filled:
        run.warnings += warnings
        reach("W3")
        _stream(run, [_given(ws, key, batches, like) for key, batches in documents.items()], watch)
        return _Filled(origin or Origin())

    return _write(ws, hold, fill, trigger=trigger, pinned=pinned).set


def write_changes(
    ws: Workspace, hold: Hold, base: BackupSet, changes: Mapping[str, Changes], *, trigger: Trigger,
    watch: Watch = SILENT,
) -> BackupSet:
    """Make a differential set of given changes over a full set.

    Raises ``VerificationFailed`` when the full set is damaged, ``BadInput`` when it is not a full set.
    """
    if base.kind != "full" or base.state != "complete":
        raise BadInput(f"backup {base.label} is no complete full backup: nothing can rest on it")
    contents = [over(ws, base, part, changes.get(key, Changes()), watch) for key, part in base.parts.items()]

    def fill(run: Run) -> _Filled:
        reach("W3")
        _stream(run, contents, watch)
        return _Filled(Origin.of(base), base)

    return _write(ws, hold, fill, trigger=trigger).set


def _write(
    ws: Workspace, hold: Hold, fill: Callable[[Run], _Filled], *, trigger: Trigger, interval_hours: float = 1.0,
    pinned: bool = False,
) -> Made:
    with running(ws, hold, trigger, interval_hours) as run:
        filled = fill(run)
        reach("W7")
        run.publish()
        backup = run.commit(filled.origin, *filled.kind, pinned=pinned)
    # outside of running: a fault from here on must not take away what is committed
    problems = run.finish(backup)
    try:
        problems += _keep_mark(ws, backup, filled, run.beside)
        reach("W10")
    except Exception as problem:  # whatever it is, the set is there
        log.exception("after the commit of %s", backup.label)
        problems.append(after_commit(problem))
    return Made(backup, tuple(problems), run.beside)


def after_commit(problem: Exception) -> str:
    """Say what went wrong once the set was committed."""
    return f"then: {problem}" if isinstance(problem, BackupError) else f"then a fault came ({type(problem).__name__})"


def _stream(
    run: Run, contents: Iterable[PartSource], watch: Watch, unchanged: Callable[[], None] | None = None
) -> None:
    """W4 to W7; ``unchanged`` raises when what was read is not one instant after all."""
    write_all(run, contents, watch)
    if unchanged is not None:
        # only when all was read: a collection that is dropped meanwhile reads as empty, without any error
        unchanged()
    reach("W6")
    read_back_all(run, watch)  # before W8: what does not read back never gets a name


def _read_one_instant(run: Run, base: BackupSet | None, watch: Watch) -> _Filled:
    """W3 to W7, again from the start when the collections changed under the snapshot or the server went away.

    A list too long to be read within the server's snapshot window is read plainly: a set that says so is better than
    none.
    """
    plain = False
    for attempt in range(TRIES):
        try:
            return _try_one_instant(run, base, watch, plain)
        except (SnapshotChanged, DatabaseUnreachable) as problem:
            if attempt == TRIES - 1:
                raise
            plain = plain or isinstance(problem, SnapshotTooOld)
            watch.step(f"{problem.opening}; starting again")
            # changed collections can be read again at once; a server that went away needs a moment the first time, too
            time.sleep(_BACK_OFF_SECONDS * (attempt + isinstance(problem, DatabaseUnreachable)))
    raise AssertionError("unreachable")


def _try_one_instant(run: Run, base: BackupSet | None, watch: Watch, plain: bool) -> _Filled:
    ws, database, facts = run.ws, run.hold.need_database(), run.hold.capabilities
    # before the snapshot: an event seen twice does no harm, one that was missed would
    token = resume_tokens.take(database, ws.sources) if facts.change_streams else None
    with snapshot.take(database, ws.sources, facts, plain=plain) as view:
        reach("W3")
        _say_how_consistent(run, view)
        _say_what_is_odd(run, view)
        contents = contents_since(ws, view, run.hold, base, watch) if base else None
        if contents is None:
            noted = run.keyed and will_be_base(run.trigger, sum(view.count(source.key) for source in ws.sources))
            base, contents = None, [_live(ws, view, source.key, noted) for source in ws.sources]
        _stream(run, contents, watch, view.changed)
        origin = Origin(database.name, facts.version, facts.topology, view.consistency, replica_set=facts.set_name)
        uuids = {source.key: (view.uuid(source.key) or b"").hex() for source in ws.sources}
    # changes of a collection that is no ordinary one do not all come by in the stream
    followed = token and not any(view.kind(source.key) for source in ws.sources)
    return _Filled(origin, base, Mark(token, uuids) if followed and token else None)


def _say_how_consistent(run: Run, view: Snapshot) -> None:
    warning = f"read without a common instant of all collections ({view.why_plain})"
    if view.consistency == "none" and warning not in run.warnings:
        run.warnings.append(warning)


def _say_what_is_odd(run: Run, view: Snapshot) -> None:
    """A capped collection, a view, a time-series collection: all of it is saved, and less can be done with it."""
    for source in run.ws.sources:
        if (kind := view.kind(source.key)) is None:
            continue
        apart = "; it was read apart from the common instant of the others" if source.key in view.apart else ""
        warning = (f"{source.collection} is {kind.name}: all its records are saved, and a restore makes an ordinary "
                   f"collection of them once the name is free{apart}")
        if warning not in run.warnings:
            run.warnings.append(warning)


def _live(ws: Workspace, view: Snapshot, key: str, digests: bool) -> PartSource:
    return PartSource(key, ws.source(key).collection, lambda: view.read(key), view.count(key), view.options(key),
                   view.indexes(key), digests=digests)


def _given(ws: Workspace, key: str, batches: Iterable[Batch], like: BackupSet | None) -> PartSource:
    part = like.parts.get(key) if like else None
    name = part.collection if part else ws.source(key).collection
    if part is None:
        return PartSource(key, name, lambda: batches)
    return PartSource(key, name, lambda: batches, part.records, part.options, part.indexes)


def _keep_mark(ws: Workspace, backup: BackupSet, filled: _Filled, beside: Sequence[BackupSet]) -> list[str]:
    """Note where a set stands in the change stream: for those that rest on it, and to tell what changed since."""
    if filled.mark is None or backup.trigger in NEVER_BASE:
        return []
    owner = lookup.seen(ws)

    def is_over(label: str) -> bool:
        known = next((known for known in reversed(beside) if known.label == label), None)
        return known is None or (owner.may_restore(known) and known != filled.base)

    try:
        resume_tokens.keep(ws.storage, backup, filled.mark, may_go=is_over)
    except BackupError as problem:
        return [f"the next differential backup has to read everything: {problem}"]
    return []
