"""Deleting what the retention rules let go, and nothing else; pinning what shall stay.

Before anything is deleted, the sets that would remain as the newest good ones are hashed again unless that was done
within a week: a rotten file must not be the reason for which a sound one goes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from pymongo.database import Database

from backup_engine import keep, offsite
from backup_engine.deeds import told
from backup_engine.errors import BackupError, BadInput, WrongKey
from backup_engine.locking import locks
from backup_engine.making.run import room_needed
from backup_engine.model import SILENT, BackupSet, Watch
from backup_engine.ownership import lookup
from backup_engine.ownership.owner import Owner, called
from backup_engine.policy import retention
from backup_engine.policy.forecast import leaving, next_to_go
from backup_engine.policy.retention import Decision
from backup_engine.policy.tiers import Tiers
from backup_engine.remotes import queue
from backup_engine.repository import companions, ledger
from backup_engine.repository.notes import Note
from backup_engine.verify import verify
from backup_engine.workspace import Workspace

__all__ = ["Pruned", "acknowledge", "after_backup", "delete", "halted", "mark", "pin", "prune", "unpin"]

WAIT_SECONDS = 5.0
"""A person who pins a set need not learn that a backup has just begun."""


@dataclass(frozen=True)
class Pruned:
    """What a retention run did, or would do: a decision for every set."""

    message: str
    decisions: tuple[Decision, ...]
    deleted: tuple[BackupSet, ...]
    """The sets that went; in a dry run those that would go."""
    halted: str
    """Why nothing may be deleted, or empty."""
    dry_run: bool
    alert: str = ""
    """Which of the deleted sets a remote had not got yet; empty when none."""
    leaves: Mapping[str, datetime] = field(default_factory=dict)
    """The earliest moment at which a kept set may go, by its ``place``, where it can be told (``forecast``)."""

    @property
    def next_to_go(self) -> BackupSet | None:
        """The kept set that goes first; None where nobody can tell."""
        return next_to_go(self.decisions, self.leaves)

    @property
    def deed(self) -> str:
        """What was done; nothing by a dry run, and when nothing was old enough."""
        return "" if self.dry_run or not self.deleted else self.message


@told("backup.prune")
def prune(
    ws: Workspace, dry_run: bool = False, hold: locks.Hold | None = None, *, acknowledge_shrink: bool = False,
    watch: Watch = SILENT, tiers: Tiers | None = None,
) -> Pruned:
    """Apply the retention rules over all folders; a dry run changes nothing and takes no lock.

    ``acknowledge_shrink`` accepts what has halted the run so far. ``hold`` are locks the caller has. ``tiers`` are for
    a dry run: what would be if these counted.
    """
    if dry_run:
        return _decided(ws, lookup.of(ws), None, dry_run=True, acknowledged=_newest(ws) if acknowledge_shrink else 0,
                        watch=watch, tiers=tiers)
    if tiers is not None:
        raise BadInput("Tiers are tried out by a dry run, and stored before they count.")
    with _held(ws, hold, "prune") as held:
        # who holds the locks already has asked under them
        owner = lookup.of(ws, held.database) if hold is None else lookup.seen(ws)
        if acknowledge_shrink:
            _acknowledge(ws, owner)
        decided = _decided(ws, owner, held.database, dry_run=False, acknowledged=0, watch=watch)
        gone = _delete_all(ws, held, decided.deleted, watch)
        if gone:
            _clear_companions(ws, held, owner, watch)
        attention = f" Attention: {decided.alert}." if decided.alert else ""
        words = (decided.message if decided.halted else _words(len(gone), dry_run=False)) + attention
        return replace(decided, deleted=gone, message=words)


def after_backup(ws: Workspace, held: locks.Hold, everything: Sequence[BackupSet]) -> str:
    """Apply the rules once a set is made; says why nothing may be deleted, or gives an empty string.

    ``everything`` is what lay in the folder under these locks, and the new set. The folder is looked at again, and
    about every set decided, only when one of them is old enough to go.
    """
    owner = lookup.seen(ws)
    if owner.standby is not None:
        return ""  # said where somebody looks (``halted``): it is no trouble with the set that was just made
    sets, bad = _subject(owner, everything), ledger.bad(ledger.read(ws.storage))
    tiers, unknown = _tiers(ws, sets, held.database)
    halt = _halted(ws, owner, sets, bad, acknowledged=0) or unknown
    if halt or not retention.any_old(sets, ws.keep_days, bad, tiers=tiers):
        return halt
    done = prune(ws, hold=held)
    return "; ".join(filter(None, (done.halted, done.alert)))


def halted(ws: Workspace) -> str:
    """Say why retention deletes nothing at present; empty when it may."""
    owner = lookup.shown(ws)
    sets = _subject(replace(owner, guessed=False), ws.catalog.sets(fresh=False))
    bad = ledger.bad(ledger.read(ws.storage))
    return _halted(ws, owner, sets, bad, acknowledged=0)


@told("backup.acknowledge_shrink")
def acknowledge(ws: Workspace) -> None:
    """Accept the present state of the list and the clock, so that retention may go on."""
    with _held(ws, None, "prune") as held:
        _acknowledge(ws, lookup.of(ws, held.database))


@told("backup.pin")
def pin(ws: Workspace, backup: BackupSet) -> BackupSet:
    """Protect a set from retention; gives it as it is now. Raises ``BadInput`` for a set that cannot be marked."""
    return mark(ws, backup, pinned=True)


@told("backup.unpin")
def unpin(ws: Workspace, backup: BackupSet) -> BackupSet:
    """Give a set back to retention; gives it as it is now."""
    return mark(ws, backup, pinned=False)


@told("backup.delete")
def delete(ws: Workspace, backup: BackupSet) -> None:
    """Delete one set because a person wants it gone.

    Raises ``BadInput`` for the newest good set, a pinned one, and a full one on which others rest.
    """
    with _held(ws, None, "delete") as held:
        sets = ws.catalog.sets()
        owner = lookup.of(ws, held.database)
        _require_at_hand(owner, backup)
        good = retention.good_sets(owner.own(sets), ledger.bad(ledger.read(ws.storage)))
        if good and good[-1].backup_id == backup.backup_id:
            raise BadInput(f"Backup {backup.label} is the newest good one and is not deleted.")
        if backup.pinned:
            raise BadInput(f"Backup {backup.label} is pinned. Unpin it first.")
        resting = [candidate.label for candidate in sets if candidate.base == backup.backup_id]
        if resting:
            raise BadInput(f"Backup {backup.label} is needed by {len(resting)} others ({', '.join(resting[:3])} …).")
        if backup.state == "orphan":
            raise BadInput(f"Backup {backup.label} has no metadata: repair it, or delete its file by hand.")
        held.check()
        ws.catalog.remove(backup)
        _clear_companions(ws, held, owner, SILENT)


def _decided(
    ws: Workspace, owner: Owner, database: Database[dict[str, Any]] | None, *, dry_run: bool, acknowledged: int,
    watch: Watch, tiers: Tiers | None = None,
) -> Pruned:
    everything, now = ws.catalog.sets(fresh=False), ws.clock()
    sets = _subject(owner, everything)
    bad = ledger.bad(ledger.read(ws.storage))
    tiers, unknown = _tiers(ws, sets, database) if tiers is None else (tiers, "")
    halt = _halted(ws, owner, sets, bad, acknowledged) or unknown
    decisions = retention.decide(sets, now, ws.keep_days, tiers=tiers, bad=bad)
    # A set that proves rotten makes an older one a keeper, and that one has to be looked at in its turn.
    while not halt and any(not decision.keep for decision in decisions):
        rotten = _rotten(ws, retention.good_sets(sets, bad)[-retention.KEPT_GOOD:], watch, remember=not dry_run)
        if not rotten:
            break
        bad |= rotten
        halt = _halted(ws, owner, sets, bad, acknowledged)
        decisions = retention.decide(sets, now, ws.keep_days, tiers=tiers, bad=bad)
    decided = {(backup.day, backup.label) for backup in sets}
    decisions += [Decision(backup, True, _others(owner, backup), now - backup.started, ("protected",))
                  for backup in everything if (backup.day, backup.label) not in decided]
    alert = ""
    if not halt:
        decisions, alert = _left_for_remotes(ws, everything, decisions)
    gone = [] if halt else [decision.backup for decision in decisions if not decision.keep]
    leaves = leaving(decisions, ws.keep_days)
    accept = " An admin can acknowledge this." if _can_be_accepted(owner) and not unknown else ""
    words = f"Nothing is deleted: {halt}.{accept}" if halt else _words(len(gone), dry_run)
    return Pruned(words, tuple(decisions), tuple(gone), halt, dry_run, alert, leaves)


def _left_for_remotes(
    ws: Workspace, everything: Sequence[BackupSet], decisions: list[Decision]
) -> tuple[list[Decision], str]:
    """Keep what a remote still waits for, and what that rests on; says which such sets go all the same, and why."""
    lines = offsite.awaited(ws)
    going = [decision.backup for decision in decisions if not decision.keep]
    if not lines or not going:
        return decisions, ""
    free = ws.storage.free_bytes()
    low = free is not None and free < room_needed(everything)
    wanted = {backup.place for backup in queue.to_send(everything)}
    # a set is not whole there without what was made with it, and here that goes with the set
    with_it = queue.beside(ws.application.catalog.sets(fresh=False) if ws.application is not None else ())
    awaited = {} if low else {backup.place: names for backup in going if backup.place in wanted
                              if (names := queue.awaited_by(lines, backup, ws.clock(), with_it(backup)))}
    bases = {backup.base for backup in going if backup.place in awaited}
    left = []
    for decision in decisions:
        if decision.backup.place in awaited:
            waiting = ", ".join(awaited[decision.backup.place])
            decision = replace(decision, keep=True, reason=f"not sent yet to {waiting}", rules=("remote",))
        elif not decision.keep and decision.backup.backup_id in bases:
            decision = replace(decision, keep=True, reason="a kept differential backup rests on it", rules=("base",))
        left.append(decision)
    gone = [decision.backup for decision in left if not decision.keep and decision.backup.place in wanted]
    unsent = [name for name, line in lines.items()
              if not all(queue.is_there(line, backup, with_it(backup)) for backup in gone)]
    return left, _alert(unsent, low=low)


def _alert(unsent: Sequence[str], *, low: bool) -> str:
    if not unsent:
        return ""
    why = "the disk is nearly full" if low else f"they waited for more than {queue.AWAITED_DAYS} days"
    return f"backups were let go that remote {' and '.join(unsent)} has not got, because {why}"


def _subject(owner: Owner, sets: Sequence[BackupSet]) -> list[BackupSet]:
    """The sets retention decides about, with those it keeps in any case (of the original system, without metadata)."""
    return [backup for backup in sets if owner.may_prune(backup) or owner.relation(backup) == "everybody"]


def _halted(ws: Workspace, owner: Owner, sets: Sequence[BackupSet], bad: set[str], acknowledged: int) -> str:
    if owner.standby is not None:
        return "this is a recovered copy that stands by, and what lies in the folder may be the original's"
    if owner.question is not None:
        return owner.question.words
    return retention.halted(sets, ws.clock(), acknowledged=max(acknowledged, _acknowledged(ws, owner)), bad=bad)


def _tiers(
    ws: Workspace, sets: Sequence[BackupSet], database: Database[dict[str, Any]] | None
) -> tuple[Tiers, str]:
    """The tiers that count, and why nothing may be deleted because nobody knows them."""
    try:
        return keep.counting(ws, database), ""
    except BackupError as problem:
        # sets made of documents are of no database, and no tiers are stored for them anywhere
        return Tiers(**ws.tiers), keep.unknown(problem) if any(backup.database for backup in sets) else ""


def _others(owner: Owner, backup: BackupSet) -> str:
    if owner.guessed and owner.owns(backup):
        return f"the database could not be asked whether it is its own, of {called(backup)}"
    if owner.relation(backup) == "adopted":
        return f"adopted from {called(backup)}, of which nobody has said that it is gone"
    return f"of another database, {called(backup)}"


def _rotten(ws: Workspace, keepers: Sequence[BackupSet], watch: Watch, *, remember: bool) -> set[str]:
    """Which of the sets that are to remain do not verify."""
    checks = ledger.read(ws.storage)
    due = [backup for backup in keepers if ledger.is_due(checks.get(backup.backup_id), ws.clock())]
    rotten = set()
    for backup in due:
        try:
            if not verify(ws, backup, 1, watch=watch, remember=remember, companion=False).ok:
                rotten.add(backup.backup_id)
        except WrongKey:  # a key that is not there says nothing about the set
            continue
    return rotten


def _delete_all(ws: Workspace, held: locks.Hold, sets: Sequence[BackupSet], watch: Watch) -> tuple[BackupSet, ...]:
    """Differentials go before the full sets they rest on, so that a crash leaves none without its full set."""
    ordered = sorted(sets, key=lambda backup: (backup.kind == "full", backup.order))
    for number, backup in enumerate(ordered):
        watch.step("Deleting old backups", number, len(ordered))
        held.check()
        ws.catalog.remove(backup)
    return tuple(ordered)


def _clear_companions(ws: Workspace, held: locks.Hold, owner: Owner, watch: Watch) -> None:
    """A set of the application's own data goes with the list's; also one that a crash in between has left."""
    own = ws.application
    if own is None:
        return
    sets = ws.catalog.sets(fresh=False)
    lists = {name for backup in sets for name in (backup.backup_id, *backup.originals, backup.companion)} - {""}
    mine = [backup for backup in own.catalog.sets() if owner.may_prune(backup)]
    bad = ledger.bad(ledger.read(own.storage))
    _delete_all(own, held, retention.left_behind(mine, lists, ws.keep_days, bad=bad), watch)


def mark(ws: Workspace, backup: BackupSet, *, pinned: bool | None = None, comment: str | None = None) -> BackupSet:
    """Write into the metadata of a set what a person says of it; gives it as it is now. Raises ``BadInput``."""
    verb = "commented on" if pinned is None else "pinned or unpinned"
    if backup.state != "complete":
        raise BadInput(f"Backup {backup.label} cannot be {verb}: {backup.problem or backup.state}.")
    said = {name: value for name, value in (("pinned", pinned), ("comment", comment)) if value is not None}
    with _held(ws, None, "pin") as held:
        _require_at_hand(lookup.of(ws, held.database), backup)
        held.check()
        # Read again: what the caller has may be older than the locks.
        marked = ws.catalog.amend(ws.catalog.find(backup.backup_id), **said)
        companion = companions.of(ws, marked) if pinned is not None else None
        if companion is not None and companion.state == "complete" and ws.application is not None:
            find = companions.finder([companion])
            # what another pinned one names as well stays so
            wanted = any(other.pinned and find(other) for other in ws.catalog.sets(fresh=False))
            ws.application.catalog.amend(companion, pinned=wanted)
        return marked


def _require_at_hand(owner: Owner, backup: BackupSet) -> None:
    if not owner.may_restore(backup):
        raise BadInput(f"Backup {backup.label} is of the database {called(backup)}: that one decides what stays.")


@contextmanager
def _held(ws: Workspace, hold: locks.Hold | None, purpose: locks.Purpose) -> Iterator[locks.Hold]:
    if hold is not None:
        yield hold
        return
    with locks.hold(ws, purpose, wait=WAIT_SECONDS) as held:
        yield held


def _acknowledged(ws: Workspace, owner: Owner) -> int:
    said = _acknowledgement.read_anyway(ws.storage)
    # under the empty name: what was accepted before databases had ids, and where they cannot have one
    return max(said.get(owner.database_id, 0), said.get("", 0) if owner.unnamed else 0)


def _acknowledge(ws: Workspace, owner: Owner) -> None:
    said = _acknowledgement.read_anyway(ws.storage)
    _acknowledgement.write(ws.storage, {"acknowledged": {**said, owner.database_id: _newest(ws)}})


def _acknowledged_seqs(about: Mapping[str, Any]) -> dict[str, int]:
    said = about["acknowledged"] if "acknowledged" in about else {"": about["acknowledged_seq"]}
    if not all(type(seq) is int for seq in said.values()):  # isinstance takes true, which counted as 1
        raise TypeError("what was acknowledged is not a number")
    return dict(said)


_acknowledgement: Note[dict[str, int]] = Note("retention.json", _acknowledged_seqs, dict)


def _newest(ws: Workspace) -> int:
    return max((backup.order for backup in ws.catalog.sets()), default=0)


def _can_be_accepted(owner: Owner) -> bool:
    """Whether what halts retention can be acknowledged; otherwise something has to be said first."""
    return owner.question is None and owner.standby is None


def _words(number: int, dry_run: bool) -> str:
    if not number:
        return "No backup is old enough to delete."
    sets = "1 backup" if number == 1 else f"{number:,} backups"
    return f"{sets} would be deleted." if dry_run else f"{sets} deleted."
