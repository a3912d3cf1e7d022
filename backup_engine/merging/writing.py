"""Writing what a plan decided, over exactly what the plan has seen, and making sure that it lasts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pymongo.collection import Collection

from backup_engine import failpoints
from backup_engine.errors import BackupError, Cancelled, DatabaseUnreachable, RestoreIncomplete, RestoreStopped
from backup_engine.locking.locks import Hold
from backup_engine.merging.outcome import Merged, Outcome
from backup_engine.model import Watch
from backup_engine.mongo import guarded
from backup_engine.mongo.elections import election_id
from backup_engine.records.changes import Applied, Change
from backup_engine.records.planner import Planned, field_changes
from backup_engine.records.spool import Spool
from backup_engine.workspace import Workspace

__all__ = ["write"]

_HINT = "Merge again to finish, or use Undo."


def write(ws: Workspace, held: Hold, merged: Merged, watch: Watch, *, earlier: int) -> None:
    """Write one collection; ``earlier`` records of others have been merged before."""
    collection: Collection[dict[str, Any]] = held.need_database()[ws.source(merged.plan.key).collection]
    changes = merged.plan.changes
    wanted = iter(changes)

    def committed(_: object, batch: list[Applied]) -> None:
        held.check()  # before the commit of each transaction: a host that stood still writes nothing more

    began = election_id(collection.database) if held.capabilities.transactions else ""
    # Past the validator where it refuses a record: those of the backup may be older than it.
    applied = guarded.apply_each(
        collection, _changes(changes), also=committed, bypass_validation=True, watch=watch, total=len(changes)
    )
    try:
        for number, result in enumerate(applied, 1):
            _note(merged, next(wanted), result)
            if number % 1000 == 0:  # a transaction's worth
                failpoints.reach("M3")
    except BackupError as error:
        raise _interrupted(held, earlier + merged.inserted + merged.updated, error) from error
    if held.capabilities.transactions:
        _require_lasting(collection, merged, began)


def _require_lasting(collection: Collection[dict[str, Any]], merged: Merged, began: str) -> None:
    """Look again after a change of primary. Raises ``RestoreIncomplete`` when changes are gone, or nobody answers."""
    try:
        if began and began == election_id(collection.database):
            return
        written = (planned.change for planned, outcome in zip(merged.plan.changes, merged.report, strict=True)
                   if planned.change is not None and outcome.status in ("inserted", "updated"))
        lost = guarded.taken_back(collection, written)
    except BackupError as error:
        raise RestoreIncomplete(f"whether the merge outlasted a change of primary is not known: {error.message}",
                                hint=_HINT) from error
    if lost:
        raise RestoreIncomplete(
            f"the primary changed, and {lost:,} of {merged.inserted + merged.updated:,} merged records are again as "
            "they were before", hint=_HINT)


def _changes(changes: Spool[Planned]) -> Iterator[Change]:
    return (planned.change for planned in changes if planned.change is not None)


def _note(merged: Merged, planned: Planned, applied: Applied) -> None:
    merged.counts[applied.status] += 1
    fields = planned.fields
    if applied.status == "conflict":
        fields = tuple(field_changes(applied.current, applied.change.after))
    merged.report.append(Outcome(planned.identity, applied.status, fields, applied.why))


def _interrupted(held: Hold, done: int, error: BackupError) -> BackupError:
    """Say whether something was changed. An answer lost with the connection may have been a success."""
    certain = held.capabilities.transactions and not isinstance(error, DatabaseUnreachable)
    if isinstance(error, Cancelled):
        return Cancelled(f"{done:,} records were merged before", hint=_HINT) if done else error
    if not done and certain:
        return RestoreStopped(error.message, hint=error.hint)
    return RestoreIncomplete(f"{done:,} records were merged, then: {error.message}", hint=_HINT)
