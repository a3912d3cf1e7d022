"""What a merge would do and what it did, in numbers and in words."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from backup_engine.model import BackupSet
from backup_engine.records import raw
from backup_engine.records.changes import Status
from backup_engine.records.planner import FieldChange, Pick, Planned
from backup_engine.records.spool import Spool

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["MergePlan", "Merged", "Outcome"]


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
    status: Status
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
        return ". ".join((words, *(f"{warning[:1].upper()}{warning[1:]}" for warning in self.warnings))) + "."
