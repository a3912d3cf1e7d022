"""Bring back what a backup has and keep everything else.

``plan`` reads the backup and the live collection once and decides record by record; ``merge`` makes a safety backup
and applies exactly that plan. A record somebody changed after the plan is a conflict and is not overwritten. Planning
and merging again after a crash gives the state of an undisturbed run; merging twice changes nothing the second time.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pymongo.collection import Collection

from backup_engine import failpoints
from backup_engine.errors import (
    BackupError,
    BadInput,
    Cancelled,
    DatabaseUnreachable,
    RestoreIncomplete,
    RestoreStopped,
    VerificationFailed,
)
from backup_engine.locking.locks import Hold, hold
from backup_engine.making.write_set import write_set
from backup_engine.model import SILENT, BackupSet, Batch, Part, Watch
from backup_engine.mongo import guarded
from backup_engine.mongo.guarded import Applied, Change
from backup_engine.records import raw
from backup_engine.records.content_sum import digest_hex, digest_number as digest
from backup_engine.records.live_profile import LiveProfile
from backup_engine.records.matching import pairs
from backup_engine.records.planner import FieldChange, Pick, Planned, Same, exactly, field_changes, plan_pairs
from backup_engine.records.spool import Spool
from backup_engine.records.text import same_text
from backup_engine.replacing import journal, recovery
from backup_engine.repository import contents, record_stream
from backup_engine.repository.record_stream import RecordStream
from backup_engine.verify import require
from backup_engine.workspace import Workspace

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["MergePlan", "Merged", "Outcome", "Pick", "merge", "merge_all", "plan"]

STEP = 10_000
_TALLIED = ("insert", "update", "unchanged", "skipped", "only_live")


@dataclass
class MergePlan:
    """What a merge would do. ``changes`` are the inserts and updates in full; the rest is counted."""

    backup: BackupSet
    key: str
    identity: str
    """The field by which records were recognised."""
    pick: Pick | None = None
    counts: Counter[str] = field(default_factory=Counter)
    changes: Spool[Planned] = field(default_factory=Spool)
    decisions: tuple[str, ...] = ()
    """How the text of a legacy set was understood."""
    warnings: tuple[str, ...] = ()

    @property
    def inserts(self) -> int:
        """Records the backup has and the list has not."""
        return self.counts["insert"]

    @property
    def updates(self) -> int:
        """Records whose fields will change."""
        return self.counts["update"]

    @property
    def unchanged(self) -> int:
        """Records that already have everything the backup has."""
        return self.counts["unchanged"]

    @property
    def skipped(self) -> int:
        """Records of the backup that were not picked."""
        return self.counts["skipped"]

    @property
    def only_live(self) -> int:
        """Records only the list has; they stay."""
        return self.counts["only_live"]

    @property
    def message(self) -> str:
        """The consequence in numbers."""
        words = f"{self.inserts:,} added, {self.updates:,} changed, {self.unchanged:,} unchanged"
        words += f", {self.skipped:,} not picked" if self.skipped else ""
        return f"{words}; {self.only_live:,} that are only in the current list stay."

    def table(self, limit: int = 10_000) -> pd.DataFrame:
        """Give up to ``limit`` rows ``record, action, field, now, new`` as text."""
        import pandas as pd

        lines = [
            (planned.identity, planned.action, raw.name_text(change.name), raw.element_text(change.before),
             raw.element_text(change.after))
            for planned in self.changes.page(0, limit) for change in planned.fields
        ]
        return pd.DataFrame(lines[:limit], columns=["record", "action", "field", "now", "new"], dtype=str)


@dataclass(frozen=True)
class Outcome:
    """What became of one planned change. ``fields`` tell before and after; of a conflict: now and wished."""

    identity: str
    status: guarded.Status
    fields: tuple[FieldChange, ...]
    why: str = ""


@dataclass
class Merged:
    """The result of a merge: counts, and the report of every change."""

    plan: MergePlan
    safety: BackupSet | None = None
    counts: Counter[str] = field(default_factory=Counter)
    report: Spool[Outcome] = field(default_factory=Spool)
    warnings: tuple[str, ...] = ()

    @property
    def inserted(self) -> int:
        """Records that were added."""
        return self.counts["inserted"]

    @property
    def updated(self) -> int:
        """Records that were changed."""
        return self.counts["updated"]

    @property
    def unchanged(self) -> int:
        """Records that needed no change, those somebody else made equal meanwhile included."""
        return self.plan.unchanged + self.counts["unchanged"]

    @property
    def conflicts(self) -> int:
        """Records somebody changed meanwhile; they were left alone."""
        return self.counts["conflict"]

    @property
    def refused(self) -> int:
        """Records MongoDB does not take, each with its reason in the report."""
        return self.counts["refused"]

    @property
    def skipped(self) -> int:
        """Records of the backup that were not picked."""
        return self.plan.skipped

    @property
    def message(self) -> str:
        """One sentence for people."""
        left = self.conflicts + self.refused
        opening = "Merge completed" if not left else "Merge completed, but not all of it"
        words = f"{opening}: {self.inserted:,} added, {self.updated:,} changed, {self.unchanged:,} unchanged"
        words += f", {self.conflicts:,} changed by someone else meanwhile and left alone" if self.conflicts else ""
        words += f", {self.refused:,} refused" if self.refused else ""
        words += f", {self.skipped:,} not picked" if self.skipped else ""
        return ". ".join((words, *self.warnings)) + "."


def plan(ws: Workspace, backup: BackupSet, key: str, *, pick: Pick | None = None, watch: Watch = SILENT) -> MergePlan:
    """Decide what merging one collection of a backup would do; nothing is written.

    Raises ``VerificationFailed`` and its kin when the backup is not sound, ``DatabaseUnreachable``, and ``BadInput``
    when records of a legacy set cannot be told apart.
    """
    like = record_stream.profile_of(ws, record_stream.CURRENT, key, watch) if backup.state == "legacy" else None
    identity = "_id" if like is None else _recognised_by(ws, backup, key, like, watch)
    result = MergePlan(backup, key, identity, pick)
    if like is not None:
        result.decisions = tuple(contents.decisions(ws, backup, key, like, watch=watch))
    require(ws, backup, 1, keys=[key], watch=watch)
    saved = record_stream.of_backup(ws, backup, key, like=like, watch=watch)
    proof = _Proof(saved, backup.parts[key])
    with record_stream.of_current(ws, key) as live:
        _decide(result, proof.batches(), live, same_text if saved.textual else exactly, watch)
    result.warnings = proof.check(backup)
    return result


def merge(ws: Workspace, plan: MergePlan, *, actor: str = "", watch: Watch = SILENT) -> Merged:
    """Make the changes of the plan, after a safety backup that Undo brings back.

    Raises ``RestoreStopped`` when nothing was changed, ``RestoreIncomplete`` when something was and then a problem
    came; merging again finishes it. ``Busy`` when another operation runs.
    """
    return merge_all(ws, (plan,), actor=actor, watch=watch)[0]


def merge_all(
    ws: Workspace, plans: Sequence[MergePlan], *, actor: str = "", watch: Watch = SILENT
) -> list[Merged]:
    """Make the changes of plans for several collections of one backup, as ``merge`` does for one.

    There is one safety backup and one entry in the journal, so that one Undo takes all of it back.
    """
    results = [Merged(plan) for plan in plans]
    with hold(ws, "merge") as held:
        recovery.recover(ws, held)
        failpoints.reach("M1")
        for merged in results:
            merged.warnings = (*held.warnings, *merged.plan.warnings, *_weakness(held))
        writing = [merged for merged in results if merged.plan.changes]
        if not writing:
            return results
        safety = _safety(ws, held, watch)
        _note_for_undo(ws, held, writing, safety, actor)
        failpoints.reach("M2")
        for number, merged in enumerate(writing):
            merged.safety = safety
            _apply(ws, held, merged, watch, earlier=sum(one.inserted + one.updated for one in writing[:number]))
    failpoints.reach("M4")
    return results


def _recognised_by(ws: Workspace, backup: BackupSet, key: str, like: LiveProfile, watch: Watch) -> str:
    identity = record_stream.legacy_identity(ws, backup, key, like, watch)
    if identity is None and like.fields:
        raise BadInput(
            f"The records of backup {backup.label} carry no _id, and none of uuid, ID, Serial or index is filled and "
            "unique both there and in the current list, so a merge could make doubles. Fill one of them in the list, "
            "or use Replace."
        )
    return identity or "_id"


def _decide(result: MergePlan, saved: Iterator[Batch], live: RecordStream, same: Same, watch: Watch) -> None:
    found = pairs(saved, live.batches)
    for number, planned in enumerate(plan_pairs(found, pick=result.pick, same=same)):
        if number % STEP == 0:
            watch.step("Planning", number)
        result.counts[planned.action] += 1
        if planned.change is not None:
            result.changes.append(planned)


def _safety(ws: Workspace, held: Hold, watch: Watch) -> BackupSet:
    try:
        return write_set(ws, held, trigger="pre_restore", watch=watch)
    except Cancelled:
        raise
    except BackupError as error:
        raise RestoreStopped(f"the safety backup could not be made. {error.message}", hint=error.hint) from error


def _weakness(held: Hold) -> tuple[str, ...]:
    if held.capabilities.transactions or not held.capabilities.commands:
        return ()
    return ("This server has no transactions: another person's change of 5 to 5.0 would not be noticed",)


def _note_for_undo(ws: Workspace, held: Hold, writing: Sequence[Merged], safety: BackupSet, actor: str) -> None:
    """Before anything is written, so that Undo also takes back a merge that was killed half-way."""
    backup = writing[0].plan.backup
    journal.note(
        held.need_database(), kind="merge",
        keys={merged.plan.key: ws.source(merged.plan.key).collection for merged in writing},
        backup_id=backup.backup_id, label=backup.label, safety=safety.backup_id, actor=actor, now=ws.clock(),
    )


def _apply(ws: Workspace, held: Hold, merged: Merged, watch: Watch, *, earlier: int) -> None:
    """Write one collection; ``earlier`` records of others have been merged before."""
    collection: Collection[dict[str, Any]] = held.need_database()[ws.source(merged.plan.key).collection]
    changes = merged.plan.changes
    wanted = iter(changes)

    def committed(_: object, batch: list[Applied]) -> None:
        held.check()

    applied = guarded.apply_each(
        collection, _changes(changes), also=committed, bypass_validation=True, watch=watch, total=len(changes)
    )
    try:
        for number, one in enumerate(applied, 1):
            _note(merged, next(wanted), one)
            if number % 1000 == 0:
                failpoints.reach("M3")
    except BackupError as error:
        raise _interrupted(held, earlier + merged.inserted + merged.updated, error) from error


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
    hint = "Merge again to finish, or use Undo."
    certain = held.capabilities.transactions and not isinstance(error, DatabaseUnreachable)
    if isinstance(error, Cancelled):
        return Cancelled(f"{done:,} records were merged before", hint=hint) if done else error
    if not done and certain:
        return RestoreStopped(error.message, hint=error.hint)
    return RestoreIncomplete(f"{done:,} records were merged, then: {error.message}", hint=hint)


@dataclass
class _Proof:
    """Proves on the way that what is read is what was saved: the digest of the content, where there is one."""

    side: RecordStream
    part: Part
    total: int = 0
    records: int = 0

    def batches(self) -> Iterator[Batch]:
        """Hand the batches on, summing the digests of their documents."""
        for batch in self.side.batches:
            for document in raw.documents_of(batch):
                self.total += digest(document)
                self.records += 1
            yield batch

    def check(self, backup: BackupSet) -> tuple[str, ...]:
        """Raise ``VerificationFailed`` when it was something else; say it when a legacy set has another count.

        Such a set has no digest, and its readable rows can do no harm in a merge.
        """
        if self.side.textual:
            if self.records == self.part.records:
                return ()
            return (f"{self.part.file} holds {self.records:,} rows, its metadata says {self.part.records:,}",)
        if (self.records, digest_hex(self.total)) != (self.part.records, self.part.content_sha256):
            raise VerificationFailed(f"{self.part.file} of backup {backup.label} does not hold what was saved")
        return ()
