"""Once a day for every remote: read a sample back, clear away left-overs, let the remote's own retention run.

Remote retention knows the same rules as the local one, with days and tiers of its own (``keep_days``, ``keep_weekly``
… in the address; without days nothing is deleted). A set is pinned when either side says so, and nothing is deleted
unless both sides can be asked.
The application's own data goes by the rule of the local folder as well: a set of it only when no set there, and none
that is still to come, was made with it or with one that rests on it.
"""

from __future__ import annotations

import random
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from backup_engine import offsite
from backup_engine.deeds import told
from backup_engine.errors import (
    BackupError,
    BackupFileNotFound,
    Cancelled,
    ChoiceNeeded,
    RemoteRefused,
    VerificationFailed,
)
from backup_engine.model import SILENT, BackupSet, Watch
from backup_engine.ownership.owner import Owner
from backup_engine.policy import retention
from backup_engine.push import sending_alone
from backup_engine.remotes import claims, entries, queue, registry
from backup_engine.remotes.address import Address
from backup_engine.remotes.entries import Entry
from backup_engine.remotes.proof import read_back
from backup_engine.remotes.queue import Line
from backup_engine.remotes.registry import Remote
from backup_engine.remotes.target import Target
from backup_engine.repository import companions
from backup_engine.workspace import Workspace

__all__ = ["EVERY", "Cared", "care", "care_if_due", "has_work", "is_due"]

EVERY = timedelta(days=1)


@dataclass(frozen=True)
class Cared:
    """What was done for one remote."""

    name: str
    read_back: str
    """Label of the set that was read back; empty where there is none."""
    damage: str
    """What is wrong with it, or with another set there; empty when all is well."""
    cleaned: int
    """Left-over pieces that were removed."""
    removed: tuple[str, ...]
    """Labels of the sets that remote retention deleted."""
    halted: str
    """Why remote retention deleted nothing although something was old enough."""
    own_removed: int = 0
    """How many sets of the application's own data it deleted."""

    @property
    def message(self) -> str:
        """In words."""
        said = [f"backup {self.read_back} read back from remote {self.name}" if self.read_back
                else f"there is no backup to read back from remote {self.name}"]
        said += [f"damaged: {self.damage}"] if self.damage else []
        said += [f"{len(self.removed):,} old ones deleted there"] if self.removed else []
        said += [f"{self.own_removed:,} of the application's own data deleted there"] if self.own_removed else []
        said += [f"nothing is deleted there: {self.halted}"] if self.halted else []
        said += [f"{self.cleaned:,} left-over pieces removed"] if self.cleaned else []
        text = "; ".join(said)
        return f"{text[0].upper()}{text[1:]}."

    @property
    def deed(self) -> str:
        """What is worth a line in the log: not every day's sound sample."""
        return self.message if self.damage or self.removed or self.own_removed or self.cleaned else ""


def is_due(line: Line, now: datetime) -> bool:
    """Whether a day has passed; a moment in the future comes from a clock that was wrong."""
    return line.cared is None or not timedelta(0) <= now - line.cared < EVERY


@dataclass(frozen=True)
class _Place:
    """A part of a remote and what was found in it; ``called`` stands before what is said of it."""

    target: Target
    found: Sequence[Entry]
    called: str = ""

    def says(self, backup: BackupSet, problem: str) -> str:
        called = f"{self.called} of " if self.called else ""
        return f"{called}backup {backup.label}: {problem}"


@told("backup.remote.care")
def care(ws: Workspace, name: str, *, watch: Watch = SILENT) -> Cared:
    """Do the day's work for a remote. Damage stands in the answer; raises ``RemoteFailed`` and its kin, ``Busy``."""
    database = ws.connect()
    remote, owner = registry.one(ws, name, database), offsite.writer_of(ws, database)
    with sending_alone(ws, name), offsite.open_store(remote) as store:
        line = queue.read(ws.storage, name)
        claims.require(store, owner.database_id, owner.database, ws.clock())
        places = _places(ws, Target(store, ws.sources), watch)
        label, damage = _sample(places, watch)
        cleaned = sum(place.target.clean({sending.random for sending in line.sending.values()}) for place in places)
        removed, own_removed, halted = _retire(ws, remote, owner, line, places, watch)
        line.cared, line.damage, line.retention = ws.clock(), damage, halted
        line.there = len(places[0].found) - len(removed)
        if label and not damage:
            line.read_back, line.read_back_label = ws.clock(), label
        queue.write(ws.storage, name, line)
    return Cared(name, label, damage, cleaned, removed, halted, own_removed)


def _places(ws: Workspace, target: Target, watch: Watch) -> list[_Place]:
    """The lists, and the application's own data where there is such."""
    places = [_Place(target, target.entries(watch=watch))]
    if ws.annex is not None:
        own = target.of_application(ws.annex.about.sources)
        places.append(_Place(own, own.entries(watch=watch), ws.annex.about.called))
    return places


def _sample(places: Sequence[_Place], watch: Watch) -> tuple[str, str]:
    """Read one set back by lot, with what of the application was made with it; gives its label, and what is wrong with
    them or was seen of others."""
    damaged = [place.says(entry.backup, entry.backup.problem) for place in places for entry in place.found
               if entry.backup.state == "damaged"]
    lists, *others = ([entry for entry in place.found if entry.backup.state == "complete"] for place in places)
    if not lists:
        return "", "; ".join(damaged[:3])
    chosen = random.choice(lists)
    read = [(places[0], chosen)]
    for place, sound in zip(places[1:], others, strict=True):
        found = companions.finder([entry.backup for entry in sound])(chosen.backup)
        read += [(place, entry) for entry in sound if entry.backup is found]
    for place, entry in read:
        try:
            read_back(place.target, entry, watch=watch)
        except (VerificationFailed, BackupFileNotFound) as problem:
            damaged.insert(0, place.says(entry.backup, problem.message))
    return chosen.backup.label, "; ".join(damaged[:3])


def _retire(
    ws: Workspace, remote: Remote, owner: Owner, line: Line, places: Sequence[_Place], watch: Watch
) -> tuple[tuple[str, ...], int, str]:
    """Delete what remote retention lets go; gives the labels, how many of the application's own data went, and why
    nothing was deleted."""
    if not remote.address.keep_days:
        return (), 0, ""
    lists, *others = places
    here = ws.catalog.sets()
    if ws.catalog.unreadable:
        return (), 0, "the backup folder cannot be read, and what is pinned there is not known"
    gone, halt = _let_go(ws, owner, lists.found, here, remote.address)
    if halt:  # the lists say that something is wrong here: nothing else goes either
        return (), 0, halt if gone else ""
    removed, refusal = _remove_all(lists, gone, watch)
    own_removed = 0
    for place in others:
        if refusal:
            break
        lying = [entry for entry in lists.found if entry not in removed]
        named = _named(lying, place.found, here, line)
        left = _left_behind(owner, place.found, named, remote.address.keep_days)
        went, refusal = _remove_all(place, left, watch)
        own_removed += len(went)
    return tuple(entry.backup.label for entry in removed), own_removed, refusal


def _named(lying: Sequence[Entry], own: Sequence[Entry], here: Sequence[BackupSet], line: Line) -> set[str]:
    """The ids by which sets that lie there, or are still to come, have one of the application's own data: what they
    are, what they were before, and what they name."""
    there = {str(entries.backup_id_in(entry.key)): entry.backup for entry in lying}
    known = {backup.backup_id: backup for backup in here
             if backup.backup_id in there or backup.backup_id not in line.sent}
    known |= {backup.backup_id: backup for backup in there.values()}
    # what an object that cannot be read names is of the same day: that is as far as one is named again
    unread = {backup.label[:8] for backup_id, backup in there.items() if backup_id not in known}
    named = {entry.backup.backup_id for entry in own if entry.backup.label[:8] in unread}
    named |= {name for backup in known.values() for name in (backup.backup_id, *backup.originals, backup.companion)}
    return (named | there.keys()) - {""}


def _let_go(
    ws: Workspace, owner: Owner, found: Sequence[Entry], here: Sequence[BackupSet], address: Address
) -> tuple[list[Entry], str]:
    """Which of the lists' sets are old enough to go, and why none may."""
    mine = {entry.backup.place: entry for entry in found if owner.may_prune(entry.backup)}
    pinned = {backup.backup_id for backup in here if backup.pinned}
    sets = [replace(entry.backup, pinned=entry.backup.pinned or entry.backup.backup_id in pinned)
            for entry in mine.values()]
    decisions = retention.decide(sets, ws.clock(), address.keep_days, tiers=address.tiers)
    gone = [mine[decision.backup.place] for decision in decisions if not decision.keep]
    return gone, retention.halted(sets, ws.clock())


def _left_behind(owner: Owner, found: Sequence[Entry], named: Collection[str], keep_days: int) -> list[Entry]:
    mine = {entry.backup.place: entry for entry in found if owner.may_prune(entry.backup)}
    left = retention.left_behind([entry.backup for entry in mine.values()], named, keep_days)
    return [mine[backup.place] for backup in left]


def _remove_all(place: _Place, gone: Sequence[Entry], watch: Watch) -> tuple[list[Entry], str]:
    """Delete these; gives those that went, and why the store keeps one."""
    removed: list[Entry] = []
    # a differential set before the full one it rests on, so that what breaks off leaves none without it
    for entry in sorted(gone, key=lambda entry: (entry.backup.kind == "full", entry.backup.order)):
        watch.step("Deleting old backups in the remote", len(removed), len(gone))
        try:
            place.target.remove(entry)
        except RemoteRefused as refusal:  # locked, or a login that may not: both are the store's business
            return removed, f"the store keeps backup {entry.backup.label}: {refusal.message}"
        removed.append(entry)
    return removed, ""


def has_work(ws: Workspace, remote: Remote) -> bool:
    """Whether ``care_if_due`` would do the day's work now."""
    line = queue.read(ws.storage, remote.name)
    return is_due(line, ws.clock()) and remote.address.open_at(ws.clock().hour) and not line.problem


def care_if_due(ws: Workspace, remote: Remote, *, watch: Watch = SILENT) -> Cared | None:
    """Do the day's work when a day has passed; trouble is left to the line of the remote."""
    if not has_work(ws, remote):
        return None
    try:
        return care(ws, remote.name, watch=watch)
    except (Cancelled, ChoiceNeeded):  # nothing is wrong with the remote
        raise
    except BackupError as problem:
        line = queue.read(ws.storage, remote.name)
        line.failed(str(problem), ws.clock())
        queue.write(ws.storage, remote.name, line)
        return None
