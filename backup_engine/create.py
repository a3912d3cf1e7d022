"""Make a backup set: W0 to W10 of the commit protocol.

W0 due, asked without locks · W1 locks, due asked again · W2 clear up, room, number, label, intent · W3 one instant of
all collections · W4–W6 stream the files under temporary names and sync them · W7 read back and compare · W8 final
names · W9 metadata = commit · W10 second copy, intent away, retention. Whatever goes wrong before W9 leaves the folder
as it was; whatever goes wrong after it is a warning.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Literal

from backup_engine import intents, prune, reader, set_run, snapshot, writer
from backup_engine.errors import BackupError, DatabaseUnreachable, VerificationFailed
from backup_engine.failpoints import reach
from backup_engine.locks import Hold, hold
from backup_engine.model import SILENT, BackupSet, Batch, Kind, Trigger, Watch
from backup_engine.schedule import check_interval, due
from backup_engine.set_run import Origin, Run
from backup_engine.snapshot import Snapshot, SnapshotChanged
from backup_engine.workspace import Workspace

__all__ = ["Created", "create", "recover", "write_documents", "write_set"]

TRIES = 3
"""Snapshots to try before giving up on collections that keep changing, or a server that keeps going away."""
_BACK_OFF_SECONDS = 0.5


@dataclass(frozen=True)
class Created:
    """What came of asking for a backup. ``set`` is None when none was needed."""

    set: BackupSet | None
    message: str
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True)
class Content:
    """One collection to be written: its documents, ``repeatable`` if they can be asked for twice, and its make-up."""

    key: str
    collection: str
    documents: Callable[[], Iterable[Batch]]
    expected: int | None = None
    options: Mapping[str, Any] | None = None
    indexes: tuple[Mapping[str, Any], ...] = ()
    repeatable: bool = True


def create(
    ws: Workspace, *, trigger: Trigger = "manual", interval_hours: float = 1.0, force: bool = False,
    kind: Kind | Literal["auto"] = "auto", watch: Watch = SILENT,
) -> Created:
    """Make a backup if one is due; ``force`` makes it anyway.

    ``kind="auto"`` makes the first set of a local day full, and later ones differential where that pays.
    Raises ``BadInput`` for the interval, ``Busy``, ``DatabaseUnreachable``, ``NoSpace``, ``PermissionDenied``.
    """
    interval = check_interval(interval_hours)
    if not force and (enough := _not_needed(ws, interval)):
        return enough
    reach("W0")
    with hold(ws, "backup") as held:
        if not force and (enough := _not_needed(ws, interval)):
            return enough
        reach("W1")
        backup, after = _write_set(ws, held, trigger, kind, interval, watch)
    return _created(backup, after)


def write_set(
    ws: Workspace, hold: Hold, *, trigger: Trigger, kind: Kind | Literal["auto"] = "full",
    interval_hours: float = 1.0, watch: Watch = SILENT,
) -> BackupSet:
    """Make a set under locks that the caller holds: W2 to W10. A restore makes its safety set with this."""
    return _write_set(ws, hold, trigger, kind, interval_hours, watch)[0]


def write_documents(
    ws: Workspace, hold: Hold, documents: Mapping[str, Iterable[Batch]], *, trigger: Trigger = "imported",
    pinned: bool = True, like: BackupSet | None = None, warnings: tuple[str, ...] = (), watch: Watch = SILENT,
) -> BackupSet:
    """Make a full set of documents that do not come from the database: salvaged or imported ones.

    ``documents`` by collection key; ``like`` gives the collection options and indexes to carry over.
    """
    contents = [_given(ws, key, batches, like) for key, batches in documents.items()]
    with _run(ws, hold, trigger, 1.0) as run:
        run.warnings += warnings
        reach("W3")
        _write_all(run, contents, watch)
        reach("W6")
        _read_back_all(run, contents, watch)
        reach("W7")
        run.publish()
        backup = run.commit(Origin(), pinned=pinned)
    run.finish(backup)
    reach("W10")
    return backup


def recover(ws: Workspace, hold: Hold) -> list[str]:
    """Remove what crashed runs left in the folder, exactly as their intent files name it; says what was done."""
    return intents.recover(ws.storage)


def _not_needed(ws: Workspace, interval: float) -> Created | None:
    last = ws.catalog.last()
    answer = due(last.started if last else None, ws.clock(), interval)
    return None if answer.is_due else Created(None, f"Backup not needed. {answer.why}")


def _write_set(
    ws: Workspace, hold: Hold, trigger: Trigger, kind: Kind | Literal["auto"], interval: float, watch: Watch
) -> tuple[BackupSet, list[str]]:
    with _run(ws, hold, trigger, interval) as run:
        origin = _read_one_instant(run, watch)
        reach("W7")
        run.publish()
        backup = run.commit(origin)
    run.finish(backup)
    problems = _tidy(ws, hold, trigger)
    reach("W10")
    return backup, problems


@contextmanager
def _run(ws: Workspace, hold: Hold, trigger: str, interval: float) -> Iterator[Run]:
    run = set_run.begin(ws, hold, trigger, interval)
    try:
        yield run
    except BaseException:
        run.abandon()
        raise


def _read_one_instant(run: Run, watch: Watch) -> Origin:
    """W3 to W7, again from the start when the collections changed under the snapshot or the server went away."""
    for attempt in range(TRIES):
        try:
            with snapshot.take(run.hold.need_database(), run.ws.sources, run.hold.capabilities) as view:
                reach("W3")
                _say_how_consistent(run, view)
                contents = [_live(run.ws, view, source.key) for source in run.ws.sources]
                _write_all(run, contents, watch)
                view.changed()
                reach("W6")
                _read_back_all(run, contents, watch)
                return _origin(run.hold, view)
        except (SnapshotChanged, DatabaseUnreachable) as problem:
            if attempt == TRIES - 1:
                raise
            watch.step(f"{problem.opening}; starting again")
            time.sleep(_BACK_OFF_SECONDS * attempt if isinstance(problem, SnapshotChanged) else _BACK_OFF_SECONDS)
    raise AssertionError("unreachable")


def _say_how_consistent(run: Run, view: Snapshot) -> None:
    warning = f"read without a common instant of all collections: this is a {view.capabilities.topology} server"
    if view.consistency == "none" and warning not in run.warnings:
        run.warnings.append(warning)


def _live(ws: Workspace, view: Snapshot, key: str) -> Content:
    return Content(key, ws.source(key).collection, lambda: view.read(key), view.count(key), view.options(key),
                   view.indexes(key))


def _given(ws: Workspace, key: str, batches: Iterable[Batch], like: BackupSet | None) -> Content:
    part = like.parts.get(key) if like else None
    name = part.collection if part else ws.source(key).collection
    return Content(key, name, lambda: batches, None, part.options if part else None, part.indexes if part else (),
                   repeatable=False)


def _write_all(run: Run, contents: Iterable[Content], watch: Watch) -> None:
    """W4 to W6: every collection into a temporary file, synced."""
    for step, content in enumerate(contents, start=4):
        _write(run, content, watch)
        reach(f"W{min(step, 5)}")


def _write(run: Run, content: Content, watch: Watch, force_bson: Collection[int] = ()) -> None:
    draft = run.draft(content.key)
    written = writer.write(
        content.documents(), draft, seal=run.ws.seal, workers=run.ws.workers, expected=content.expected,
        force_bson=force_bson, phase=f"Writing {content.collection}", watch=watch,
    )
    draft.sync()
    run.part(content.key, content.collection, written, options=content.options or {}, indexes=content.indexes)


def _read_back_all(run: Run, contents: Iterable[Content], watch: Watch) -> None:
    """W7: what lies on the disk must be what was read. Rows that are not are kept as ``bson``, once."""
    for content in contents:
        if _reads_back(run, content, watch):
            continue
        if content.repeatable:
            _write(run, content, watch, force_bson=_rows_that_differ(run, content))
        if not content.repeatable or not _reads_back(run, content, watch):
            raise VerificationFailed(f"{content.collection} does not read back as it was written")


def _reads_back(run: Run, content: Content, watch: Watch) -> bool:
    part = run.parts[content.key].as_file
    with run.drafts[content.key].reopen() as file:
        back = reader.read_back(
            file, part, seal=run.ws.seal, workers=run.ws.workers, phase=f"Checking {content.collection}", watch=watch
        )
    return back.matches(part)


def _rows_that_differ(run: Run, content: Content) -> list[int]:
    with run.drafts[content.key].reopen() as file:
        return reader.rows_that_differ(content.documents(), file, run.written[content.key], seal=run.ws.seal)


def _origin(hold: Hold, view: Snapshot) -> Origin:
    facts = hold.capabilities
    return Origin(hold.need_database().name, facts.version, facts.topology, view.consistency)


def _tidy(ws: Workspace, hold: Hold, trigger: Trigger) -> list[str]:
    """W10, retention: the set is committed, so a fault here is said and not raised."""
    try:
        pruned = prune.prune(ws, hold=hold)
    except BackupError as problem:
        return [f"old backups were not cleared away: {problem}"]
    return [pruned.halted] if pruned.halted else []


def _created(backup: BackupSet, after: list[str]) -> Created:
    counts = ", ".join(f"{part.records:,} in {part.collection}" for part in backup.parts.values())
    warnings = (*backup.warnings, *after)
    if after:
        return Created(backup, f"Backup created, but {'; '.join(after)} ({counts})", warnings)
    return Created(backup, f"Backup created successfully: {counts}", warnings)

