"""Deciding what a merge would do: backup and live collection are read once, record by record."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from backup_engine.errors import BadInput, VerificationFailed
from backup_engine.merging.outcome import MergePlan
from backup_engine.model import SILENT, BackupSet, Batch, Part, Watch
from backup_engine.mongo import kinds
from backup_engine.records import expiry, raw
from backup_engine.records.content_sum import EMPTY, Content
from backup_engine.records.expiry import Tally
from backup_engine.records.live_profile import LiveProfile
from backup_engine.records.matching import pairs
from backup_engine.records.planner import Pick, Same, exactly, plan_pairs
from backup_engine.records.text import same_text
from backup_engine.repository import contents, record_stream
from backup_engine.repository.record_stream import RecordStream
from backup_engine.workspace import Workspace

__all__ = ["decide"]

STEP = 10_000
"""Records between two reports of progress."""


def decide(ws: Workspace, backup: BackupSet, key: str, *, pick: Pick | None = None, watch: Watch = SILENT) -> MergePlan:
    """Decide what merging one collection of a sound backup would do; nothing is written.

    Raises ``VerificationFailed`` when what is read is not what was saved, ``DatabaseUnreachable``, and ``BadInput``
    when records of a legacy set cannot be told apart.
    """
    like = record_stream.profile_of(ws, record_stream.CURRENT, key, watch) if backup.state == "legacy" else None
    identity = "_id" if like is None else _recognised_by(ws, backup, key, like, watch)
    result = MergePlan(backup, key, identity, pick)
    if like is not None:
        result.decisions = tuple(contents.decisions(ws, backup, key, like, watch=watch))
    saved = record_stream.of_backup(ws, backup, key, like=like, watch=watch)
    proof = _Proof(saved, backup.parts[key])
    with record_stream.of_current(ws, key) as live:
        kinds.refuse(ws.source(key).collection, live.options or {})
        _compare(result, proof.batches(), live, same_text if saved.textual else exactly, watch)
        tally = Tally(expiry.rules(live.indexes or (), live.options or {}), ws.clock())
    result.warnings = proof.check(backup) + _expiring(tally, result, ws.source(key).collection)
    return result


def _expiring(tally: Tally, plan: MergePlan, name: str) -> tuple[str, ...]:
    """Say how many of the records that would be written MongoDB deletes at once."""
    if tally.rules:
        written = (planned.change.after for planned in plan.changes if planned.change is not None)
        for _ in tally.over(document for document in written if document is not None):
            pass
    return tally.sentences(name)


def _recognised_by(ws: Workspace, backup: BackupSet, key: str, like: LiveProfile, watch: Watch) -> str:
    identity = record_stream.legacy_identity(ws, backup, key, like, watch)
    if identity is None and like.fields:  # in an empty list nothing can be doubled
        raise BadInput(
            f"The records of backup {backup.label} carry no _id, and none of uuid, ID, Serial or index is filled and "
            "unique both there and in the current list, so a merge could make doubles. Fill one of them in the list, "
            "or use Replace."
        )
    return identity or "_id"


def _compare(result: MergePlan, saved: Iterator[Batch], live: RecordStream, same: Same, watch: Watch) -> None:
    paired = pairs(saved, live.batches)
    for number, planned in enumerate(plan_pairs(paired, pick=result.pick, same=same)):
        if number % STEP == 0:
            watch.step("Planning", number)
        result.counts[planned.action] += 1
        if planned.change is not None:
            result.changes.append(planned)


@dataclass
class _Proof:
    """Proves on the way that what is read is what was saved: the digest of the content, where there is one."""

    stream: RecordStream
    part: Part
    content: Content = EMPTY

    def batches(self) -> Iterator[Batch]:
        """Hand the batches on, summing the digests of their documents."""
        for batch in self.stream.batches:
            self.content += Content.of(raw.documents_of(batch))
            yield batch

    def check(self, backup: BackupSet) -> tuple[str, ...]:
        """Raise ``VerificationFailed`` when it was something else; say it when a legacy set has another count.

        Such a set has no digest, and its readable rows can do no harm in a merge.
        """
        if self.stream.textual:
            if self.content.records == self.part.records:
                return ()
            return (f"{self.part.file} holds {self.content.records:,} rows, its metadata says {self.part.records:,}",)
        if not self.content.matches(self.part):
            raise VerificationFailed(f"{self.part.file} of backup {backup.label} does not hold what was saved")
        return ()
