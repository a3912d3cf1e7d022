"""Backups, restores, merges and undos as what is asked for: they can be done here, or handed to another process."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar

from backup_engine import api
from backup_engine.api import BackupSet, Watch
from equipment.restores import numbers

__all__ = ["Counts", "Create", "Merge", "Replace", "Undo", "Work"]

Counts = Mapping[str, Mapping[Any, int]]


@dataclass(frozen=True)
class Work:
    """Something to do with the list and its backups."""

    action: ClassVar[str]
    """What the role must allow."""
    verb: ClassVar[str]
    """What the engine calls it, where it counts how such things end."""
    noun: ClassVar[str]

    @property
    def size(self) -> int:
        """How many records it puts into the list; 0 for a backup, which leaves it as it is."""
        return 0

    def run(self, ws: api.Workspace, actor: str, watch: Watch) -> Any:
        """Do it. Raises what the engine's verb raises."""
        raise NotImplementedError


@dataclass(frozen=True)
class Create(Work):
    """A backup; gives ``Created``."""

    action, verb, noun = "backup.create", "backup.create", "backup"
    options: Mapping[str, Any] = field(default_factory=dict)
    """Those of ``api.create``."""

    def run(self, ws: api.Workspace, actor: str, watch: Watch) -> api.Created:
        """Make it."""
        return api.create(ws, watch=watch, **self.options)


@dataclass(frozen=True)
class _OfSet(Work):
    """What is done with a set."""

    backup: BackupSet

    @property
    def size(self) -> int:
        """All of its records, whichever of them are wanted: they are read."""
        return sum(self.backup.counts.values())


@dataclass(frozen=True)
class Replace(_OfSet):
    """A replace restore of these collections, if the list is as ``expected`` says (``numbers``); gives ``Done``."""

    action, verb, noun = "backup.replace", "backup.replace", "restore"
    keys: tuple[str, ...]
    expected: Counts = field(default_factory=dict)
    foreign: bool = False

    def run(self, ws: api.Workspace, actor: str, watch: Watch) -> numbers.Done:
        """Count what it changes, and do it."""
        counts = numbers.compared(ws, self.backup, self.keys, self.expected, watch)
        plan = api.plan_replace(ws, self.backup, self.keys, foreign=self.foreign, watch=watch)
        plan = replace(plan, counted=numbers.for_journal(counts))
        return numbers.replaced(self.backup, api.replace(ws, plan, actor=actor, watch=watch), counts)


@dataclass(frozen=True)
class Merge(_OfSet):
    """A merge restore of what is picked by collection key (None: all); gives ``Done``."""

    action, verb, noun = "backup.merge", "backup.merge", "merge"
    picks: Mapping[str, api.Pick | None]
    foreign: bool = False

    def run(self, ws: api.Workspace, actor: str, watch: Watch) -> numbers.Done:
        """Plan and write it."""
        plans = [api.plan_merge(ws, self.backup, key, pick=pick, foreign=self.foreign, watch=watch)
                 for key, pick in self.picks.items()]
        return numbers.merged(self.backup, self.picks, api.merge_all(ws, plans, actor=actor, watch=watch))


@dataclass(frozen=True)
class Undo(_OfSet):
    """The last restore taken back, if the set is still what that would bring; gives ``Done``."""

    action, verb, noun = "backup.replace", "backup.undo", "undo"
    keys: tuple[str, ...]
    expected: Counts = field(default_factory=dict)

    def run(self, ws: api.Workspace, actor: str, watch: Watch) -> numbers.Done:
        """Count what it changes, and do it."""
        counts = numbers.compared(ws, self.backup, self.keys, self.expected, watch)
        answer = api.undo(ws, actor=actor, expected=self.backup.backup_id, watch=watch,
                          counted=numbers.for_journal(counts))
        return numbers.replaced(self.backup, answer, counts)
