"""Proving without anybody asking: backups that nobody verified for a week, and a rehearsal of a restore.

Backups go first: a round of verification stops when one is due, and goes on at the next tick. Both work with what the
server has; what needs a key is compared by its stored bytes alone.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from backup_engine.deeds import told
from backup_engine.drill import drill
from backup_engine.errors import BackupError, Busy, Cancelled, VerificationFailed
from backup_engine.keys.proofs import needs_key
from backup_engine.model import SILENT, BackupSet, Watch
from backup_engine.ownership import lookup
from backup_engine.policy.schedule import Schedule
from backup_engine.repository import ledger
from backup_engine.scheduling import rounds
from backup_engine.verify import verify
from backup_engine.workspace import Workspace

__all__ = ["Verified", "rehearse_if_due", "unverified", "verify_if_due", "verify_round"]

log = logging.getLogger(__name__)
AFTER_A_FAILURE = timedelta(hours=1)
"""A drill that failed is not tried again at every tick: it writes the whole list once more, and fails alike."""


@dataclass(frozen=True)
class Verified:
    """What a round of verification came to."""

    sets: int
    finished: bool
    """Whether it came to its end, rather than to a backup that was due."""

    @property
    def message(self) -> str:
        """In words."""
        return f"{self.sets:,} backup{'' if self.sets == 1 else 's'} verified, all sound."

    @property
    def deed(self) -> str:
        """What is worth a line in the log: not the days on which there was nothing to do."""
        return self.message if self.sets else ""


def verify_if_due(
    ws: Workspace, schedule: Schedule, *, interrupted: Callable[[], bool] = lambda: False, watch: Watch = SILENT
) -> Verified | None:
    """Do the round when its time has come; None when it has not. Raises ``VerificationFailed`` naming what is damaged.
    """
    if not schedule.due(rounds.last(ws.storage, "verify"), ws.clock()).is_due:
        return None
    begun = ws.clock()
    try:
        result = verify_round(ws, interrupted=interrupted, watch=watch)
    except VerificationFailed:
        rounds.done(ws.storage, "verify", begun)
        raise
    if result.finished:
        rounds.done(ws.storage, "verify", begun)
    return result


@told("backup.verify")
def verify_round(
    ws: Workspace, *, interrupted: Callable[[], bool] = lambda: False, watch: Watch = SILENT
) -> Verified:
    """Compare the stored bytes of every set that nobody verified for 7 days, oldest first, until ``interrupted``."""
    damaged, count = list[str](), 0
    for backup in unverified(ws):
        if interrupted():
            return Verified(count, False)
        outcome = verify(ws, backup, 1, watch=watch)
        count += 1
        if not outcome.ok:
            damaged.append(outcome.message)
    if damaged:
        more = f" … and {len(damaged) - 3:,} more" if len(damaged) > 3 else ""
        raise VerificationFailed(f"{len(damaged):,} of {count:,} backups are damaged: {'; '.join(damaged[:3])}{more}")
    return Verified(count, True)


def unverified(ws: Workspace) -> list[BackupSet]:
    """Give this database's sets of which nobody knows for 7 days that they are sound, oldest first.

    Each was read back when it was made, so a young one without a verification is not among them; one that was found
    damaged is, so that it is said again until somebody does something about it.
    """
    owner, now, checks = lookup.seen(ws), ws.clock(), ledger.read(ws.storage)
    return [backup for backup in ws.catalog.sets() if owner.owns(backup) and backup.state in ("complete", "damaged")
            and ledger.is_due(checks.get(backup.backup_id) or ledger.Check(0, True, backup.started), now)]


def rehearse_if_due(ws: Workspace, schedule: Schedule | None, *, watch: Watch = SILENT) -> None:
    """Restore the newest good set into scratch collections when the time has come. Raises what ``drill`` raises."""
    newest = ws.catalog.newest_good(lookup.seen(ws).owns)
    room = ws.look_at_room()
    if schedule is None or newest is None or (room is not None and room.short):  # it writes every record once more
        return
    now, tried = ws.clock(), rounds.last(ws.storage, "drill")
    if not _drill_due(schedule, ledger.last_drill(ws), tried, now):
        return
    if needs_key(ws, newest):
        # nobody is here to give it: what can be said without it is that the stored bytes are those written
        if ledger.is_due(ledger.read(ws.storage).get(newest.backup_id), now):
            log.info("a restore drill needs the key: %s", verify(ws, newest, 1, watch=watch).message)
        return
    try:
        drill(ws, newest, watch=watch)
    except (Busy, Cancelled):  # nothing was found out
        raise
    except BackupError:
        rounds.done(ws.storage, "drill", now)
        raise
    rounds.done(ws.storage, "drill", now)


def _drill_due(schedule: Schedule, proven: datetime | None, tried: datetime | None, now: datetime) -> bool:
    if tried is not None and timedelta(0) <= now - tried < AFTER_A_FAILURE:
        return False
    last = proven if schedule.cron is None else max(filter(None, (proven, tried)), default=None)
    return schedule.due(last, now).is_due
