"""Make a backup set: W0 to W10 of the commit protocol.

W0 due, asked without locks · W1 locks, due asked again · W2 clear up, room, number, label, intent · W3 one instant of
all collections · W4–W6 stream the files under temporary names and sync them · W7 read back and compare · W8 final
names · W9 metadata = commit · W10 second copy, intent away, retention. Whatever goes wrong before W9 leaves the folder
as it was; whatever goes wrong after it is a warning.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from backup_engine import prune
from backup_engine.errors import BackupError, DatabaseUnreachable
from backup_engine.failpoints import reach
from backup_engine.locking.locks import Hold, hold
from backup_engine.making import resume_tokens
from backup_engine.making.differential import base_for, contents_since, will_be_base
from backup_engine.making.parts import Content, read_back_all, write_all
from backup_engine.making.resume_tokens import Mark
from backup_engine.making.run import Origin, Run, running
from backup_engine.making.self_test import self_test
from backup_engine.model import SILENT, BackupSet, Batch, Kind, Trigger, Watch
from backup_engine.mongo import snapshot
from backup_engine.mongo.snapshot import Snapshot, SnapshotChanged, SnapshotTooOld
from backup_engine.policy.due import check_interval, due
from backup_engine.repository import intents
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


def create(
    ws: Workspace, *, trigger: Trigger = "manual", interval_hours: float = 1.0, force: bool = False,
    kind: Kind | Literal["auto"] = "auto", watch: Watch = SILENT,
) -> Created:
    """Make a backup if one is due; ``force`` makes it anyway.

    ``kind="auto"`` makes the first set of a local day full, and later ones differential where that pays.
    Raises ``BadInput`` for the interval, ``Busy``, ``DatabaseUnreachable``, ``NoSpace``, ``PermissionDenied``.
    """
    interval = check_interval(interval_hours)
    if not force and (enough := _not_needed(ws, interval, fresh=False)):
        return enough
    reach("W0")
    self_test()
    with hold(ws, "backup") as held:
        if not force and (enough := _not_needed(ws, interval, fresh=True)):
            return enough
        reach("W1")
        _settle_crashed_restores(ws, held)
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
    with running(ws, hold, trigger, 1.0) as run:
        run.warnings += warnings
        reach("W3")
        write_all(run, contents, watch)
        reach("W6")
        read_back_all(run, watch)
        reach("W7")
        run.publish()
        backup = run.commit(Origin(), pinned=pinned)
    run.finish(backup)
    reach("W10")
    return backup


def recover(ws: Workspace, hold: Hold) -> list[str]:
    """Remove what crashed runs left in the folder, exactly as their intent files name it; says what was done."""
    return intents.recover(ws.storage)


def _settle_crashed_restores(ws: Workspace, held: Hold) -> None:
    from backup_engine.replacing.recovery import recover_database  # it makes sets itself, with this module

    recover_database(ws, held)


def _not_needed(ws: Workspace, interval: float, *, fresh: bool) -> Created | None:
    last = ws.catalog.last(fresh=fresh)
    answer = due(last.started if last else None, ws.clock(), interval)
    return None if answer.is_due else Created(None, f"Backup not needed. {answer.why}")


def _write_set(
    ws: Workspace, hold: Hold, trigger: Trigger, kind: Kind | Literal["auto"], interval: float, watch: Watch
) -> tuple[BackupSet, list[str]]:
    with running(ws, hold, trigger, interval) as run:
        base = None if kind == "full" else base_for(ws, hold, run.started, wanted=kind == "differential")
        instant = _read_one_instant(run, base, watch)
        reach("W7")
        run.publish()
        backup = run.commit(instant.origin, *instant.kind)
    problems = run.finish(backup) + _tidy(ws, hold, backup, instant.mark)
    reach("W10")
    return backup, problems


@dataclass(frozen=True)
class _Instant:
    """What is known of the snapshot that was written."""

    origin: Origin
    base: BackupSet | None
    mark: Mark | None

    @property
    def kind(self) -> tuple[Kind, str | None]:
        return ("differential", self.base.backup_id) if self.base else ("full", None)


def _read_one_instant(run: Run, base: BackupSet | None, watch: Watch) -> _Instant:
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
            time.sleep(_BACK_OFF_SECONDS * (attempt + isinstance(problem, DatabaseUnreachable)))
    raise AssertionError("unreachable")


def _try_one_instant(run: Run, base: BackupSet | None, watch: Watch, plain: bool) -> _Instant:
    ws, database, facts = run.ws, run.hold.need_database(), run.hold.capabilities
    token = resume_tokens.take(database, ws.sources) if facts.change_streams else None
    with snapshot.take(database, ws.sources, facts, plain=plain) as view:
        reach("W3")
        _say_how_consistent(run, view)
        contents = contents_since(ws, view, run.hold, base, watch) if base else None
        if contents is None:
            noted = will_be_base(ws, run.trigger, sum(view.count(source.key) for source in ws.sources))
            base, contents = None, [_live(ws, view, source.key, noted) for source in ws.sources]
        write_all(run, contents, watch)
        view.changed()
        reach("W6")
        read_back_all(run, watch)
        origin = Origin(database.name, facts.version, facts.topology, view.consistency)
        uuids = {source.key: (view.uuid(source.key) or b"").hex() for source in ws.sources}
    return _Instant(origin, base, Mark(token, uuids) if token and base is None else None)


def _say_how_consistent(run: Run, view: Snapshot) -> None:
    why = "it took longer than the server's snapshot window" if view.capabilities.snapshot_reads else (
        f"server: {view.capabilities.topology}")
    warning = f"read without a common instant of all collections ({why})"
    if view.consistency == "none" and warning not in run.warnings:
        run.warnings.append(warning)


def _live(ws: Workspace, view: Snapshot, key: str, digests: bool) -> Content:
    return Content(key, ws.source(key).collection, lambda: view.read(key), view.count(key), view.options(key),
                   view.indexes(key), digests=digests)


def _given(ws: Workspace, key: str, batches: Iterable[Batch], like: BackupSet | None) -> Content:
    part = like.parts.get(key) if like else None
    name = part.collection if part else ws.source(key).collection
    if part is None:
        return Content(key, name, lambda: batches)
    return Content(key, name, lambda: batches, part.records, part.options, part.indexes)


def _tidy(ws: Workspace, hold: Hold, backup: BackupSet, mark: Mark | None) -> list[str]:
    """W10, what is not vital: the set is committed, so a fault here is said and not raised."""
    if backup.trigger == "pre_restore":
        return []  # retention could take the very set that is about to be restored
    problems = []
    try:
        if mark is not None:
            resume_tokens.keep(ws.storage, backup, mark)
        pruned = prune.prune(ws, hold=hold)
        problems += [pruned.halted] if pruned.halted else []
    except BackupError as problem:
        problems.append(f"old backups were not cleared away: {problem}")
    return problems


def _created(backup: BackupSet, after: list[str]) -> Created:
    counts = ", ".join(f"{part.records:,} in {part.collection}" for part in backup.parts.values())
    warnings = (*backup.warnings, *after)
    if after:
        return Created(backup, f"Backup created, but {'; '.join(after)} ({counts})", warnings)
    return Created(backup, f"Backup created successfully: {counts}", warnings)

