"""Bring back what a backup has and keep everything else.

``plan`` reads the backup and the live collection once and decides record by record; ``merge`` makes a safety backup
and applies exactly that plan. A record somebody changed after the plan is a conflict and is not overwritten. Planning
and merging again after a crash gives the state of an undisturbed run; merging twice changes nothing the second time.
"""

from __future__ import annotations

from collections.abc import Sequence

from backup_engine import failpoints
from backup_engine.deeds import told
from backup_engine.errors import BackupError, Cancelled, RestoreStopped
from backup_engine.keys import safety as safety_keys
from backup_engine.locking.locks import Hold, hold
from backup_engine.making.write_set import write_set
from backup_engine.merging import planning, writing
from backup_engine.merging.outcome import Merged, MergePlan, Outcome, extent_of, message_of
from backup_engine.model import SILENT, BackupSet, Watch
from backup_engine.ownership import lookup
from backup_engine.records.planner import Pick
from backup_engine.replacing import journal, recovery
from backup_engine.verify import require
from backup_engine.workspace import Workspace

__all__ = ["MergePlan", "Merged", "Outcome", "Pick", "extent_of", "merge", "merge_all", "message_of", "plan"]


def plan(
    ws: Workspace, backup: BackupSet, key: str, *, pick: Pick | None = None, foreign: bool = False,
    watch: Watch = SILENT,
) -> MergePlan:
    """Decide what merging one collection of a backup would do; nothing is written.

    Raises ``VerificationFailed`` and its kin when the backup is not sound, ``DatabaseUnreachable``, and ``BadInput``
    when records of a legacy set cannot be told apart. A set of another database raises ``ForeignBackup`` unless
    ``foreign`` says that it is meant.
    """
    lookup.require_own(ws, ws.connect(), backup, foreign=foreign)
    require(ws, backup, 1, keys=[key], watch=watch)
    return planning.decide(ws, backup, key, pick=pick, watch=watch)


def merge(ws: Workspace, plan: MergePlan, *, actor: str = "", watch: Watch = SILENT) -> Merged:
    """Make the changes of the plan, after a safety backup that Undo brings back.

    Raises ``RestoreStopped`` when nothing was changed, ``RestoreIncomplete`` when something was and then a problem
    came; merging again finishes it. ``Busy`` when another operation runs.
    """
    return merge_all(ws, (plan,), actor=actor, watch=watch)[0]


@told("backup.merge")
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
        changing = [merged for merged in results if merged.plan.changes]
        if not changing:  # no safety set and no entry: Undo stays with the last restore that changed something
            return results
        safety = _safety(ws, held, watch)
        entry = _note_for_undo(ws, held, changing, safety, actor)
        failpoints.reach("M2")
        done = 0
        for merged in changing:
            merged.safety = safety
            writing.write(ws, held, merged, watch, earlier=done)
            done += merged.written
        counted = {merged.plan.key: {"added": merged.inserted, "removed": 0, "changed": merged.updated}
                   for merged in changing}
        # where every record was refused, too, Undo stays with the last restore
        journal.advance(held.need_database(), entry, changed=done > 0, counted=counted)
        if done:
            safety_keys.forget_others(ws, safety)
    failpoints.reach("M4")
    return results


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


def _note_for_undo(
    ws: Workspace, held: Hold, changing: Sequence[Merged], safety: BackupSet, actor: str
) -> journal.Entry:
    """Before anything is written, so that Undo also takes back a merge that was killed half-way."""
    backup = changing[0].plan.backup
    return journal.note(
        held.need_database(), kind="merge",
        keys={merged.plan.key: ws.source(merged.plan.key).collection for merged in changing},
        backup_id=backup.backup_id, label=backup.label, safety=safety.backup_id, actor=actor, now=ws.clock(),
    )
