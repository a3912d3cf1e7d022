"""What a run takes from one instant of the database: whole collections, or what differs from a full set."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from backup_engine.errors import BackupError
from backup_engine.making import digests, resume_tokens, reuse
from backup_engine.making.differential import contents_since
from backup_engine.making.digests import NEVER_BASE
from backup_engine.making.parts import PartSource
from backup_engine.making.resume_tokens import Mark
from backup_engine.making.run import Run
from backup_engine.model import BackupSet, Kind, Watch
from backup_engine.mongo.snapshot import Snapshot
from backup_engine.ownership import lookup
from backup_engine.repository.manifest import Origin
from backup_engine.workspace import Workspace

__all__ = ["Filled", "contents_of", "filled", "keep_mark", "say_what_is_odd", "token_of"]

Token = Mapping[str, Any]


@dataclass(frozen=True)
class Filled:
    """What is known of the documents once they lie in the run's files."""

    origin: Origin
    base: BackupSet | None = None
    mark: Mark | None = None

    @property
    def kind(self) -> tuple[Kind, str | None]:
        """Kind and base for the metadata."""
        return ("differential", self.base.backup_id) if self.base else ("full", None)


def token_of(run: Run) -> Token | None:
    """Take the place in the change stream, before the snapshot: an event seen twice does no harm, one missed would."""
    if not run.hold.capabilities.change_streams:
        return None
    return resume_tokens.take(run.hold.need_database(), run.ws.sources)


def contents_of(
    run: Run, view: Snapshot, base: BackupSet | None, watch: Watch
) -> tuple[BackupSet | None, list[PartSource]]:
    """Say what has to be written, and over which full set; none when the changes are too many or cannot be told."""
    ws = run.ws
    contents = contents_since(
        ws, view, run.hold, base, watch, compare=run.trigger != "continuous") if base else None
    if contents is not None:
        return base, contents
    noted = run.keyed and sum(view.count(source.key) for source in ws.sources) >= digests.WORTH_IT
    earlier = reuse.base_for(run) if noted else None
    return None, [_live(ws, view, source.key, noted, earlier) for source in ws.sources]


def filled(run: Run, view: Snapshot, base: BackupSet | None, token: Token | None) -> Filled:
    """Say where the documents came from."""
    facts, sources = run.hold.capabilities, run.ws.sources
    origin = Origin(run.hold.need_database().name, facts.version, facts.topology, view.consistency,
                    replica_set=facts.set_name)
    uuids = {source.key: (view.uuid(source.key) or b"").hex() for source in sources}
    # changes of a collection that is no ordinary one do not all come by in the stream
    followed = token and not any(view.kind(source.key) for source in sources)
    return Filled(origin, base, Mark(token, uuids) if followed and token else None)


def say_what_is_odd(run: Run, view: Snapshot) -> None:
    """A capped collection, a view, a time-series collection: all of it is saved, and less can be done with it."""
    for source in run.ws.sources:
        if (kind := view.kind(source.key)) is None:
            continue
        apart = "; it was read apart from the common instant of the others" if source.key in view.apart else ""
        warning = (f"{source.collection} is {kind.name}: all its records are saved, and a restore makes an ordinary "
                   f"collection of them once the name is free{apart}")
        if warning not in run.warnings:
            run.warnings.append(warning)


def keep_mark(ws: Workspace, backup: BackupSet, done: Filled, beside: Sequence[BackupSet]) -> list[str]:
    """Note where a set stands in the change stream: for those that rest on it, and to tell what changed since."""
    if done.mark is None or backup.trigger in NEVER_BASE:
        return []
    owner = lookup.seen(ws)

    def is_over(label: str) -> bool:
        known = next((known for known in reversed(beside) if known.label == label), None)
        return known is None or (owner.may_restore(known) and known != done.base)

    try:
        resume_tokens.keep(ws.storage, backup, done.mark, may_go=is_over)
    except BackupError as problem:
        return [f"the next differential backup has to read everything: {problem}"]
    return []


def _live(ws: Workspace, view: Snapshot, key: str, digests: bool, earlier: BackupSet | None) -> PartSource:
    # What is no ordinary collection may have one _id twice, in any order.
    reused = earlier if view.kind(key) is None else None
    return PartSource(key, ws.source(key).collection, lambda: view.read(key), view.count(key), view.options(key),
                      view.indexes(key), digests=digests, earlier=reused)
