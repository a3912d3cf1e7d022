"""Make a backup set when one is due.

W0 due, asked without locks · W1 locks, due asked again, crashed restores settled · W2 to W10 as in
``making.write_set`` · then retention. Whatever goes wrong before the commit (W9) leaves the folder as it was; whatever
goes wrong after it is a warning.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Literal

from backup_engine import offsite, prune
from backup_engine.deeds import told
from backup_engine.errors import BackupError
from backup_engine.failpoints import reach
from backup_engine.locking.locks import Hold, hold
from backup_engine.making.self_test import self_test
from backup_engine.making.write_set import Made, after_commit, write_live
from backup_engine.model import SILENT, BackupSet, Kind, Trigger, Watch
from backup_engine.ownership import lookup
from backup_engine.ownership.owner import Owner
from backup_engine.ownership.settling import settle
from backup_engine.policy.due import Due, check_interval
from backup_engine.policy.schedule import Schedule
from backup_engine.replacing.recovery import recover_database
from backup_engine.workspace import Workspace

__all__ = ["Created", "create", "is_due"]

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Created:
    """What came of asking for a backup. ``set`` is None when none was needed."""

    set: BackupSet | None
    message: str
    warnings: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()
    """What went wrong once the set was there."""

    def but(self, problems: Iterable[str]) -> Created:
        """The same with what went wrong afterwards; where no set was made there is nothing to add to."""
        more = tuple(problems)
        return self if self.set is None or not more else _created(self.set, (*self.problems, *more))

    @property
    def deed(self) -> str:
        """What was done; nothing when none was needed, nor of one every minute."""
        return self.message if self.set is not None and self.set.trigger != "continuous" else ""


@told("backup.create")
def create(
    ws: Workspace, *, trigger: Trigger = "manual", interval_hours: float = 1.0, force: bool = False,
    kind: Kind | Literal["auto"] = "auto", schedule: Schedule | None = None, remotes: bool = True,
    warnings: tuple[str, ...] = (), watch: Watch = SILENT,
) -> Created:
    """Make a backup if one is due; ``force`` makes it anyway. ``remotes`` says with it what is wrong with them.

    A ``schedule`` decides in place of the interval. ``kind="auto"`` makes the first set of a local day full, and later
    ones differential where that pays. ``warnings`` are said in the set. Continuously none is made while a question is
    open or a recovered copy stands by.
    Raises ``BadInput`` for the interval, ``Busy``, ``ChoiceNeeded``, ``DatabaseUnreachable``, ``NoSpace``,
    ``PermissionDenied``.
    """
    schedule = schedule or Schedule(check_interval(interval_hours))
    # Without locks, so that nobody waits for a running backup; once read, from folder times alone: 0.1 ms.
    if not force and (enough := _not_needed(ws, ws.remembered.owner or lookup.ask(ws), schedule, fresh=False)):
        return enough
    reach("W0")
    self_test()
    made: Made | None = None
    retention = ""
    try:
        with hold(ws, "backup") as held:
            owner = settle(ws, held)
            if trigger == "continuous" and (waits := _waits(owner)):
                return Created(None, waits)
            # Whoever held the locks until now may have made it: two tabs or two hosts make one set.
            if not force and (enough := _not_needed(ws, owner, schedule, fresh=True)):
                return enough
            reach("W1")
            recover_database(ws, held)  # before anything is read: a crash may have swapped one collection of two
            made = write_live(ws, held, trigger=trigger, kind="full" if owner.question else kind,
                              interval_hours=schedule.gap(ws.clock()) / timedelta(hours=1), warnings=warnings,
                              watch=watch)
            retention = _prune(ws, held, made)
            if remotes:
                made = replace(made, problems=(*made.problems, *_remotes(ws)))
    except Exception as problem:
        if made is None:
            raise
        log.exception("after the commit of %s", made.set.label)  # retention, or giving the locks back
        made = replace(made, problems=(*made.problems, after_commit(problem)))
    return _created(made.set, (*made.problems, *([retention] if retention else [])))


def _waits(owner: Owner) -> str:
    if owner.standby is not None:
        return owner.standby.refusal.message
    return owner.question.words if owner.question is not None else ""


def is_due(ws: Workspace, owner: Owner, schedule: Schedule, *, fresh: bool = True) -> Due:
    """Say whether a backup is due, from the sets in the folder; not ``fresh``, for page loads, as last seen there."""
    now = ws.clock()
    last = ws.catalog.last(owner.owns, fresh=fresh)
    if last is not None and not schedule.counts(last.started, now):
        last = ws.catalog.last(lambda backup: owner.owns(backup) and schedule.counts(backup.started, now), fresh=fresh)
    return schedule.due(last.started if last else None, now)


def _not_needed(ws: Workspace, owner: Owner, schedule: Schedule, *, fresh: bool) -> Created | None:
    answer = is_due(ws, owner, schedule, fresh=fresh)
    return None if answer.is_due else Created(None, f"Backup not needed. {answer.why}")


def _prune(ws: Workspace, held: Hold, made: Made) -> str:
    """Retention is not vital to a set that is committed: a fault here is said and not raised."""
    try:
        return prune.after_backup(ws, held, [*made.beside, made.set])
    except BackupError as problem:
        return f"old backups were not cleared away: {problem}"


def _remotes(ws: Workspace) -> list[str]:
    """What is wrong with places off this machine: said with the set, which is made all the same."""
    try:
        return offsite.troubles(ws)
    except BackupError as problem:
        return [f"how the remotes stand is not known: {problem}"]


def _created(made: BackupSet, after: tuple[str, ...]) -> Created:
    counts = ", ".join(f"{part.records:,} in {part.collection}" for part in made.parts.values())
    words = f"Backup created, but {'; '.join(after)} ({counts})" if after else f"Backup created successfully: {counts}"
    return Created(made, words, (*made.warnings, *after), after)
