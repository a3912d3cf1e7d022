"""What a merge would do and what it did, in numbers and in words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from backup_engine.errors import RestoreStopped
from backup_engine.model import BackupSet
from backup_engine.records import raw
from backup_engine.records.changes import Status
from backup_engine.records.frames import frame
from backup_engine.records.planner import FieldChange, Pick, Planned
from backup_engine.records.spool import Spool

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Extent", "MergePlan", "Merged", "Outcome", "extent_of", "message_of"]

Extent = Literal["all", "partly", "nothing"]
"""How much of its plan a merge did; ``nothing`` only where something was refused or left alone."""
OPENINGS: dict[Extent, str] = {
    "all": "Merge completed", "partly": "Merge completed, but not all of it", "nothing": RestoreStopped.opening,
}


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
        lines = [
            (planned.identity, planned.action, raw.name_text(change.name), raw.element_text(change.before),
             raw.element_text(change.after))
            for planned in self.changes.page(0, limit) for change in planned.fields
        ]
        return frame(lines[:limit], ["record", "action", "field", "now", "new"])


@dataclass(frozen=True)
class Outcome:
    """What became of one planned change. ``fields`` tell before and after; of a conflict: now and wished."""

    identity: str
    status: Status
    fields: Sequence[FieldChange]
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
    def written(self) -> int:
        """Records that were added or changed."""
        return self.inserted + self.updated

    @property
    def left(self) -> int:
        """Records that were to be added or changed and were not."""
        return self.conflicts + self.refused

    @property
    def extent(self) -> Extent:
        """How much of the plan was done."""
        return extent_of([self])

    @property
    def numbers(self) -> str:
        """What became of how many records, those that were not written first."""
        words = [f"{self.refused:,} refused"] if self.refused else []
        words += [f"{self.conflicts:,} changed by someone else meanwhile and left alone"] if self.conflicts else []
        words += [f"{self.inserted:,} added", f"{self.updated:,} changed", f"{self.unchanged:,} unchanged"]
        words += [f"{self.skipped:,} not picked"] if self.skipped else []
        return ", ".join(words)

    @property
    def message(self) -> str:
        """One sentence for people."""
        return message_of([self])


def extent_of(done: Sequence[Merged]) -> Extent:
    """How much of the plans for several collections was done."""
    if not any(merged.left for merged in done):
        return "all"
    return "partly" if any(merged.written for merged in done) else "nothing"


def message_of(done: Sequence[Merged]) -> str:
    """Say what became of several collections; the first words tell whether it is all of it."""
    numbers = [merged.numbers if len(done) == 1 else f"{merged.plan.key}: {merged.numbers}" for merged in done]
    warnings = dict.fromkeys(f"{warning[:1].upper()}{warning[1:]}" for merged in done for warning in merged.warnings)
    return ". ".join((f"{OPENINGS[extent_of(done)]}: {'; '.join(numbers)}", *warnings)) + "."
