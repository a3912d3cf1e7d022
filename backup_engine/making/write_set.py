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
from backup_engine.making.companion import Companion, beside
from backup_engine.making.differential import Changes, base_for, over
from backup_engine.making.parts import PartSource, read_back_all, write_all
from backup_engine.making.reading import Filled, contents_of, filled, keep_mark, say_what_is_odd, token_of
from backup_engine.making.run import Run, running
from backup_engine.model import SILENT, BackupSet, Batch, Kind, Trigger, Watch
from backup_engine.mongo import snapshot
from backup_engine.mongo.snapshot import Snapshot, SnapshotChanged, SnapshotTooOld
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


def write_live(
    ws: Workspace, hold: Hold, *, trigger: Trigger, kind: Kind | Literal["auto"] = "full", interval_hours: float = 1.0,
    warnings: tuple[str, ...] = (), watch: Watch = SILENT,
) -> Made:
    """Make a set of the live collections under locks that the caller holds.

    ``kind="auto"`` makes it differential where a full set of the same local day is there and that pays.
    """

    def fill(run: Run, companion: Companion) -> Filled:
        run.warnings += warnings
        base = None if kind == "full" else base_for(
            run.ws, hold, run.started, run.beside, wanted=kind == "differential")
        return _read_one_instant(run, base, companion, watch)

    # a safety set is of the list that a restore is about to change
    own = None if trigger == "pre_restore" else kind
    return _write(ws, hold, fill, trigger=trigger, interval_hours=interval_hours, own=own)


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

    def fill(run: Run, _: Companion) -> Filled:
        run.warnings += warnings
        reach("W3")
        _stream(run, [_given(ws, key, batches, like) for key, batches in documents.items()], watch)
        return Filled(origin or Origin())

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

    def fill(run: Run, _: Companion) -> Filled:
        reach("W3")
        _stream(run, contents, watch)
        return Filled(Origin.of(base), base)

    return _write(ws, hold, fill, trigger=trigger).set


def _write(
    ws: Workspace, hold: Hold, fill: Callable[[Run, Companion], Filled], *, trigger: Trigger,
    interval_hours: float = 1.0, pinned: bool = False, own: Kind | Literal["auto"] | None = None,
) -> Made:
    """W2 to W10; ``own`` is the kind of the set of the application's own data that is made with it, if any."""
    with running(ws, hold, trigger, interval_hours) as run, beside(run, own) as companion:
        done = fill(run, companion)
        reach("W7")
        run.publish()
        companion.commit()  # before the list's: a set that names another one finds it there
        backup = run.commit(done.origin, *done.kind, pinned=pinned)
    # outside of running: a fault from here on must not take away what is committed
    problems = run.finish(backup)
    try:
        problems += keep_mark(ws, backup, done, run.beside)
        problems += companion.finish()
        reach("W10")
    except Exception as problem:  # whatever it is, the set is there
        log.exception("after the commit of %s", backup.label)
        problems.append(after_commit(problem))
    return Made(backup, tuple(problems), run.beside)


def after_commit(problem: Exception) -> str:
    """Say what went wrong once the set was committed."""
    return f"then: {problem}" if isinstance(problem, BackupError) else f"then a fault came ({type(problem).__name__})"


def _stream(run: Run, contents: Iterable[PartSource], watch: Watch) -> None:
    """W4 to W7."""
    write_all(run, contents, watch)
    reach("W6")
    read_back_all(run, watch)  # before W8: what does not read back never gets a name


def _read_one_instant(run: Run, base: BackupSet | None, companion: Companion, watch: Watch) -> Filled:
    """W3 to W7, again from the start when the collections changed under the snapshot or the server went away.

    A list too long to be read within the server's snapshot window is read plainly: a set that says so is better than
    none.
    """
    plain = False
    for attempt in range(TRIES):
        last = attempt == TRIES - 1
        try:
            return _try_one_instant(run, base, companion, watch, plain=plain, last=last)
        except (SnapshotChanged, DatabaseUnreachable) as problem:
            if last:
                raise
            plain = plain or isinstance(problem, SnapshotTooOld)
            watch.step(f"{problem.opening}; starting again")
            # changed collections can be read again at once; a server that went away needs a moment the first time, too
            time.sleep(_BACK_OFF_SECONDS * (attempt + isinstance(problem, DatabaseUnreachable)))
    raise AssertionError("unreachable")


def _try_one_instant(
    run: Run, base: BackupSet | None, companion: Companion, watch: Watch, *, plain: bool, last: bool
) -> Filled:
    ws, database, facts = run.ws, run.hold.need_database(), run.hold.capabilities
    token = token_of(run)
    companion.about_to_read()
    with snapshot.take(database, ws.sources, facts, plain=plain, beside=companion.sources) as view:
        reach("W3")
        _say_how_consistent(run, view)
        say_what_is_odd(run, view)
        base, contents = contents_of(run, view, base, watch)
        write_all(run, contents, watch)
        # only when all was read: a collection that is dropped meanwhile reads as empty, without any error
        view.changed([source.key for source in ws.sources])
        # the list first: what is left of the server's snapshot window is for the application's own data
        companion.read(view, watch, patient=not last)
        done = filled(run, view, base, token)
    reach("W6")
    read_back_all(run, watch)  # before W8: what does not read back never gets a name
    companion.read_back(watch)
    return done


def _say_how_consistent(run: Run, view: Snapshot) -> None:
    warning = f"read without a common instant of all collections ({view.why_plain})"
    if view.consistency == "none" and warning not in run.warnings:
        run.warnings.append(warning)


def _given(ws: Workspace, key: str, batches: Iterable[Batch], like: BackupSet | None) -> PartSource:
    part = like.parts.get(key) if like else None
    name = part.collection if part else ws.source(key).collection
    if part is None:
        return PartSource(key, name, lambda: batches)
    return PartSource(key, name, lambda: batches, part.records, part.options, part.indexes)
