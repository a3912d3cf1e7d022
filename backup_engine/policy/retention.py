"""Which sets may go: pure rules over a list of sets and a moment.

Age is measured from the newest good set, not from now, so that an installation that was off for a month loses
nothing by being switched on. Only a complete set older than ``keep_days`` that no tier keeps (``tiers``) may go, or one
of several that continuous protection made in the same minutes (``minutes``), and never:

* the newest good set, the last three good ones, the newest good one in which a collection is not empty,
* a pinned set, the latest safety set of a restore with everything that rests on it, a full set under a kept
  differential,
* a set dated in the future, damaged, of the original system or of a newer format.

Nothing goes at all while the clock looks wrong, or after a collection has shrunk by more than half, until an admin
acknowledges it.

*Good* is a complete set made by a backup (not a safety set, not an import) that no verification has found bad.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise

from backup_engine.model import BackupSet
from backup_engine.policy import minutes, tiers as in_tiers
from backup_engine.policy.tiers import NO_TIERS, Slot, Tiers

__all__ = ["Decision", "any_old", "decide", "good_sets", "halted", "left_behind"]

TOLERANCE = timedelta(minutes=2)
"""Clocks may differ by this much without anybody calling them wrong."""

JUMP = timedelta(days=30)
"""Two neighbouring backups further apart than this look like a clock that was set, not like a holiday."""

NEIGHBOURS = 10
"""Sequence numbers this close belong to neighbouring backups: failed ones burn numbers, deleted sets leave holes."""

KEPT_GOOD = 3
THIN_AT = 10
"""Sets made continuously that wait to be thinned out before it is done: about every ten minutes, not every minute."""


@dataclass(frozen=True)
class Decision:
    """What happens to one set, and why in words."""

    backup: BackupSet
    keep: bool
    reason: str
    age: timedelta
    """How much older it is than the newest good set; negative when it is younger."""
    rules: tuple[str, ...] = ()
    """All that keeps it: ``protected`` whatever its age, ``days``, ``minutes`` of a set made continuously until those
    count, the names of tiers, ``base`` of a kept one."""
    slots: tuple[Slot, ...] = ()
    """Its places in the tiers."""
    newest: BackupSet | None = None
    """The set that ages are measured from."""


def good_sets(sets: Iterable[BackupSet], bad: Collection[str] = ()) -> list[BackupSet]:
    """List the good sets, oldest first."""
    made = (backup for backup in sets
            if backup.state == "complete" and backup.trigger not in ("pre_restore", "imported"))
    return sorted((backup for backup in made if backup.backup_id not in bad), key=lambda backup: backup.order)


def halted(sets: Sequence[BackupSet], now: datetime, *, acknowledged: int = 0, bad: Collection[str] = ()) -> str:
    """Say why nothing at all may be deleted, or give an empty string.

    ``acknowledged`` is the ``seq`` up to which an admin has accepted what is said here.
    """
    good = good_sets(sets, bad)
    if not good:
        return "there is no good backup to measure from"
    return _clock_behind(good[-1], now) or _clock_jumped(good, acknowledged) or _shrunk(good, acknowledged)


def decide(
    sets: Sequence[BackupSet], now: datetime, keep_days: int = 7, *, tiers: Tiers = NO_TIERS, bad: Collection[str] = ()
) -> list[Decision]:
    """Decide about every set, in the order given. Reads nothing and deletes nothing.

    ``bad`` holds the ``backup_id`` of sets a verification has found damaged. ``now`` is aware.
    """
    good = good_sets(sets, bad)
    protected = _protected(sets, good, now)
    ages = _ages(sets, good)
    thinned = minutes.thinned(good, dict(zip((backup.place for backup in sets), ages, strict=True)))
    # one dated in the future is kept for that, and its years would take the place of real ones
    slots = in_tiers.kept((backup for backup in good if backup.started <= now + TOLERANCE), tiers)
    about = _Rules(timedelta(days=keep_days), protected, slots, thinned, bool(tiers), good[-1] if good else None)
    return _keep_bases([_decision(backup, age, about) for backup, age in zip(sets, ages, strict=True)])


def any_old(
    sets: Sequence[BackupSet], keep_days: int, bad: Collection[str] = (), *, tiers: Tiers = NO_TIERS
) -> bool:
    """Whether any set is old enough to go: if not, nothing needs to be decided after each of 2,000 backups."""
    good = good_sets(sets, bad)
    if not good:
        return False
    ages = {backup.place: good[-1].started - backup.started for backup in good}
    needed = {backup.base for backup in sets}
    thinned = minutes.thinned(good, ages)
    crowded = [backup for backup in good
               if backup.place in thinned and not backup.pinned and backup.backup_id not in needed]
    if len(crowded) >= THIN_AT:
        return True
    limit = good[-1].started - timedelta(days=keep_days)
    old = [backup for backup in sets if backup.started < limit and backup.state == "complete" and not backup.pinned
           and not minutes.stays(backup, ages.get(backup.place, timedelta.max))]
    slots = in_tiers.kept(good, tiers) if old else {}
    bases = {backup.base for backup in good if backup.place in slots}
    return any(backup.place not in slots and backup.backup_id not in bases for backup in old)


def left_behind(
    companions: Sequence[BackupSet], lists: Collection[str], keep_days: int, *, bad: Collection[str] = ()
) -> list[BackupSet]:
    """Which sets of the application's own data may go: complete ones that no list's set has any more. ``lists`` are the
    ids of the list's sets that are there, and the ids that those name.

    The newest good one stays all the same, and so do a pinned one, the latest safety set, younger safety sets than
    ``keep_days`` before the newest good one, and a full set under a differential that stays.
    """
    good, limit = good_sets(companions, bad), timedelta(days=keep_days)
    stays = {backup.place for backup in (*good[-1:], *_latest_safety(companions))}
    kept = [backup for backup in companions if backup.state != "complete" or backup.pinned or backup.place in stays
            or any(name in lists for name in (backup.of, backup.backup_id, *backup.originals))
            or (backup.trigger == "pre_restore" and (not good or good[-1].started - backup.started <= limit))]
    needed = {backup.backup_id for backup in kept} | {backup.base for backup in kept if backup.base}
    return [backup for backup in companions if backup not in kept and backup.backup_id not in needed]


def _ages(sets: Sequence[BackupSet], good: Sequence[BackupSet]) -> list[timedelta]:
    """Ages relative to the newest good set, in the order given.

    A set made while the clock was set back looks older than it is: it is no older than the sets made before it.
    What is dated after the newest good set says nothing about others.
    """
    if not good:
        return [timedelta(0)] * len(sets)
    newest = good[-1].started
    reached: dict[str, datetime] = {}
    latest = datetime.min.replace(tzinfo=UTC)
    # Sets of the original system, and those whose metadata nobody can read, have the number 0: no place in this order.
    for backup in sorted((backup for backup in sets if backup.seq), key=lambda backup: backup.order):
        if backup.started <= newest:
            latest = max(latest, backup.started)
        reached[backup.place] = max(latest, backup.started)
    return [newest - max(backup.started, reached.get(backup.place, backup.started)) for backup in sets]


@dataclass(frozen=True)
class _Rules:
    limit: timedelta
    protected: Mapping[str, str]
    slots: Mapping[str, tuple[Slot, ...]]
    thinned: Mapping[str, str]
    tiers: bool
    newest: BackupSet | None


def _decision(backup: BackupSet, age: timedelta, about: _Rules) -> Decision:
    protected, slots = about.protected.get(backup.place, ""), about.slots.get(backup.place, ())
    crowded = about.thinned.get(backup.place, "")
    minute = "" if crowded else minutes.stays(backup, age)
    young = f"within {_days(about.limit)} of the newest good backup"
    young = "" if age > about.limit or crowded or minute else young
    reason = "; ".join(filter(None, (protected or minute or young, in_tiers.words(slots))))
    rules = ("protected",) * bool(protected) + ("minutes",) * bool(minute) + ("days",) * bool(young)
    rules += tuple(slot.tier.name for slot in slots)
    if not reason and crowded:
        reason = f"made continuously, and not the newest of its {crowded}"
    elif not reason:
        reason = f"older than {_days(about.limit)} before the newest good backup"
        reason += ", and in no tier" if about.tiers else ""
    return Decision(backup, bool(rules), reason, age, rules, slots, about.newest)


def _protected(sets: Sequence[BackupSet], good: Sequence[BackupSet], now: datetime) -> dict[str, str]:
    """Reasons by identity; the first reason found stays."""
    reasons: dict[str, str] = {}
    for backup in sets:
        reason = _own_reason(backup, now)
        if reason:
            reasons[backup.place] = reason
    if not good:
        return {backup.place: "there is no good backup to measure from" for backup in sets}
    reasons.setdefault(good[-1].place, "the newest good backup")
    for key in dict.fromkeys(key for backup in good for key in backup.parts):  # a set has another order in each run
        filled = next((backup for backup in reversed(good) if backup.counts.get(key, 0) > 0), None)
        if filled is not None:
            reasons.setdefault(filled.place, f"the newest good backup in which {key} is not empty")
    for backup in good[-KEPT_GOOD:]:
        reasons.setdefault(backup.place, f"one of the last {KEPT_GOOD} good backups")
    for backup in _latest_safety(sets):
        reasons.setdefault(backup.place, "the latest safety backup of a restore; Undo needs it")
    return reasons


def _own_reason(backup: BackupSet, now: datetime) -> str:
    if backup.pinned:
        return "pinned"
    if backup.state == "newer":
        return "made by a newer version"
    if backup.state == "legacy":
        return "made by the original system; deleted only by hand"
    if backup.state != "complete":
        return "damaged or incomplete; it may be all that is left"
    if backup.started > now + TOLERANCE:
        return "dated in the future"
    return ""


def _latest_safety(sets: Sequence[BackupSet]) -> list[BackupSet]:
    safety = [backup for backup in sets if backup.trigger == "pre_restore" and backup.state == "complete"]
    if not safety:
        return []
    latest = max(safety, key=lambda backup: backup.order)
    # A restore makes one full safety set and differentials over it for late writes; Undo brings back all of them.
    root = latest.base or latest.backup_id
    return [backup for backup in safety if root in (backup.backup_id, backup.base)]


def _keep_bases(decisions: list[Decision]) -> list[Decision]:
    needed = {decision.backup.base for decision in decisions if decision.keep and decision.backup.base}
    return [
        replace(decision, keep=True, reason="a kept differential backup rests on it", rules=("base",))
        if not decision.keep and decision.backup.backup_id in needed else decision
        for decision in decisions
    ]


def _clock_behind(newest: BackupSet, now: datetime) -> str:
    if newest.started <= now + TOLERANCE:
        return ""
    return f"the clock looks wrong: the newest good backup is dated {newest.label}, which is in the future"


def _clock_jumped(good: Sequence[BackupSet], acknowledged: int) -> str:
    for before, after in pairwise(good):
        neighbours = after.order - before.order <= NEIGHBOURS and after.order > acknowledged
        if neighbours and after.started - before.started > JUMP:
            days = (after.started - before.started).days
            return f"the clock looks wrong: backup {after.label} is dated {days} days after the one before it"
    return ""


def _shrunk(good: Sequence[BackupSet], acknowledged: int) -> str:
    newest = good[-1].counts
    for before, after in pairwise(good):
        if after.order <= acknowledged:
            continue
        if after.counts == before.counts:
            continue
        for key, count in before.counts.items():
            # A list that has grown again since needs nobody's word.
            if after.counts.get(key, 0) * 2 < count and newest.get(key, 0) * 2 < count:
                return (f"{key} shrank from {count:,} to {after.counts.get(key, 0):,} records "
                        f"in backup {after.label}")
    return ""


def _days(limit: timedelta) -> str:
    return f"{limit.days} day" if limit.days == 1 else f"{limit.days} days"
