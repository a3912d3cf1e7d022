"""Once a day for every remote: read a sample back, clear away left-overs, let the remote's own retention run.

Remote retention knows the same rules as the local one, with days of its own (``keep_days`` in the address; without it
nothing is deleted). A set is pinned when either side says so, and nothing is deleted unless both sides can be asked.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from backup_engine import offsite
from backup_engine.deeds import told
from backup_engine.errors import BackupError, BackupFileNotFound, Cancelled, RemoteRefused, VerificationFailed
from backup_engine.model import SILENT, Watch
from backup_engine.ownership.owner import Owner
from backup_engine.policy import retention
from backup_engine.push import sending_alone
from backup_engine.remotes import claims, queue, registry
from backup_engine.remotes.entries import Entry
from backup_engine.remotes.proof import read_back
from backup_engine.remotes.queue import Line
from backup_engine.remotes.registry import Remote
from backup_engine.remotes.target import Target
from backup_engine.workspace import Workspace

__all__ = ["EVERY", "Cared", "care", "care_if_due", "is_due"]

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

    @property
    def message(self) -> str:
        """In words."""
        said = [f"backup {self.read_back} read back from remote {self.name}" if self.read_back
                else f"there is no backup to read back from remote {self.name}"]
        said += [f"damaged: {self.damage}"] if self.damage else []
        said += [f"{len(self.removed):,} old ones deleted there"] if self.removed else []
        said += [f"nothing is deleted there: {self.halted}"] if self.halted else []
        said += [f"{self.cleaned:,} left-over pieces removed"] if self.cleaned else []
        text = "; ".join(said)
        return f"{text[0].upper()}{text[1:]}."

    @property
    def deed(self) -> str:
        """What is worth a line in the log: not every day's sound sample."""
        return self.message if self.damage or self.removed or self.cleaned else ""


def is_due(line: Line, now: datetime) -> bool:
    """Whether a day has passed; a moment in the future comes from a clock that was wrong."""
    return line.cared is None or not timedelta(0) <= now - line.cared < EVERY


@told("backup.remote.care")
def care(ws: Workspace, name: str, *, watch: Watch = SILENT) -> Cared:
    """Do the day's work for a remote. Damage stands in the answer; raises ``RemoteFailed`` and its kin, ``Busy``."""
    database = ws.connect()
    remote, owner = registry.one(ws, name, database), offsite.writer_of(ws, database)
    with sending_alone(ws, name), offsite.open_store(remote) as store:
        line = queue.read(ws.storage, name)
        claims.require(store, owner.database_id, owner.database, ws.clock())
        target = Target(store, ws.sources)
        found = target.entries(watch=watch)
        label, damage = _sample(target, found, watch)
        cleaned = target.clean({sending.random for sending in line.sending.values()})
        removed, halted = _retire(ws, remote, owner, target, found, watch)
        line.cared, line.damage, line.retention = ws.clock(), damage, halted
        if label and not damage:
            line.read_back, line.read_back_label = ws.clock(), label
        queue.write(ws.storage, name, line)
    return Cared(name, label, damage, cleaned, removed, halted)


def _sample(target: Target, found: Sequence[Entry], watch: Watch) -> tuple[str, str]:
    """Read one set back by lot; gives its label, and what is wrong with it or was seen of others."""
    damaged = [f"backup {entry.backup.label}: {entry.backup.problem}" for entry in found
               if entry.backup.state == "damaged"]
    sound = [entry for entry in found if entry.backup.state == "complete"]
    if not sound:
        return "", "; ".join(damaged[:3])
    chosen = random.choice(sound)
    try:
        read_back(target, chosen, watch=watch)
    except (VerificationFailed, BackupFileNotFound) as problem:
        damaged.insert(0, f"backup {chosen.backup.label}: {problem.message}")
    return chosen.backup.label, "; ".join(damaged[:3])


def _retire(
    ws: Workspace, remote: Remote, owner: Owner, target: Target, found: Sequence[Entry], watch: Watch
) -> tuple[tuple[str, ...], str]:
    """Delete what remote retention lets go; gives the labels, and why nothing was deleted."""
    if not remote.address.keep_days:
        return (), ""
    mine = {entry.backup.place: entry for entry in found if owner.may_prune(entry.backup)}
    here = ws.catalog.sets()
    if ws.catalog.unreadable:
        return (), "the backup folder cannot be read, and what is pinned there is not known"
    pinned = {backup.backup_id for backup in here if backup.pinned}
    sets = [replace(entry.backup, pinned=entry.backup.pinned or entry.backup.backup_id in pinned)
            for entry in mine.values()]
    decisions = retention.decide(sets, ws.clock(), remote.address.keep_days)
    gone = [decision.backup for decision in decisions if not decision.keep]
    if not gone:
        return (), ""
    if halt := retention.halted(sets, ws.clock()):
        return (), halt
    removed: list[str] = []
    # a differential set before the full one it rests on, so that what breaks off leaves none without it
    for backup in sorted(gone, key=lambda backup: (backup.kind == "full", backup.order)):
        watch.step("Deleting old backups in the remote", len(removed), len(gone))
        try:
            target.remove(mine[backup.place])
        except RemoteRefused as refusal:  # locked, or a login that may not: both are the store's business
            return tuple(removed), f"the store keeps backup {backup.label}: {refusal.message}"
        removed.append(backup.label)
    return tuple(removed), ""


def care_if_due(ws: Workspace, remote: Remote, *, watch: Watch = SILENT) -> Cared | None:
    """Do the day's work when a day has passed; trouble is left to the line of the remote."""
    line = queue.read(ws.storage, remote.name)
    if not is_due(line, ws.clock()) or not remote.address.open_at(ws.clock().hour) or line.problem:
        return None
    try:
        return care(ws, remote.name, watch=watch)
    except Cancelled:
        raise
    except BackupError as problem:
        line = queue.read(ws.storage, remote.name)
        line.failed(str(problem), ws.clock())
        queue.write(ws.storage, remote.name, line)
        return None
