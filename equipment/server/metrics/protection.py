"""Who keeps the schedule, what is on, how continuous protection goes, and what became of what was done."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any
from weakref import WeakKeyDictionary

from backup_engine import api
from equipment.backups import Backups
from equipment.server.metrics.samples import Sample, Spread
from equipment.server.metrics.view import View

__all__ = ["at_risk", "operations", "read"]

_glances: WeakKeyDictionary[Backups, api.Glance] = WeakKeyDictionary()


def read(view: View) -> Iterator[Sample]:
    """Tell what the process and its notes know."""
    scheduler, storage = view.backups.scheduler, view.workspace.storage
    chosen, standby = scheduler.preferences, view.owner.standby
    if standby is not None or not view.owner.guessed:
        yield Sample("standing_by", standby is not None)
    yield Sample("schedule_leader", scheduler.leader.leads and standby is None)
    yield Sample("schedule_kept", bool(scheduler.leader.words))
    yield Sample("automatic_backups", chosen.automatic and standby is None)
    yield Sample("backup_interval_seconds", chosen.backups.gap(view.backups.now()).total_seconds())
    yield Sample("continuous_protection", chosen.continuous and chosen.automatic and standby is None)
    noted = api.protection(storage)
    if chosen.continuous:
        yield Sample("continuous_protection_up", not noted.trouble)
    yield Sample("continuous_holes", len(noted.holes))
    if noted.holes:
        yield Sample("continuous_hole_age_seconds", noted.holes[-1].until)
    drilled = api.last_drill(view.workspace)
    if drilled is not None:
        yield Sample("drill_age_seconds", drilled)
    for operation, failed in _failed(view, drilled).items():
        yield Sample("last_run_failed", failed, (operation,))


def operations(backups: Backups) -> Iterator[Sample]:
    """Tell what this process did; nothing is read for it."""
    for kind, tally in backups.engine.workspace.runs.tallies().items():
        for outcome, count in tally.ended.items():
            yield Sample("operations", count, (kind, outcome))
        spread = Spread(api.RUN_BOUNDS, tally.within, tally.seconds)
        yield Sample("operation_duration_seconds", spread, (kind,))


def at_risk(view: View, database: Any) -> Iterator[Sample]:
    """Tell what no backup has yet, from the change stream; nothing where that does not say.

    Raises ``DatabaseUnreachable``.
    """
    glance = _glances.setdefault(view.backups, api.Glance(view.workspace))
    loss = glance.loss(database)
    if loss is None:
        return
    yield Sample("at_risk_changes", loss.changes)
    if loss.seconds is not None or not loss.changes:
        yield Sample("at_risk_seconds", loss.seconds or 0)


def _failed(view: View, drilled: datetime | None) -> dict[str, bool]:
    """Whether the last of each kind failed: what happened last decides, in this process or by the notes of others; of
    two at the same moment the one that went well."""
    ends: dict[str, list[tuple[datetime, bool]]] = {
        kind: [(moment, outcome == "done") for outcome, moment in tally.latest.items() if outcome in ("done", "failed")]
        for kind, tally in view.workspace.runs.tallies().items()}
    checks = [check for check in view.backups.scheduler.checks() if check.result != "not needed"]
    ends["backup"] += [(check.last, check.result == "created") for check in checks[:1]]
    # a drill notes when it began, and what it has proven when it ended
    tried = api.last_round(view.workspace.storage, "drill")
    ends["drill"] += [(moment, fine) for moment, fine in ((drilled, True), (tried, False)) if moment is not None]
    answers = {kind: not max(moments)[1] for kind, moments in ends.items() if moments}
    troubled = any(standing.state == "trouble" for standing in view.standings)
    return {**answers, "upload": troubled}
