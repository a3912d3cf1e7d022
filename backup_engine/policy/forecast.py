"""When a kept set will have lost every reason to be kept, if backups go on being made: what retention deletes next.

The moment is the earliest one. It comes true when a good backup is made in each stretch of the tiers until then, with
the clock of the newest set's time zone as it stands now: a change to or from summer time in between moves it by that.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from backup_engine.model import BackupSet
from backup_engine.policy.retention import Decision
from backup_engine.policy.tiers import TIERS, Slot

__all__ = ["leaving", "next_to_go"]

PASSING = frozenset({"days", *(tier.name for tier in TIERS)})
"""Rules that let a set go by the mere passing of time. Others wait for a person, or for sets that do not exist yet."""


def leaving(decisions: Sequence[Decision], keep_days: int) -> dict[str, datetime]:
    """Give the moment after which each kept set may go, by ``BackupSet.place``; without those nobody can tell for."""
    moments = {decision.backup.place: moment for decision in decisions
               if decision.keep and PASSING.issuperset(decision.rules) and (moment := _moment(decision, keep_days))}
    for decision in decisions:
        if decision.keep and decision.rules == ("base",):
            resting = [moments.get(other.backup.place) for other in decisions
                       if other.keep and other.backup.base == decision.backup.backup_id]
            if resting and all(resting):
                moments[decision.backup.place] = max(moment for moment in resting if moment)
    return moments


def next_to_go(decisions: Sequence[Decision], moments: Mapping[str, datetime]) -> BackupSet | None:
    """Give the kept set that goes first; None where nobody can tell."""
    known = [decision.backup for decision in decisions if decision.backup.place in moments]
    return min(known, key=lambda backup: (moments[backup.place], backup.rank), default=None)


def _moment(decision: Decision, keep_days: int) -> datetime | None:
    newest = decision.newest
    if newest is None or not decision.rules:
        return None
    try:
        until = [_loses(slot, newest.local) for slot in decision.slots]
        if "days" in decision.rules:
            until.append(newest.local - decision.age + timedelta(days=keep_days))
    except (OverflowError, ValueError):  # beyond the year 9999
        return None
    return max(until)


def _loses(slot: Slot, newest: datetime) -> datetime:
    """When so many new stretches have begun that this one is not among the last ``of`` any more."""
    return slot.tier.begins(newest, slot.of - slot.number + 1)
